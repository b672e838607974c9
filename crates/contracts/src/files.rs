//! Files, versions and lookups.

use serde::{Deserialize, Serialize};
use sluice_domain::hash::{Sha1, Sha256};
use sluice_domain::id::{FileId, VersionId};
use sluice_domain::path::FilePath;
use sluice_domain::time::Timestamp;
use sluice_domain::version::{Metadata, RejectReason, Version, VersionState};

/// One state of a file, as every call shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct VersionView {
    /// The file.
    pub file_id: FileId,
    /// Where the file lies now.
    pub path: FilePath,
    /// This version; also the `ETag`.
    pub version_id: VersionId,
    /// What it is.
    pub state: VersionState,
    /// Why it was rejected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<RejectReason>,
    /// Raw size in bytes.
    pub size: u64,
    /// Declared while pending (null if it was not), computed by Sluice once available.
    pub sha256: Option<Sha256>,
    /// Declared while pending (null if it was not), computed by Sluice once available.
    pub sha1: Option<Sha1>,
    /// Media type.
    pub content_type: String,
    /// The user's own key-value pairs.
    pub metadata: Metadata,
    /// When the version was made.
    pub created_at: Timestamp,
    /// When its state last moved.
    pub updated_at: Timestamp,
    /// Raw bytes that the account did not hold before.
    pub new_bytes: u64,
    /// Raw bytes that the account held already.
    pub shared_bytes: u64,
    /// Bytes written to the vault for this version.
    pub stored_bytes: u64,
}

impl VersionView {
    /// The view of a version of the file that now lies at `path`.
    pub fn new(version: Version, path: FilePath) -> Self {
        Self {
            file_id: version.file_id,
            path,
            version_id: version.version_id,
            state: version.state,
            reason: version.reason,
            size: version.size,
            sha256: version.sha256,
            sha1: version.sha1,
            content_type: version.content_type,
            metadata: version.metadata,
            created_at: version.created_at,
            updated_at: version.updated_at,
            new_bytes: version.new_bytes,
            shared_bytes: version.shared_bytes,
            stored_bytes: version.stored_bytes,
        }
    }
}

impl From<Version> for VersionView {
    fn from(version: Version) -> Self {
        let path = version.path.clone();
        Self::new(version, path)
    }
}

/// The answer of `GET /files/{file_id}/content` while the bytes are being put together.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Rebuilding {
    /// When to ask again, in seconds; `Retry-After` says the same.
    pub retry_after_seconds: u64,
}

/// `POST /lookups`: does this account hold the content already? If so it becomes a version at `path`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Lookup {
    /// SHA-256 of the content.
    pub sha256: Sha256,
    /// Its size in bytes.
    pub size: u64,
    /// Where the file shall lie.
    pub path: FilePath,
    /// Media type; guessed by no one: `application/octet-stream` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// The user's own key-value pairs: at most 2048 bytes in all.
    #[serde(default, skip_serializing_if = "Metadata::is_empty")]
    pub metadata: Metadata,
}

/// The answer to a [`Lookup`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "lowercase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum LookupAnswer {
    /// The account held the content: the version is available and no byte is sent.
    Instant {
        /// The new version.
        version: Box<VersionView>,
    },
    /// The account does not hold it: upload it.
    Unknown,
}

/// `GET /files`: one page.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FileList {
    /// The files' current versions, by path.
    pub files: Vec<VersionView>,
    /// With a delimiter: what the deeper paths begin with, up to and including the delimiter.
    pub common_prefixes: Vec<String>,
    /// Pass as `cursor` for the next page; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// `GET /files/{file_id}/versions`: one page, the latest first.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct VersionList {
    /// The versions.
    pub versions: Vec<VersionView>,
    /// Pass as `cursor` for the next page; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// `PATCH /files/{file_id}`: renames the file, or edits what is known about it, or both.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FileChange {
    /// The new path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<FilePath>,
    /// Whether a file that lies at the new path gives way: it is deleted, and keeps its versions. Without this the
    /// rename is refused.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub overwrite: bool,
    /// The new media type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// The new key-value pairs, in place of all earlier ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Metadata>,
}

/// `POST /files/{file_id}/restore`: makes an earlier version current again, as a new version.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Restore {
    /// Which version.
    pub version_id: VersionId,
}
