//! Where the account has which chunks.

use sluice_contracts::packs::PackReference;
use sluice_domain::chunk::Chunk;
use sluice_domain::hash::ChunkId;
use std::collections::HashMap;

/// A chunk's place: its pack and its number there, from 0.
pub type Place = (PackReference, u32);

/// Chunks and their places. Of many packs only some chunks are known.
#[derive(Debug, Default)]
pub struct KnownChunks {
    places: HashMap<ChunkId, Place>,
    chunks: HashMap<Place, Chunk>,
}

impl KnownChunks {
    /// Adds consecutive chunks of `pack`, the first of which is number `first_chunk`. Of several places of a chunk the
    /// one that was added first is found.
    pub fn add(&mut self, pack: PackReference, first_chunk: u32, chunks: &[Chunk]) {
        for (number, chunk) in (first_chunk..).zip(chunks) {
            self.chunks.insert((pack, number), *chunk);
            self.places.entry(chunk.id()).or_insert((pack, number));
        }
    }

    /// Where the chunk is: at `next` if it is there too, so that runs are followed as far as they go.
    pub fn find(&self, chunk: &Chunk, next: Option<Place>) -> Option<Place> {
        // A chunk is known by its whole id and its length.
        let is_at = |place: &Place| self.chunks.get(place) == Some(chunk);
        next.filter(is_at).or_else(|| self.places.get(&chunk.id()).copied().filter(is_at))
    }
}
