//! Builds error answers.

use http::StatusCode;
use quick_xml::escape::escape;

/// An error answer in S3's XML.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    pub status: StatusCode,
    pub code: String,
    pub message: String,
}

impl Failure {
    pub(crate) fn new(status: StatusCode, code: &str, message: impl Into<String>) -> Self {
        Self { status, code: code.to_owned(), message: message.into() }
    }

    pub(crate) fn bad(code: &str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    pub(crate) fn forbidden(code: &str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, code, message)
    }

    /// 400 `InvalidArgument`.
    pub(crate) fn invalid_argument(message: impl Into<String>) -> Self {
        Self::bad("InvalidArgument", message)
    }

    /// 501 `NotImplemented`, for calls that OSS's S3-compatible API does not have.
    pub(crate) fn not_implemented(what: &str) -> Self {
        let message = format!("{what} is not implemented by the S3-compatible API");
        Self::new(StatusCode::NOT_IMPLEMENTED, "NotImplemented", message)
    }

    /// 404 `NoSuchUpload`.
    pub(crate) fn no_such_upload() -> Self {
        let message = "the upload does not exist, or was completed or aborted";
        Self::new(StatusCode::NOT_FOUND, "NoSuchUpload", message)
    }

    /// 500, because the store behind the double did not answer, or not in XML.
    pub(crate) fn backing(error: &dyn std::error::Error) -> Self {
        let message = format!("no answer of the store behind the double: {error}");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "InternalError", message)
    }

    /// The failure for a status of the store without a body.
    pub(crate) fn from_status(status: StatusCode, of_object: bool) -> Self {
        let code = match status.as_u16() {
            304 => "NotModified",
            400 => "InvalidArgument",
            403 => "AccessDenied",
            404 if of_object => "NoSuchKey",
            404 => "NoSuchBucket",
            412 => "PreconditionFailed",
            416 => "InvalidRange",
            501 => "NotImplemented",
            503 => "ServiceUnavailable",
            _ => "InternalError",
        };
        Self::new(status, code, "the store behind the double refused")
    }

    /// The XML body of the answer.
    pub(crate) fn to_xml(&self, request_id: &str, host: &str) -> String {
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{}</Code><Message>{}</Message>\
             <RequestId>{request_id}</RequestId><HostId>{}</HostId></Error>",
            escape(&self.code),
            escape(&self.message),
            escape(host),
        )
    }
}

/// For an answer of the store that is not XML.
impl From<quick_xml::Error> for Failure {
    fn from(error: quick_xml::Error) -> Self {
        Self::backing(&error)
    }
}
