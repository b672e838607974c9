//! Interprets the errors of stores, tables and queues.

use aws_sdk_s3::error::{BoxError, ProvideErrorMetadata, SdkError};
use std::error::Error;

/// The failure of an operation on a store, a table or a queue.
#[derive(Debug, thiserror::Error)]
#[error("{operation}: {message}")]
pub struct StorageError {
    /// What the failure means for the caller.
    pub kind: ErrorKind,
    /// The operation, for the log.
    pub operation: &'static str,
    /// The service's own code and text. Holds no URL and no token.
    pub message: String,
    /// The error that caused this one. An SDK's response is not part of it, because that may hold a user's
    /// bytes.
    source: Option<BoxError>,
}

/// What a [`StorageError`] means for the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The object or multipart upload does not exist.
    NotFound,
    /// A condition did not hold, because another write came first.
    Conflict,
    /// The service limits the rate; the same call may succeed later.
    Throttled,
    /// The service did not answer, or not in time; the same call may succeed later.
    Unavailable,
    /// The service refused the call or gave an invalid answer; no retry will help.
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
    /// An error that no other error caused.
    pub(crate) fn new(kind: ErrorKind, operation: &'static str, message: impl Into<String>) -> Self {
        Self { kind, operation, message: message.into(), source: None }
    }

    fn caused_by(kind: ErrorKind, operation: &'static str, error: impl Into<BoxError>) -> Self {
        let error = error.into();
        Self { kind, operation, message: error.to_string(), source: Some(error) }
    }

    /// An error that no retry will mend.
    pub(crate) fn fault(operation: &'static str, error: impl Into<BoxError>) -> Self {
        Self::caused_by(ErrorKind::Fault, operation, error)
    }

    /// An error that may be gone when the operation is tried again.
    pub fn unavailable(operation: &'static str, error: impl Into<BoxError>) -> Self {
        Self::caused_by(ErrorKind::Unavailable, operation, error)
    }

    /// Interprets an SDK's error.
    pub(crate) fn from_sdk<E>(operation: &'static str, error: SdkError<E>) -> Self
    where
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    {
        let status = error.raw_response().map_or(0, |response| response.status().as_u16());
        let (kind, message) = match &error {
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
        Self { kind, operation, message, source: error.into_source().ok() }
    }
}

/// The meaning of an error code; of the status where the code says nothing special.
fn kind_of(code: &str, status: u16) -> ErrorKind {
    match code {
        // A wrong setting must not read as a missing object.
        "NoSuchBucket" | "NotImplemented" => ErrorKind::Fault,
        "NoSuchKey" | "NoSuchUpload" | "NotFound" => ErrorKind::NotFound,
        "ConditionalCheckFailedException" | "PreconditionFailed" | "FileAlreadyExists" => ErrorKind::Conflict,
        "ProvisionedThroughputExceededException"
        | "RequestLimitExceeded"
        | "ThrottlingException"
        | "Throttling"
        | "RequestThrottled"
        // The condition was not checked, because another request for the object or row was under way.
        | "ConditionalRequestConflict"
        | "TransactionConflictException"
        | "TransactionInProgressException"
        | "SlowDown"
        | "TooManyRequestsException" => ErrorKind::Throttled,
        // The body was damaged in transit.
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

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_s3::types::error::NoSuchKey;

    #[test]
    fn an_error_keeps_its_source_and_says_the_same_as_before() {
        let error = StorageError::unavailable("read", std::io::Error::other("broken pipe"));
        assert_eq!(error.to_string(), "read: broken pipe");
        assert!(error.source().is_some_and(<dyn Error>::is::<std::io::Error>));
        let error = StorageError::new(ErrorKind::Conflict, "publish", "the file kept changing");
        assert_eq!(error.to_string(), "publish: the file kept changing");
        assert!(error.source().is_none());
    }

    #[test]
    fn an_error_of_an_sdk_keeps_its_source_without_the_request() {
        let error = SdkError::<NoSuchKey>::timeout_error("after 5 s");
        let error = StorageError::from_sdk("s3:GetObject", error);
        assert_eq!(error.to_string(), "s3:GetObject: timed out");
        assert_eq!(error.source().map(ToString::to_string).as_deref(), Some("after 5 s"));
    }

    #[test]
    fn a_code_counts_more_than_the_status() {
        assert_eq!(kind_of("NoSuchBucket", 404), ErrorKind::Fault);
        assert_eq!(kind_of("NoSuchKey", 404), ErrorKind::NotFound);
        assert_eq!(kind_of("no code", 404), ErrorKind::NotFound);
        assert_eq!(kind_of("SlowDown", 503), ErrorKind::Throttled);
        assert_eq!(kind_of("ConditionalRequestConflict", 409), ErrorKind::Throttled);
        assert_eq!(kind_of("TransactionConflictException", 400), ErrorKind::Throttled);
        assert_eq!(kind_of("ConditionalCheckFailedException", 400), ErrorKind::Conflict);
        assert_eq!(kind_of("PreconditionFailed", 412), ErrorKind::Conflict);
        assert_eq!(kind_of("BadDigest", 400), ErrorKind::Unavailable);
        assert_eq!(kind_of("no code", 503), ErrorKind::Unavailable);
        assert_eq!(kind_of("AccessDenied", 403), ErrorKind::Fault);
    }
}
