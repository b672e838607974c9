//! Maps errors to the answers that clients see.

use sluice_contracts::problem::Code;
use sluice_storage::{Chain, ErrorKind, StorageError};

/// Why a call failed, as the client sees it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {detail}", code.as_str())]
pub struct Failure {
    pub code: Code,
    /// What was wrong and what to do about it. The client sees it.
    pub detail: String,
    /// The field of the body that was wrong, if it is one.
    pub field: Option<String>,
    /// After how many seconds the client may repeat the call, if that is known.
    pub retry_after_seconds: Option<u64>,
}

/// The longest detail. Some details repeat what the client sent, such as an unknown field, however long it
/// is.
const DETAIL_MAX_CHARACTERS: usize = 500;

impl Failure {
    /// A detail beyond 500 characters is cut off.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self { code, detail: shortened(detail.into()), field: None, retry_after_seconds: None }
    }

    #[must_use]
    pub fn retry_after(self, seconds: u64) -> Self {
        Self { retry_after_seconds: Some(seconds), ..self }
    }

    /// Names the field of the body that was wrong.
    #[must_use]
    pub fn about(self, field: impl Into<String>) -> Self {
        Self { field: Some(shortened(field.into())), ..self }
    }

    pub fn invalid(detail: impl std::fmt::Display) -> Self {
        Self::new(Code::InvalidRequest, detail.to_string())
    }

    /// The account has no such thing. The answer does not reveal whether another account has it.
    pub fn not_found(what: &str) -> Self {
        Self::new(Code::NotFound, format!("there is no such {what}"))
    }
}

fn shortened(mut detail: String) -> String {
    if let Some((end, _)) = detail.char_indices().nth(DETAIL_MAX_CHARACTERS) {
        detail.truncate(end);
        detail.push('…');
    }
    detail
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
                tracing::warn!(error = %Chain(&error), "a service did not answer");
                Self::new(Code::Unavailable, "repeat the call after a pause").retry_after(1)
            }
            ErrorKind::NotFound | ErrorKind::Fault => {
                tracing::error!(error = %Chain(&error), "a call failed");
                Self::new(Code::Internal, "the logs have the cause under the request id")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_detail_repeats_a_bounded_part_of_a_request() {
        let name = "é".repeat(1 << 20);
        let failure = Failure::invalid(format_args!("unknown field `{name}`"));
        assert!(failure.detail.starts_with("unknown field `éé") && failure.detail.ends_with("é…"));
        assert_eq!(failure.detail.chars().count(), DETAIL_MAX_CHARACTERS + 1);
        let whole = "x".repeat(DETAIL_MAX_CHARACTERS);
        assert_eq!(Failure::new(Code::NotFound, &*whole).detail, whole);
    }
}
