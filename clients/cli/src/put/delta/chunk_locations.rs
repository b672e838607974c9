//! Maps chunks to the packs of the account that hold them.

use sluice_contracts::packs::PackReference;
use sluice_domain::chunk::Chunk;
use sluice_domain::hash::ChunkId;
use std::collections::HashMap;

/// A pack, and the number of a chunk in it, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ChunkLocation {
    pub pack: PackReference,
    pub number: u32,
}

impl ChunkLocation {
    /// The location of the next chunk in the same pack. No pack has one after the last number.
    #[must_use]
    pub fn next(self) -> Self {
        Self { number: self.number.saturating_add(1), ..self }
    }
}

/// Chunks of some packs. Not every chunk of a pack has to be listed.
#[derive(Debug, Default)]
pub struct ChunkLocations {
    by_id: HashMap<ChunkId, ChunkLocation>,
    chunks: HashMap<ChunkLocation, Chunk>,
}

impl ChunkLocations {
    /// Adds consecutive chunks of `pack`, starting with number `first_chunk`. [`Self::find`] prefers the
    /// location that was added first.
    pub fn add(&mut self, pack: PackReference, first_chunk: u32, chunks: &[Chunk]) {
        // The server sends the number, which may be any.
        for (number, chunk) in (first_chunk..=u32::MAX).zip(chunks) {
            let location = ChunkLocation { pack, number };
            self.chunks.insert(location, *chunk);
            self.by_id.entry(chunk.id()).or_insert(location);
        }
    }

    /// Finds the chunk: at `next` if it is there, so that a run of chunks stays in one pack as long as
    /// possible.
    pub fn find(&self, chunk: &Chunk, next: Option<ChunkLocation>) -> Option<ChunkLocation> {
        // Compare the length as well as the id.
        let is_at = |location: &ChunkLocation| self.chunks.get(location) == Some(chunk);
        next.filter(is_at).or_else(|| self.by_id.get(&chunk.id()).copied().filter(is_at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sluice_domain::id::PackId;

    #[test]
    fn the_last_number_is_followed_by_none() {
        let pack = PackReference::Stored(PackId::from_bytes([1; 16]));
        let chunks = [b"a", b"b"].map(|bytes| Chunk::new(ChunkId::of(bytes), 1).expect("a chunk"));
        let mut locations = ChunkLocations::default();
        locations.add(pack, u32::MAX, &chunks);
        let last = ChunkLocation { pack, number: u32::MAX };
        assert_eq!(locations.find(&chunks[0], None), Some(last));
        assert_eq!(locations.find(&chunks[1], Some(last.next())), None);
    }
}
