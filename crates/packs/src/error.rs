//! Why a pack could not be read or moved.

use sluice_contracts::event::UnreadableMessage;
use sluice_domain::frames::FrameError;
use sluice_domain::id::PackId;
use sluice_domain::manifest::ManifestError;
use sluice_domain::pack_index::PackIndexError;
use sluice_storage::StorageError;

/// A pack could not be read or moved.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// The message is none of ours.
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
    Frame {
        /// Which pack.
        pack: PackId,
        /// What is wrong.
        error: FrameError,
    },
    /// A chunk is not what its id says.
    #[error("chunk {chunk} of pack {pack} does not hash to its id")]
    ChunkDamaged {
        /// Which pack.
        pack: PackId,
        /// Which chunk, from 0.
        chunk: u32,
    },
    /// The row of a pack does not go with its index.
    #[error("pack {0} has no such chunks where it is said to lie")]
    NoSuchChunks(PackId),
    /// A blob names packs that are not there.
    #[error("of the packs that a blob names, {0} are not there")]
    PacksMissing(usize),
    /// A store does not hold what was sent.
    #[error("what {store} holds of pack {pack} is not what was sent")]
    NotAsSent {
        /// Which store.
        store: String,
        /// Which pack.
        pack: PackId,
    },
    /// No memory, or a thread that ended early.
    #[error("the compressor ended early: {0}")]
    Compressor(String),
    /// A store, a table or a queue.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl PackError {
    /// Whether no retry will help.
    pub fn is_permanent(&self) -> bool {
        matches!(self, Self::Unreadable(_))
    }

    /// A stable word for it, in the dead-letter queue.
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
