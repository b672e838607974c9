//! What an error of a store, a table or a queue means.

use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use std::fmt;

/// An operation of this crate failed.
#[derive(Debug, thiserror::Error)]
#[error("{operation}: {message}")]
pub struct StorageError {
    /// What it means for the caller.
    pub kind: ErrorKind,
    /// Which operation, for the log.
    pub operation: &'static str,
    /// The service's own code and words. Holds no URL and no token.
    pub message: String,
}

/// What a [`StorageError`] means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The object or multipart upload is not there.
    NotFound,
    /// A condition did not hold: somebody else moved first.
    Conflict,
    /// Too much at once; the same call may succeed later.
    Throttled,
    /// The service did not answer, or not in time; the same call may succeed later.
    Unavailable,
    /// The service refused the call, or answered with what should not be there; no repeat will help.
    Fault,
}

impl ErrorKind {
    /// The kind as a stable word, for logs and dead letters.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::Conflict => "conflict",
            Self::Throttled => "throttled",
            Self::Unavailable => "unavailable",
            Self::Fault => "fault",
        }
    }

    /// Whether the same call may succeed later.
    pub fn is_transient(self) -> bool {
        matches!(self, Self::Conflict | Self::Throttled | Self::Unavailable)
    }
}

impl StorageError {
    pub(crate) fn fault(operation: &'static str, message: impl fmt::Display) -> Self {
        Self { kind: ErrorKind::Fault, operation, message: message.to_string() }
    }

    pub(crate) fn conflict(operation: &'static str, message: impl fmt::Display) -> Self {
        Self { kind: ErrorKind::Conflict, operation, message: message.to_string() }
    }

    /// Something on the way did not work this time.
    pub fn unavailable(operation: &'static str, message: impl fmt::Display) -> Self {
        Self { kind: ErrorKind::Unavailable, operation, message: message.to_string() }
    }

    /// Interprets an SDK's error.
    pub(crate) fn from_sdk<E>(operation: &'static str, error: &SdkError<E>) -> Self
    where
        E: ProvideErrorMetadata + fmt::Debug,
    {
        let status = error.raw_response().map_or(0, |response| response.status().as_u16());
        let (kind, message) = match error {
            SdkError::ServiceError(service) => {
                let code = service.err().code().unwrap_or("no code");
                let text = service.err().message().unwrap_or("no message");
                (kind_of(code, status), format!("{code}: {text} (status {status})"))
            }
            SdkError::TimeoutError(_) => (ErrorKind::Unavailable, "timed out".to_owned()),
            SdkError::DispatchFailure(_) => (ErrorKind::Unavailable, "no connection".to_owned()),
            SdkError::ResponseError(_) => {
                (ErrorKind::Unavailable, format!("broken answer (status {status})"))
            }
            _ => (ErrorKind::Fault, "the request could not be built".to_owned()),
        };
        Self { kind, operation, message }
    }
}

/// The one table from an AWS error code to its meaning; codes that name nothing special go by the status.
fn kind_of(code: &str, status: u16) -> ErrorKind {
    match code {
        // A wrong setting must not read as a missing object.
        "NoSuchBucket" | "NotImplemented" => ErrorKind::Fault,
        "NoSuchKey" | "NoSuchUpload" | "NotFound" => ErrorKind::NotFound,
        "ConditionalCheckFailedException"
        | "TransactionConflictException"
        | "TransactionInProgressException"
        | "PreconditionFailed"
        | "FileAlreadyExists"
        | "ConditionalRequestConflict" => ErrorKind::Conflict,
        "ProvisionedThroughputExceededException"
        | "RequestLimitExceeded"
        | "ThrottlingException"
        | "Throttling"
        | "RequestThrottled"
        | "SlowDown"
        | "TooManyRequestsException" => ErrorKind::Throttled,
        // The body was damaged on its way.
        "BadDigest" | "XAmzContentChecksumMismatch" => ErrorKind::Unavailable,
        "InternalError" | "InternalServerError" | "ServiceUnavailable" | "RequestTimeout" => {
            ErrorKind::Unavailable
        }
        _ => match status {
            404 => ErrorKind::NotFound,
            412 => ErrorKind::Conflict,
            429 => ErrorKind::Throttled,
            501 => ErrorKind::Fault,
            500.. => ErrorKind::Unavailable,
            _ => ErrorKind::Fault,
        },
    }
}
