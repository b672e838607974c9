//! Why a content could not be put together.

use sluice_contracts::event::UnreadableMessage;
use sluice_domain::hash::Sha256;
use sluice_domain::id::PackId;
use sluice_domain::manifest::ManifestError;
use sluice_domain::pack_index::PackIndexError;
use sluice_lambda::batch::WorkError;
use sluice_storage::StorageError;

#[derive(Debug, thiserror::Error)]
pub enum MaterializeError {
    #[error(transparent)]
    Unreadable(#[from] UnreadableMessage),
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    #[error(transparent)]
    PackIndex(#[from] PackIndexError),
    #[error("the manifest of {0} names packs or chunks that are not there")]
    PacksMissing(Sha256),
    #[error("chunk {chunk} of pack {pack} does not hash to its id")]
    ChunkDamaged { pack: PackId, chunk: u32 },
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl WorkError for MaterializeError {
    fn is_permanent(&self) -> bool {
        matches!(self, Self::Unreadable(_))
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Unreadable(_) => "unreadable",
            Self::Manifest(_) => "invalid_manifest",
            Self::PackIndex(_) => "invalid_pack_index",
            Self::PacksMissing(_) => "packs_missing",
            Self::ChunkDamaged { .. } => "chunk_damaged",
            Self::Storage(error) => error.kind.as_str(),
        }
    }
}
