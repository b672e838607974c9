//! Defines the bodies of the calls under `/files` and `/lookups`.

use serde::{Deserialize, Serialize};
use sluice_domain::hash::{Sha1, Sha256};
use sluice_domain::id::{FileId, VersionId};
use sluice_domain::path::FilePath;
use sluice_domain::time::Timestamp;
use sluice_domain::version::{Metadata, RejectReason, Version, VersionState};

/// A version of a file, as every call answers it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct VersionView {
    /// The file that the version belongs to.
    pub file_id: FileId,
    /// The current path of the file.
    pub path: FilePath,
    /// The id of this version, which is also the `ETag`.
    pub version_id: VersionId,
    /// Whether the version is pending, available, rejected or a tombstone.
    pub state: VersionState,
    /// Why the version was rejected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<RejectReason>,
    /// Size of the file in bytes; 0 for a tombstone.
    pub size: u64,
    /// SHA-256 of the bytes: computed by Sluice once available; before, as the client declared it, or null.
    pub sha256: Option<Sha256>,
    /// SHA-1 of the bytes: computed by Sluice once available; before, as the client declared it, or null.
    pub sha1: Option<Sha1>,
    /// Media type, as `Content-Type` writes it.
    pub content_type: String,
    /// The user's own key-value pairs, at most 2048 bytes in total.
    pub metadata: Metadata,
    /// When the version was created: for an upload, when the upload began.
    pub created_at: Timestamp,
    /// When the state last changed.
    pub updated_at: Timestamp,
    /// Raw bytes of chunks that the account did not hold before.
    pub new_bytes: u64,
    /// Raw bytes of chunks that the account already held.
    pub shared_bytes: u64,
    /// Bytes written to the vault for this version.
    pub stored_bytes: u64,
}

impl VersionView {
    /// The view of `version`; `path` is the current path of the file.
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

/// The answer of `GET /files/{file_id}/content` while the blob is being materialized.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Materializing {
    /// Seconds to wait before the next try, as in `Retry-After`.
    pub retry_after_seconds: u64,
}

/// The body of `POST /lookups`: makes a version at `path` if the account already holds the blob.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Lookup {
    /// SHA-256 of the blob.
    pub sha256: Sha256,
    /// Size of the blob in bytes.
    pub size: u64,
    /// The path of the file.
    pub path: FilePath,
    /// Media type: `type/subtype` in printable ASCII. The default is `application/octet-stream`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "schema",
        schemars(length(max = 255), regex(pattern = crate::openapi::limits::CONTENT_TYPE_PATTERN))
    )]
    pub content_type: Option<String>,
    /// The user's own key-value pairs, at most 2048 bytes in total.
    #[serde(default, skip_serializing_if = "Metadata::is_empty")]
    #[cfg_attr(feature = "schema", schemars(transform = crate::openapi::limits::metadata))]
    pub metadata: Metadata,
}

/// The answer to a [`Lookup`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "lowercase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum LookupAnswer {
    /// The account held the blob: the version is available without sending a byte.
    Instant {
        /// The version, available at once.
        version: Box<VersionView>,
    },
    /// The account does not hold the blob: upload it.
    Unknown,
}

/// The answer to `GET /files`: one page.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FileList {
    /// The current versions of the files, sorted by path.
    pub files: Vec<VersionView>,
    /// With a delimiter: the distinct beginnings of deeper paths, up to and including the delimiter.
    pub common_prefixes: Vec<String>,
    /// The `cursor` of the next page; absent on the last page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// The answer to `GET /files/{file_id}/versions`: one page.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct VersionList {
    /// The versions, the latest first.
    pub versions: Vec<VersionView>,
    /// The `cursor` of the next page; absent on the last page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// The body of `PATCH /files/{file_id}`: renames the file, or edits its media type and metadata, or both.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FileChange {
    /// The new path of the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<FilePath>,
    /// Whether to delete a file at the new path; its versions remain. Otherwise the rename is refused.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub overwrite: bool,
    /// The new media type: `type/subtype` in printable ASCII.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "schema",
        schemars(length(max = 255), regex(pattern = crate::openapi::limits::CONTENT_TYPE_PATTERN))
    )]
    pub content_type: Option<String>,
    /// The new key-value pairs, at most 2048 bytes in total. They replace all earlier ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(transform = crate::openapi::limits::metadata))]
    pub metadata: Option<Metadata>,
}

/// The body of `POST /files/{file_id}/restore`: makes an earlier version current again, as a new version.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Restore {
    /// The version to restore.
    pub version_id: VersionId,
}
