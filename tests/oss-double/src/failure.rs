//! Failures of the double and of the store behind it.

use http::StatusCode;
use sluice_s3_protocol::Failure;

/// 400 `InvalidArgument`.
pub(crate) fn invalid_argument(message: impl Into<String>) -> Failure {
    Failure::bad("InvalidArgument", message)
}

/// 501 `NotImplemented`, for calls that OSS's S3-compatible API does not have.
pub(crate) fn not_implemented(what: &str) -> Failure {
    let message = format!("{what} is not implemented by the S3-compatible API");
    Failure::new(StatusCode::NOT_IMPLEMENTED, "NotImplemented", message)
}

/// 404 `NoSuchUpload`.
pub(crate) fn no_such_upload() -> Failure {
    let message = "the upload does not exist, or was completed or aborted";
    Failure::new(StatusCode::NOT_FOUND, "NoSuchUpload", message)
}

/// 500, because the store behind the double did not answer, or not in XML.
pub(crate) fn backing(error: &dyn std::error::Error) -> Failure {
    let message = format!("no answer of the store behind the double: {error}");
    Failure::new(StatusCode::INTERNAL_SERVER_ERROR, "InternalError", message)
}

/// The failure for a status of the store without a body.
pub(crate) fn from_status(status: StatusCode, of_object: bool) -> Failure {
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
    Failure::new(status, code, "the store behind the double refused")
}
