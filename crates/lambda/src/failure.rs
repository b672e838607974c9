//! Maps errors to the answers that clients see.

use sluice_contracts::problem::Code;
use sluice_storage::{ErrorKind, StorageError};

/// Why a call failed, as the client sees it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {detail}", code.as_str())]
pub struct Failure {
    pub code: Code,
    /// What was wrong and what to do about it. The client sees it.
    pub detail: String,
    /// After how many seconds the client may repeat the call, if that is known.
    pub retry_after_seconds: Option<u64>,
}

impl Failure {
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), retry_after_seconds: None }
    }

    #[must_use]
    pub fn retry_after(self, seconds: u64) -> Self {
        Self { retry_after_seconds: Some(seconds), ..self }
    }

    pub fn invalid(detail: impl std::fmt::Display) -> Self {
        Self::new(Code::InvalidRequest, detail.to_string())
    }

    /// The account has no such thing. The answer does not reveal whether another account has it.
    pub fn not_found(what: &str) -> Self {
        Self::new(Code::NotFound, format!("there is no such {what}"))
    }
}

impl From<StorageError> for Failure {
    /// Maps the kind of an error to a code. The service's own message only goes to the log.
    fn from(error: StorageError) -> Self {
        match error.kind {
            ErrorKind::Conflict => {
                Self::new(Code::Conflict, "another call changed it at the same time; repeat the call")
            }
            ErrorKind::Throttled => {
                Self::new(Code::TooManyRequests, "repeat the call after a pause").retry_after(1)
            }
            ErrorKind::Unavailable => {
                tracing::warn!(%error, "a service did not answer");
                Self::new(Code::Unavailable, "repeat the call after a pause").retry_after(1)
            }
            ErrorKind::NotFound | ErrorKind::Fault => {
                tracing::error!(%error, "a call failed");
                Self::new(Code::Internal, "the logs have the cause under the request id")
            }
        }
    }
}
