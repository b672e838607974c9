//! Builds the answer to a call.

use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use serde::Serialize;
use sluice_contracts::problem::{Code, PROBLEM_JSON, Problem};
use sluice_storage::Chain;

use crate::failure::Failure;

/// The answer to a call.
pub struct Reply {
    status: StatusCode,
    headers: Vec<(HeaderName, String)>,
    /// The bytes and their media type.
    body: Option<(Vec<u8>, &'static str)>,
}

impl std::fmt::Debug for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Headers and body may hold a session's token or presigned URLs.
        f.debug_struct("Reply").field("status", &self.status).finish_non_exhaustive()
    }
}

impl Reply {
    /// An answer with a JSON body.
    pub fn json(status: StatusCode, body: &impl Serialize) -> Result<Self, Failure> {
        let body = serde_json::to_vec(body).map_err(|error| {
            tracing::error!(error = %Chain(&error), "an answer could not be written");
            Failure::new(Code::Internal, "the answer could not be written")
        })?;
        Ok(Self { status, headers: Vec::new(), body: Some((body, "application/json")) })
    }

    /// An answer without a body.
    pub fn empty(status: StatusCode) -> Self {
        Self { status, headers: Vec::new(), body: None }
    }

    #[must_use]
    pub fn header(mut self, name: HeaderName, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub fn status(&self) -> StatusCode {
        self.status
    }

    pub fn body(&self) -> &[u8] {
        self.body.as_ref().map_or(&[], |(bytes, _)| bytes)
    }

    /// The problem details of a failed call.
    pub fn problem(failure: &Failure, request_id: &str) -> Self {
        let field = failure.field.clone();
        let problem = Problem { field, ..Problem::new(failure.code, &failure.detail, request_id) };
        let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&problem).unwrap_or_default();
        let reply = Self { status, headers: Vec::new(), body: Some((body, PROBLEM_JSON)) };
        match (failure.code, failure.retry_after_seconds) {
            (Code::Unauthenticated | Code::WrongCredentials, _) => {
                reply.header(header::WWW_AUTHENTICATE, "Bearer")
            }
            (_, Some(seconds)) => reply.header(header::RETRY_AFTER, seconds.to_string()),
            _ => reply,
        }
    }

    /// The answer as an HTTP response that no cache may store, whose type no browser may guess, and after
    /// which browsers use TLS only (for a year; they ignore it over plain HTTP).
    ///
    /// # Errors
    /// If a header's value cannot be sent.
    pub fn into_response(self) -> Result<Response<Vec<u8>>, http::Error> {
        let mut response = Response::builder()
            .status(self.status)
            .header(header::CACHE_CONTROL, "no-store")
            .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
            .header(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000");
        for (name, value) in self.headers {
            response = response.header(name, HeaderValue::from_str(&value)?);
        }
        match self.body {
            Some((body, media_type)) => response.header(header::CONTENT_TYPE, media_type).body(body),
            None => response.body(Vec::new()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Reply;
    use crate::failure::Failure;
    use http::StatusCode;
    use sluice_contracts::problem::Code;

    #[test]
    fn browsers_guess_no_type_and_stay_with_tls() {
        let problem = Reply::problem(&Failure::new(Code::Internal, "a detail"), "a-request");
        for reply in [Reply::empty(StatusCode::NO_CONTENT), problem] {
            let response = reply.into_response().expect("a response");
            assert_eq!(response.headers()["x-content-type-options"], "nosniff");
            assert_eq!(response.headers()["strict-transport-security"], "max-age=31536000");
        }
    }
}
