//! The web page's files, as the template's distribution serves them: under one name with the API.

use std::path::Path;

use hyper::{
    Request,
    body::Incoming,
    header::{self, HeaderName, HeaderValue},
};
use sluice_contracts::route::ROUTES;
use tower::Service as _;
use tower_http::services::ServeDir;

use crate::{
    Error,
    proxy::{Answer, boxed},
};

/// The built page and what is said with every file of it.
#[derive(Clone)]
pub(crate) struct PageFiles {
    files: ServeDir,
    headers: [(HeaderName, HeaderValue); 6],
}

/// Makes sure that a page has been built in `folder`.
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
                // A rebuilt page shows at once.
                (header::CACHE_CONTROL, fixed("no-cache")),
            ],
        })
    }

    /// Whether a path is the page's rather than the API's.
    pub(crate) fn has(path: &str) -> bool {
        let first =
            |path: &str| path.trim_start_matches('/').split('/').next().unwrap_or_default().to_owned();
        let asked = first(path);
        ROUTES.iter().all(|route| first(route.path) != asked)
    }

    /// Answers a request for a file.
    pub(crate) async fn serve(&self, request: Request<Incoming>) -> Answer {
        let Ok(served) = self.files.clone().call(request).await;
        let mut response: Answer = served.map(boxed);
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
    fn what_is_no_call_is_the_pages() {
        for path in ["/", "/index.html", "/assets/index.js", "/filesystem"] {
            assert!(PageFiles::has(path), "{path}");
        }
        for path in [
            "/files",
            "/files/01/content",
            "/accounts/me",
            "/uploads",
            "/sessions/current",
            "/webhooks/store-events",
        ] {
            assert!(!PageFiles::has(path), "{path}");
        }
    }
}
