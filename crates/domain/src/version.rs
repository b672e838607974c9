//! Versions of files, and the file that points at its current one.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use crate::blob::Blob;
use crate::hash::{Sha1, Sha256};
use crate::id::{AccountId, FileId, UploadId, VersionId};
use crate::path::FilePath;
use crate::time::{Timestamp, unix_milliseconds};

/// What a version is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum VersionState {
    /// The bytes have arrived; this system has not hashed them yet.
    Pending,
    /// Every byte was hashed and matches what was declared.
    Available,
    /// Refused; the reason says why and the bytes are gone.
    Rejected,
    /// A tombstone: the file was deleted here.
    Deleted,
}

/// Why a version was rejected.
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
    /// The manifest does not make the content: terms that do not add up or name chunks that no pack of the account has.
    InvalidManifest,
    /// A pack that was sent is not the declared one, or its chunks are not as long as the manifest says.
    PackMismatch,
    /// A pack that the manifest refers to is being removed: the same file sent whole is accepted.
    PackGone,
    /// The bytes vanished from the landing bucket before they were verified.
    BytesLost,
    /// Verification failed again and again; operators find the reason in the dead-letter queue.
    ProcessingFailed,
}

impl RejectReason {
    /// The reason as it is written on the wire.
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

/// A file's own key-value pairs.
pub type Metadata = BTreeMap<String, String>;

/// Most bytes that the keys and values of a file's metadata may have together: S3's own limit.
pub const METADATA_MAX_BYTES: usize = 2048;

/// The media type of a file whose type nobody gave.
pub const DEFAULT_CONTENT_TYPE: &str = "application/octet-stream";

/// What is said about a file beside its bytes, and cannot be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAttribute {
    /// A media type that no HTTP header could carry.
    #[error(
        "a media type is type/subtype in at most 255 ASCII characters, such as text/plain; charset=utf-8"
    )]
    ContentType,
    /// Too much metadata.
    #[error("metadata has at most {METADATA_MAX_BYTES} bytes, keys and values together, and no empty key")]
    Metadata,
}

/// The media type given, or the default one.
pub fn content_type(given: Option<String>) -> Result<String, InvalidAttribute> {
    let Some(given) = given else { return Ok(DEFAULT_CONTENT_TYPE.to_owned()) };
    let printable = given.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    let essence = given.split(';').next().unwrap_or_default().trim();
    let token =
        |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'/');
    let two_tokens = essence.split_once('/').is_some_and(|(kind, subtype)| token(kind) && token(subtype));
    if given.len() <= 255 && printable && two_tokens { Ok(given) } else { Err(InvalidAttribute::ContentType) }
}

/// Checks the size of metadata.
pub fn check_metadata(metadata: &Metadata) -> Result<(), InvalidAttribute> {
    let bytes: usize = metadata.iter().map(|(key, value)| key.len() + value.len()).sum();
    let named = metadata.keys().all(|key| !key.is_empty());
    if bytes <= METADATA_MAX_BYTES && named { Ok(()) } else { Err(InvalidAttribute::Metadata) }
}

/// One state of a file. Only `state` and what follows from verifying the bytes ever change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// The file.
    pub file_id: FileId,
    /// This version; later ones sort after earlier ones.
    pub version_id: VersionId,
    /// Whose file.
    pub account_id: AccountId,
    /// The file's path when this version was made; a rename does not rewrite history.
    pub path: FilePath,
    /// What this version is.
    pub state: VersionState,
    /// Why, if rejected.
    pub reason: Option<RejectReason>,
    /// The upload that brought the bytes, unless they were known already.
    pub upload_id: Option<UploadId>,
    /// Raw size in bytes.
    pub size: u64,
    /// Declared while pending, computed here once available.
    pub sha256: Option<Sha256>,
    /// Declared while pending, computed here once available.
    pub sha1: Option<Sha1>,
    /// Media type.
    pub content_type: String,
    /// The user's own key-value pairs.
    pub metadata: Metadata,
    /// When it was made.
    #[serde(with = "unix_milliseconds")]
    pub created_at: Timestamp,
    /// When its state last moved.
    #[serde(with = "unix_milliseconds")]
    pub updated_at: Timestamp,
    /// Raw bytes that the account did not hold before.
    pub new_bytes: u64,
    /// Raw bytes that the account held already.
    pub shared_bytes: u64,
    /// Bytes written to the vault for this version.
    pub stored_bytes: u64,
}

impl Version {
    /// A first or next version of `file` that has a content the account holds.
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
        }
    }

    /// Whether this version shows readers the same as `other`.
    pub fn reads_like(&self, other: &Self) -> bool {
        self.state == other.state
            && self.sha256 == other.sha256
            && self.content_type == other.content_type
            && self.metadata == other.metadata
    }

    /// A later version of the same file with the same content, which shares every byte.
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
            ..self.clone()
        }
    }

    /// The tombstone that follows this version.
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

/// A file: where it lies and which version is current.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// Whose file.
    pub account_id: AccountId,
    /// Its file id, which a rename keeps.
    pub file_id: FileId,
    /// Where it lies; for a displaced file, where it lay.
    pub path: FilePath,
    /// Whether another file was renamed onto its path. Its versions stay, and a restore brings it back.
    pub displaced: bool,
    /// The version that readers see. None until the first version is available.
    pub current: Option<Version>,
}

impl File {
    /// The current version, if the file exists for readers: it has one, and that is no tombstone.
    pub fn live(&self) -> Option<&Version> {
        self.current.as_ref().filter(|version| version.state == VersionState::Available)
    }

    /// The current version's id, which writers name in `If-Match`.
    pub fn current_id(&self) -> Option<VersionId> {
        self.current.as_ref().map(|version| version.version_id)
    }

    /// The file after `version` was added. The latest version by id is the current one, whatever the order in which
    /// they become available.
    #[must_use]
    pub fn with(&self, version: &Version) -> Self {
        if self.current_id().is_some_and(|current| current > version.version_id) {
            return self.clone();
        }
        Self { current: Some(version.clone()), ..self.clone() }
    }

    /// A file that has no version yet.
    pub fn new(account_id: AccountId, file_id: FileId, path: FilePath) -> Self {
        Self { account_id, file_id, path, displaced: false, current: None }
    }
}
