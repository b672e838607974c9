//! Serves the web page from the API's address, as the template's distribution does.

use std::path::Path;

use axum::Router;
use axum::http::HeaderValue;
use axum::http::header::{self, HeaderName};
use sluice_contracts::route::ROUTES;
use tower_http::services::ServeDir;
use tower_http::set_header::SetResponseHeaderLayer;

use crate::Error;

/// Fails if no page has been built in `folder`.
pub(crate) fn require(folder: &Path) -> Result<(), Error> {
    if folder.join("index.html").is_file() {
        Ok(())
    } else {
        Err(Error::PageMissing { folder: folder.to_owned() })
    }
}

/// The page in `folder`, under the deployment's `Content-Security-Policy`.
pub(crate) fn router(folder: &Path, security_policy: &str) -> Result<Router, Error> {
    let security_policy = HeaderValue::try_from(security_policy).map_err(Error::call("serving the page"))?;
    let fixed = HeaderValue::from_static;
    let headers = [
        (header::CONTENT_SECURITY_POLICY, security_policy),
        (header::X_CONTENT_TYPE_OPTIONS, fixed("nosniff")),
        (header::X_FRAME_OPTIONS, fixed("DENY")),
        (header::REFERRER_POLICY, fixed("no-referrer")),
        (HeaderName::from_static("cross-origin-opener-policy"), fixed("same-origin")),
        // A newly built page must show at once.
        (header::CACHE_CONTROL, fixed("no-cache")),
    ];
    let files = Router::new().fallback_service(ServeDir::new(folder));
    Ok(headers
        .into_iter()
        .fold(files, |files, (name, value)| files.layer(SetResponseHeaderLayer::overriding(name, value))))
}

/// Whether a path belongs to the page rather than to the API.
pub(crate) fn serves(path: &str) -> bool {
    let first_segment = |path: &str| path.trim_start_matches('/').split('/').next().map(str::to_owned);
    let requested = first_segment(path);
    ROUTES.iter().all(|route| first_segment(route.path) != requested)
}

#[cfg(test)]
mod tests {
    use super::serves;

    #[test]
    fn a_path_outside_the_api_belongs_to_the_page() {
        for path in ["/", "/index.html", "/assets/index.js", "/filesystem"] {
            assert!(serves(path), "{path}");
        }
        for path in [
            "/files",
            "/files/01/content",
            "/accounts/me",
            "/uploads",
            "/sessions/current",
            "/webhooks/store-events",
        ] {
            assert!(!serves(path), "{path}");
        }
    }
}
