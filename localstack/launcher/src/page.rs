//! Serves the web page from the API's address, as the template's distribution does.

use std::path::Path;

use hyper::Request;
use hyper::body::Incoming;
use hyper::header::{self, HeaderName, HeaderValue};
use sluice_contracts::route::ROUTES;
use tower::Service as _;
use tower_http::services::ServeDir;

use crate::Error;
use crate::response::{BoxedResponse, boxed};

/// The files of the built page, and the headers that every one is served with.
#[derive(Clone)]
pub(crate) struct PageFiles {
    files: ServeDir,
    headers: [(HeaderName, HeaderValue); 6],
}

/// Fails if no page has been built in `folder`.
pub(crate) fn require(folder: &Path) -> Result<(), Error> {
    if folder.join("index.html").is_file() {
        Ok(())
    } else {
        Err(Error::PageMissing { folder: folder.to_owned() })
    }
}

impl PageFiles {
    /// The page in `folder`, under the deployment's `Content-Security-Policy`.
    pub(crate) fn new(folder: &Path, security_policy: &str) -> Result<Self, Error> {
        let security_policy =
            HeaderValue::try_from(security_policy).map_err(Error::call("serving the page"))?;
        let fixed = HeaderValue::from_static;
        Ok(Self {
            files: ServeDir::new(folder),
            headers: [
                (header::CONTENT_SECURITY_POLICY, security_policy),
                (header::X_CONTENT_TYPE_OPTIONS, fixed("nosniff")),
                (header::X_FRAME_OPTIONS, fixed("DENY")),
                (header::REFERRER_POLICY, fixed("no-referrer")),
                (HeaderName::from_static("cross-origin-opener-policy"), fixed("same-origin")),
                // A newly built page must show at once.
                (header::CACHE_CONTROL, fixed("no-cache")),
            ],
        })
    }

    /// Whether a path belongs to the page rather than to the API.
    pub(crate) fn serves(path: &str) -> bool {
        let first_segment =
            |path: &str| path.trim_start_matches('/').split('/').next().unwrap_or_default().to_owned();
        let requested = first_segment(path);
        ROUTES.iter().all(|route| first_segment(route.path) != requested)
    }

    pub(crate) async fn serve(&self, request: Request<Incoming>) -> BoxedResponse {
        let Ok(served) = self.files.clone().call(request).await;
        let mut response: BoxedResponse = served.map(boxed);
        for (name, value) in &self.headers {
            response.headers_mut().insert(name, value.clone());
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::PageFiles;

    #[test]
    fn a_path_outside_the_api_belongs_to_the_page() {
        for path in ["/", "/index.html", "/assets/index.js", "/filesystem"] {
            assert!(PageFiles::serves(path), "{path}");
        }
        for path in [
            "/files",
            "/files/01/content",
            "/accounts/me",
            "/uploads",
            "/sessions/current",
            "/webhooks/store-events",
        ] {
            assert!(!PageFiles::serves(path), "{path}");
        }
    }
}
