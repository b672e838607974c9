//! What a client is told when a call fails.

use sluice_contracts::problem::Code;
use sluice_storage::{ErrorKind, StorageError};

/// A failed call: the code, and words for this occurrence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {detail}", code.as_str())]
pub struct Failure {
    /// The stable code.
    pub code: Code,
    /// What was wrong and what to do about it; goes to the client.
    pub detail: String,
    /// When to repeat the call, in seconds, if that is known.
    pub retry_after_seconds: Option<u64>,
}

impl Failure {
    /// A failure with this code.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), retry_after_seconds: None }
    }

    /// The same, which says when to repeat the call.
    #[must_use]
    pub fn retry_after(self, seconds: u64) -> Self {
        Self { retry_after_seconds: Some(seconds), ..self }
    }

    /// The request is not valid.
    pub fn invalid(detail: impl std::fmt::Display) -> Self {
        Self::new(Code::InvalidRequest, detail.to_string())
    }

    /// The account has no such thing; whether another account has one is not said.
    pub fn not_found(what: &str) -> Self {
        Self::new(Code::NotFound, format!("there is no such {what}"))
    }
}

impl From<StorageError> for Failure {
    /// The one table from an error's kind to what a client is told. The service's own words stay in the log.
    fn from(error: StorageError) -> Self {
        match error.kind {
            ErrorKind::Conflict => {
                Self::new(Code::Conflict, "it changed while it was worked on; repeat the call")
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
                Self::new(Code::Internal, "the request id leads to the cause in the logs")
            }
        }
    }
}
