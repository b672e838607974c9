//! Says why a message could not be processed.

use sluice_contracts::event::UnreadableMessage;
use sluice_domain::id::UploadId;
use sluice_domain::key::LandingKey;
use sluice_domain::manifest::ManifestError;
use sluice_lambda::batch::{Panicked, ProcessError};
use sluice_packs::PackError;
use sluice_storage::StorageError;
use std::sync::Arc;

#[derive(Debug, thiserror::Error)]
pub enum DedupError {
    #[error(transparent)]
    Unreadable(#[from] UnreadableMessage),
    #[error("{0} is in the landing bucket and belongs to no upload")]
    UnknownUpload(LandingKey),
    #[error("a message names {0}, which is not in the landing bucket")]
    BytesMissing(LandingKey),
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    #[error(transparent)]
    Pack(#[from] PackError),
    #[error("the packs that upload {0} refers to were added and removed again and again")]
    PacksKeptChanging(UploadId),
    #[error("time ran out while the packs of upload {0} were read")]
    TooSlow(UploadId),
    #[error("the hashing thread ended early")]
    Hashing(#[from] tokio::task::JoinError),
    #[error(transparent)]
    Panicked(#[from] Panicked),
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// One request failed for several messages.
    #[error("the account could not be admitted")]
    Admission(#[source] Arc<StorageError>),
    #[error("the blob {0} is being removed and cannot be referred to yet")]
    BlobCondemned(sluice_domain::hash::Sha256),
}

impl ProcessError for DedupError {
    /// A service's refusal is retried: a policy may not have taken effect yet.
    fn is_permanent(&self) -> bool {
        match self {
            Self::Unreadable(_) | Self::UnknownUpload(_) => true,
            Self::BytesMissing(_)
            | Self::Manifest(_)
            | Self::Pack(_)
            | Self::PacksKeptChanging(_)
            | Self::TooSlow(_)
            | Self::Hashing(_)
            | Self::Panicked(_)
            | Self::Storage(_)
            | Self::Admission(_)
            | Self::BlobCondemned(_) => false,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Unreadable(_) => "unreadable",
            Self::UnknownUpload(_) => "unknown_upload",
            Self::BytesMissing(_) => "bytes_missing",
            Self::Manifest(_) => "invalid_manifest",
            Self::Pack(error) => error.code(),
            Self::PacksKeptChanging(_) => "packs_kept_changing",
            Self::TooSlow(_) => "too_slow",
            Self::Hashing(_) => "hashing_failed",
            Self::Panicked(error) => error.code(),
            Self::BlobCondemned(_) => "content_condemned",
            Self::Storage(error) => error.kind.as_str(),
            Self::Admission(error) => error.kind.as_str(),
        }
    }
}
