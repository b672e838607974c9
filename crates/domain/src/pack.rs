//! Cutting the run of chunks into packs: up to 64 MiB of consecutive chunks each.

use crate::chunk::Chunk;
use crate::id::PackId;
use crate::manifest::Term;
use crate::pack_index::PackIndex;

/// The most raw bytes a pack holds.
pub const PACK_MAX_BYTES: u32 = 64 << 20;
/// The most chunks a pack holds. A single content never reaches it before [`PACK_MAX_BYTES`], as only its last chunk is
/// shorter than 4 KiB; tiny files that share a pack do.
pub const PACK_MAX_CHUNKS: u32 = 16_384;

/// A pack that is cut but has neither id nor place yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackDraft {
    ordinal: u32,
    offset_bytes: u64,
    raw_length_bytes: u32,
    chunks: Vec<Chunk>,
}

impl PackDraft {
    /// The pack's number in its run, from 0.
    pub fn ordinal(&self) -> u32 {
        self.ordinal
    }

    /// Where in the run the pack's first chunk begins.
    pub fn offset_bytes(&self) -> u64 {
        self.offset_bytes
    }

    /// The length of the pack's chunks together, 1 to [`PACK_MAX_BYTES`].
    pub fn raw_length_bytes(&self) -> u32 {
        self.raw_length_bytes
    }

    /// The chunks in order, 1 to [`PACK_MAX_CHUNKS`].
    pub fn chunks(&self) -> &[Chunk] {
        &self.chunks
    }

    /// The term that says the whole pack, stored as `pack_id`.
    pub fn term(&self, pack_id: PackId) -> Term {
        let chunk_count = self.chunks.len() as u32;
        Term { pack_id, first_chunk: 0, chunk_count, raw_length_bytes: self.raw_length_bytes }
    }

    /// The chunk table of the pack, stored as `pack_id`.
    pub fn into_index(self, pack_id: PackId) -> PackIndex {
        PackIndex::of_cut(pack_id, self.raw_length_bytes, self.chunks)
    }
}

/// Gathers chunks into packs. A pack closes when the next chunk does not fit.
#[derive(Debug, Clone, Default)]
pub struct PackCutter {
    ordinal: u32,
    offset_bytes: u64,
    raw_length_bytes: u32,
    chunks: Vec<Chunk>,
}

impl PackCutter {
    /// A cutter at the start of a run.
    pub fn new() -> Self {
        Self::default()
    }

    /// A cutter whose open pack is number `ordinal`, begins at `offset_bytes` and holds nothing yet.
    pub(crate) fn starting_at(ordinal: u32, offset_bytes: u64) -> Self {
        Self { ordinal, offset_bytes, ..Self::default() }
    }

    /// The number of the open pack.
    pub fn ordinal(&self) -> u32 {
        self.ordinal
    }

    /// The chunks of the open pack.
    pub fn open_chunks(&self) -> &[Chunk] {
        &self.chunks
    }

    /// Adds the next chunk; hands over the pack that had no room for it, if so.
    pub fn push(&mut self, chunk: Chunk) -> Option<PackDraft> {
        let full = self.raw_length_bytes + chunk.length_bytes() > PACK_MAX_BYTES
            || self.chunks.len() == PACK_MAX_CHUNKS as usize;
        let closed = full.then(|| self.close());
        self.raw_length_bytes += chunk.length_bytes();
        self.chunks.push(chunk);
        closed
    }

    /// Ends the run; hands over the last pack, if any chunk was ever added.
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
