//! Groups consecutive chunks into packs of up to 64 MiB.

use crate::chunk::Chunk;
use crate::id::PackId;
use crate::manifest::Term;
use crate::pack_index::PackIndex;
pub use crate::pack_index::{PACK_MAX_BYTES, PACK_MAX_CHUNKS};

/// A pack that is complete but has no id and no placement yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackDraft {
    ordinal: u32,
    offset_bytes: u64,
    raw_length_bytes: u32,
    chunks: Vec<Chunk>,
}

impl PackDraft {
    /// The number of the pack in its run, from 0.
    pub fn ordinal(&self) -> u32 {
        self.ordinal
    }

    /// Offset of the pack in its run, in bytes.
    pub fn offset_bytes(&self) -> u64 {
        self.offset_bytes
    }

    /// Total length of the chunks in bytes, 1 to [`PACK_MAX_BYTES`].
    pub fn raw_length_bytes(&self) -> u32 {
        self.raw_length_bytes
    }

    /// The 1 to [`PACK_MAX_CHUNKS`] chunks, in order.
    pub fn chunks(&self) -> &[Chunk] {
        &self.chunks
    }

    /// The manifest term that covers the whole pack, which is stored as `pack_id`.
    pub fn term(&self, pack_id: PackId) -> Term {
        let chunk_count = self.chunks.len() as u32;
        Term { pack_id, first_chunk: 0, chunk_count, raw_length_bytes: self.raw_length_bytes }
    }

    /// The index of the pack, which is stored as `pack_id`.
    pub fn into_index(self, pack_id: PackId) -> PackIndex {
        PackIndex::of_cut(pack_id, self.chunks)
    }
}

/// Groups chunks into packs. A pack closes when the next chunk does not fit.
#[derive(Debug, Clone, Default)]
pub struct PackCutter {
    ordinal: u32,
    offset_bytes: u64,
    raw_length_bytes: u32,
    chunks: Vec<Chunk>,
}

impl PackCutter {
    /// Starts a run at pack 0, offset 0.
    pub fn new() -> Self {
        Self::default()
    }

    /// Starts with an empty open pack that has the number `ordinal` and begins at `offset_bytes`.
    pub(crate) fn starting_at(ordinal: u32, offset_bytes: u64) -> Self {
        Self { ordinal, offset_bytes, ..Self::default() }
    }

    /// The number of the open pack in its run, from 0.
    pub fn ordinal(&self) -> u32 {
        self.ordinal
    }

    /// The chunks that the open pack holds so far.
    pub fn open_chunks(&self) -> &[Chunk] {
        &self.chunks
    }

    /// Adds the next chunk. Returns the open pack if it had no room for the chunk.
    pub fn push(&mut self, chunk: Chunk) -> Option<PackDraft> {
        let full = self.raw_length_bytes + chunk.length_bytes() > PACK_MAX_BYTES
            || self.chunks.len() == PACK_MAX_CHUNKS as usize;
        let closed = full.then(|| self.close());
        self.raw_length_bytes += chunk.length_bytes();
        self.chunks.push(chunk);
        closed
    }

    /// Ends the run. Returns the last pack, or nothing if no chunk was added.
    pub fn finish(mut self) -> Option<PackDraft> {
        (!self.chunks.is_empty()).then(|| self.close())
    }

    fn close(&mut self) -> PackDraft {
        let draft = PackDraft {
            ordinal: self.ordinal,
            offset_bytes: self.offset_bytes,
            raw_length_bytes: self.raw_length_bytes,
            chunks: std::mem::take(&mut self.chunks),
        };
        *self = Self::starting_at(draft.ordinal + 1, draft.offset_bytes + u64::from(draft.raw_length_bytes));
        draft
    }
}
