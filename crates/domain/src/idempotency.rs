//! Models what is remembered of a call with an idempotency key, so that a repeat gets the first answer.

use serde::{Deserialize, Serialize};
use std::time::Duration;

use crate::hash::Sha256;
use crate::id::{FileId, UploadId, VersionId};
use crate::path::FilePath;

/// How long a call is remembered, at least.
pub const CALL_MEMORY: Duration = Duration::from_hours(24);

/// A call with an idempotency key that had its effect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RememberedCall {
    /// SHA-256 of account and idempotency key.
    pub key_sha256: Sha256,
    /// SHA-256 of the request. It tells a repeat from another request with the same key.
    pub request_sha256: Sha256,
    /// What the call did.
    pub effect: Effect,
    /// Until when a repeat is recognised, in seconds since 1970. `DynamoDB` deletes the row some time later.
    pub expires_at: u64,
}

/// What a call did, as far as its answer needs it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// It made this version, or found it as it was to be.
    Version(AnsweredVersion),
    /// It began this upload.
    Upload(UploadId),
}

/// A version as an answer showed it. A version that is final does not change, but its file may be renamed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnsweredVersion {
    /// The file.
    pub file_id: FileId,
    /// The version.
    pub version_id: VersionId,
    /// The path that the file had then.
    pub path: FilePath,
}
