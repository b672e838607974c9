//! Defines why a pack could not be read or moved.

use sluice_contracts::event::UnreadableMessage;
use sluice_domain::frames::FrameError;
use sluice_domain::id::PackId;
use sluice_domain::manifest::ManifestError;
use sluice_domain::pack_index::PackIndexError;
use sluice_storage::StorageError;

/// A pack could not be read or moved.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// The message is not a valid event.
    #[error(transparent)]
    Unreadable(#[from] UnreadableMessage),
    /// A stored manifest is malformed.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// A stored pack index is malformed.
    #[error(transparent)]
    PackIndex(#[from] PackIndexError),
    /// A stored frame is malformed.
    #[error("pack {pack}: {error}")]
    Frame { pack: PackId, error: FrameError },
    /// The bytes of a chunk do not hash to its id.
    #[error("chunk {chunk} of pack {pack} does not hash to its id")]
    ChunkDamaged {
        pack: PackId,
        /// The number of the chunk, from 0.
        chunk: u32,
    },
    /// The row of a pack contradicts its index.
    #[error("the placement of pack {0} does not have these chunks")]
    NoSuchChunks(PackId),
    /// A blob refers to packs that do not exist.
    #[error("{0} packs of a blob do not exist")]
    PacksMissing(usize),
    /// A store does not hold what was sent.
    #[error("{store} does not hold pack {pack} as it was sent")]
    NotAsSent { store: String, pack: PackId },
    /// A thread ran out of memory or panicked.
    #[error("the compressor ended early: {0}")]
    Compressor(String),
    /// A store, a table or a queue failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl PackError {
    /// Whether retries cannot help.
    pub fn is_permanent(&self) -> bool {
        matches!(self, Self::Unreadable(_))
    }

    /// The code of the error in the dead-letter queue. Codes never change.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreadable(_) => "unreadable",
            Self::Manifest(_) => "invalid_manifest",
            Self::PackIndex(_) => "invalid_pack_index",
            Self::Frame { .. } => "frame_damaged",
            Self::ChunkDamaged { .. } => "chunk_damaged",
            Self::NoSuchChunks(_) => "no_such_chunks",
            Self::PacksMissing(_) => "packs_missing",
            Self::NotAsSent { .. } => "not_as_sent",
            Self::Compressor(_) => "compressor_failed",
            Self::Storage(error) => error.kind.as_str(),
        }
    }
}
