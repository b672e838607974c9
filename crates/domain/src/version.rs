//! Models versions of files, and files with their current version.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use crate::blob::Blob;
use crate::hash::{Sha1, Sha256};
use crate::id::{AccountId, FileId, UploadId, VersionId};
use crate::path::FilePath;
use crate::time::{Timestamp, unix_milliseconds};

/// The state of a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum VersionState {
    /// The bytes have arrived and are not verified yet.
    Pending,
    /// Every byte is verified: size and hashes match what the client declared.
    Available,
    /// Verification failed for the version's `reason`; the bytes are deleted.
    Rejected,
    /// A tombstone: this version deleted the file.
    Deleted,
}

/// Why a version was rejected; clients show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum RejectReason {
    /// The object is shorter or longer than declared.
    SizeMismatch,
    /// The bytes do not have the declared SHA-256.
    Sha256Mismatch,
    /// The bytes do not have the declared SHA-1.
    Sha1Mismatch,
    /// `If-Match` named a version that was no longer the current one when the bytes were ready.
    PreconditionFailed,
    /// The manifest does not describe the blob: its terms do not add up, or name chunks that no pack of the
    /// account has.
    InvalidManifest,
    /// A pack differs from its declaration, or its chunks are not as long as the manifest says.
    PackMismatch,
    /// The manifest refers to a pack that is being deleted. Sending the file whole works.
    PackGone,
    /// The bytes vanished from the landing bucket before they were verified.
    BytesLost,
    /// The worker failed repeatedly; the dead-letter queue has the reason.
    ProcessingFailed,
}

impl RejectReason {
    /// The reason as tables and the API write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SizeMismatch => "size_mismatch",
            Self::Sha256Mismatch => "sha256_mismatch",
            Self::Sha1Mismatch => "sha1_mismatch",
            Self::PreconditionFailed => "precondition_failed",
            Self::InvalidManifest => "invalid_manifest",
            Self::PackMismatch => "pack_mismatch",
            Self::PackGone => "pack_gone",
            Self::BytesLost => "bytes_lost",
            Self::ProcessingFailed => "processing_failed",
        }
    }
}

/// The user's own key-value pairs of a file, at most [`METADATA_MAX_BYTES`] in total.
pub type Metadata = BTreeMap<String, String>;

/// All keys and values of a file's metadata have at most this many bytes in total, which is S3's limit.
pub const METADATA_MAX_BYTES: usize = 2048;

/// The media type of a file that was uploaded without one.
pub const DEFAULT_CONTENT_TYPE: &str = "application/octet-stream";

/// A media type or metadata that cannot be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAttribute {
    /// A media type that no HTTP header could carry.
    #[error(
        "a media type is type/subtype in at most 255 ASCII characters, such as text/plain; charset=utf-8"
    )]
    ContentType,
    /// The metadata is over [`METADATA_MAX_BYTES`] or has an empty key.
    #[error("metadata has at most {METADATA_MAX_BYTES} bytes, keys and values in total, and no empty key")]
    Metadata,
}

/// Returns the media type `given`, or [`DEFAULT_CONTENT_TYPE`] if there is none.
///
/// # Errors
/// [`InvalidAttribute::ContentType`] unless it is `type/subtype` in at most 255 printable ASCII characters.
pub fn content_type(given: Option<String>) -> Result<String, InvalidAttribute> {
    let Some(given) = given else { return Ok(DEFAULT_CONTENT_TYPE.to_owned()) };
    let printable = given.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    let essence = given.split(';').next().unwrap_or_default().trim();
    let token =
        |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'/');
    let two_tokens = essence.split_once('/').is_some_and(|(kind, subtype)| token(kind) && token(subtype));
    if given.len() <= 255 && printable && two_tokens { Ok(given) } else { Err(InvalidAttribute::ContentType) }
}

/// Checks size and keys of metadata.
///
/// # Errors
/// [`InvalidAttribute::Metadata`] if it is over [`METADATA_MAX_BYTES`] or has an empty key.
pub fn check_metadata(metadata: &Metadata) -> Result<(), InvalidAttribute> {
    let bytes: usize = metadata.iter().map(|(key, value)| key.len() + value.len()).sum();
    let named = metadata.keys().all(|key| !key.is_empty());
    if bytes <= METADATA_MAX_BYTES && named { Ok(()) } else { Err(InvalidAttribute::Metadata) }
}

/// One state of a file. Only `state` and the fields that follow from verification ever change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// The file that the version belongs to.
    pub file_id: FileId,
    /// The id of this version; later ones sort after earlier ones.
    pub version_id: VersionId,
    /// The account that owns the file.
    pub account_id: AccountId,
    /// The file's path when this version was created; a later rename does not change it.
    pub path: FilePath,
    /// Whether the version is pending, available, rejected or a tombstone.
    pub state: VersionState,
    /// The reason of a rejected version.
    pub reason: Option<RejectReason>,
    /// The upload that sent the bytes; none if the account already held the blob.
    pub upload_id: Option<UploadId>,
    /// Size in bytes before compression.
    pub size: u64,
    /// SHA-256 of the bytes: declared by the client while pending, computed by Sluice once available.
    pub sha256: Option<Sha256>,
    /// SHA-1 of the bytes: declared by the client while pending, computed by Sluice once available.
    pub sha1: Option<Sha1>,
    /// Media type as `Content-Type` writes it, at most 255 characters.
    pub content_type: String,
    /// The user's own key-value pairs, at most [`METADATA_MAX_BYTES`] in total.
    pub metadata: Metadata,
    /// When the version was created: for an upload, when the upload began.
    #[serde(with = "unix_milliseconds")]
    pub created_at: Timestamp,
    /// When the state last changed.
    #[serde(with = "unix_milliseconds")]
    pub updated_at: Timestamp,
    /// Raw bytes of chunks that the account did not hold before.
    pub new_bytes: u64,
    /// Raw bytes of chunks that the account already held.
    pub shared_bytes: u64,
    /// Bytes written to the vault for this version.
    pub stored_bytes: u64,
    /// The version that was current when a call made this one at once. None for the version of an upload, and
    /// for a file's first. A repeat of the call is known by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub follows: Option<VersionId>,
}

impl Version {
    /// The next version of `file`, made of a blob that the account already holds.
    pub fn of_blob(
        file: &File,
        version_id: VersionId,
        blob: &Blob,
        content_type: String,
        metadata: Metadata,
        now: Timestamp,
    ) -> Self {
        Self {
            file_id: file.file_id,
            version_id,
            account_id: file.account_id,
            path: file.path.clone(),
            state: VersionState::Available,
            reason: None,
            upload_id: None,
            size: blob.size,
            sha256: Some(blob.sha256),
            sha1: Some(blob.sha1),
            content_type,
            metadata,
            created_at: now,
            updated_at: now,
            new_bytes: 0,
            shared_bytes: blob.size,
            stored_bytes: 0,
            follows: file.current_id(),
        }
    }

    /// Whether readers see no difference between this version and `other`.
    pub fn reads_like(&self, other: &Self) -> bool {
        self.state == other.state
            && self.sha256 == other.sha256
            && self.content_type == other.content_type
            && self.metadata == other.metadata
    }

    /// A later version of the same file with the same blob, made while this version is current.
    #[must_use]
    pub fn successor(&self, version_id: VersionId, now: Timestamp) -> Self {
        Self {
            version_id,
            upload_id: None,
            created_at: now,
            updated_at: now,
            new_bytes: 0,
            shared_bytes: self.size,
            stored_bytes: 0,
            follows: Some(self.version_id),
            ..self.clone()
        }
    }

    /// The tombstone that deletes the file after this version.
    #[must_use]
    pub fn tombstone(&self, version_id: VersionId, now: Timestamp) -> Self {
        Self {
            state: VersionState::Deleted,
            size: 0,
            sha256: None,
            sha1: None,
            shared_bytes: 0,
            ..self.successor(version_id, now)
        }
    }
}

/// A file: its path and its current version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// The account that owns the file.
    pub account_id: AccountId,
    /// The id of the file; a rename keeps it.
    pub file_id: FileId,
    /// The path of the file; of a displaced file, the path that it had.
    pub path: FilePath,
    /// Whether another file was renamed onto its path. The versions remain, and a restore makes the file
    /// visible again.
    pub displaced: bool,
    /// The version that readers see. None until the first version is available.
    pub current: Option<Version>,
}

impl File {
    /// The current version, unless there is none or it is a tombstone.
    pub fn live(&self) -> Option<&Version> {
        self.current.as_ref().filter(|version| version.state == VersionState::Available)
    }

    /// The id of the current version, tombstones included. `If-Match` is compared with it.
    pub fn current_id(&self) -> Option<VersionId> {
        self.current.as_ref().map(|version| version.version_id)
    }

    /// The current version, if a call made it while `expected` was current. A call under that condition may
    /// have been the one, and its answer lost.
    pub fn made_after(&self, expected: Option<VersionId>) -> Option<&Version> {
        self.current.as_ref().filter(|current| expected.is_some() && current.follows == expected)
    }

    /// The file after `version` was added. The version with the highest id is the current one, whatever the
    /// order in which versions become available.
    #[must_use]
    pub fn with(&self, version: &Version) -> Self {
        if self.current_id().is_some_and(|current| current > version.version_id) {
            return self.clone();
        }
        Self { current: Some(version.clone()), ..self.clone() }
    }

    /// A file without any version.
    pub fn new(account_id: AccountId, file_id: FileId, path: FilePath) -> Self {
        Self { account_id, file_id, path, displaced: false, current: None }
    }
}
