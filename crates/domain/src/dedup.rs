//! Finds chunks that are already stored: hooks lead to packs, and the packs' indexes have the other chunks.
//!
//! This is sparse indexing (Lillibridge et al., FAST 2009): only a sample of all chunks, the hooks, is
//! indexed. A blob that shares a run of chunks with a pack most likely shares a hook with it. The hook's hit
//! loads the whole pack index, which has the neighbouring chunks too.

use std::collections::HashMap;

use crate::chunk::Chunk;
use crate::hash::ChunkId;
use crate::manifest::Term;
use crate::pack_index::PackIndex;

/// One chunk in this many is a hook on average, which is one every 1.2 MB.
pub const HOOK_SAMPLING: u8 = 64;

/// The hooks of a run: chunks with an id that is 0 modulo [`HOOK_SAMPLING`], sorted, without repeats. A run
/// of several chunks without one has its smallest id as the hook, which a similar run most likely shares
/// (Broder 1997). A single chunk may have none, because its blob is found by SHA-256.
pub fn hooks(chunks: &[Chunk]) -> Vec<ChunkId> {
    let mut hooks: Vec<ChunkId> = chunks.iter().map(Chunk::id).filter(is_sampled).collect();
    if hooks.is_empty() && chunks.len() > 1 {
        hooks.extend(chunks.iter().map(Chunk::id).min());
    }
    hooks.sort_unstable();
    hooks.dedup();
    hooks
}

fn is_sampled(id: &ChunkId) -> bool {
    id.as_bytes()[ChunkId::LENGTH - 1].is_multiple_of(HOOK_SAMPLING)
}

/// A stored pack, prepared for lookups of its chunks.
#[derive(Debug, Clone)]
pub struct KnownPack {
    index: PackIndex,
    positions: HashMap<ChunkId, u32>,
}

impl KnownPack {
    /// Prepares the chunks of `index` for lookups.
    pub fn new(index: PackIndex) -> Self {
        let positions = (0..).zip(index.chunks()).map(|(position, chunk)| (chunk.id(), position));
        Self { positions: positions.collect(), index }
    }

    /// The index of the pack.
    pub fn index(&self) -> &PackIndex {
        &self.index
    }

    fn has_at(&self, position: u32, chunk: &Chunk) -> bool {
        self.index.chunks().get(position as usize) == Some(chunk)
    }

    /// The position of the chunk in the pack. Id and length must both match.
    fn position_of(&self, chunk: &Chunk) -> Option<u32> {
        self.positions.get(&chunk.id()).copied().filter(|position| self.has_at(*position, chunk))
    }
}

/// Consecutive chunks of a blob that are either all stored or all new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Run {
    /// The chunks are stored, consecutively, in one pack.
    Known(Term),
    /// No known pack contains the chunks.
    New {
        /// Number of chunks, at least 1.
        chunk_count: u32,
        /// Total length of the chunks in bytes.
        length_bytes: u64,
    },
}

/// Matches each chunk with the first of `packs` that contains it, or marks it as new. A run in one pack is
/// followed to its end before other packs are tried.
pub fn match_chunks(chunks: &[Chunk], packs: &[&KnownPack]) -> Vec<Run> {
    let mut runs = Vec::new();
    let mut next: Option<(&KnownPack, u32)> = None;
    for chunk in chunks {
        let follows = next.filter(|(pack, position)| pack.has_at(*position, chunk));
        let find = || packs.iter().find_map(|pack| Some((*pack, pack.position_of(chunk)?)));
        let found = follows.or_else(find);
        next = found.map(|(pack, position)| (pack, position + 1));
        append(&mut runs, chunk, found.map(|(pack, position)| (pack.index.pack_id(), position)));
    }
    runs
}

fn append(runs: &mut Vec<Run>, chunk: &Chunk, found: Option<(crate::id::PackId, u32)>) {
    let length = chunk.length_bytes();
    match (runs.last_mut(), found) {
        (Some(Run::Known(term)), Some((pack_id, position)))
            if term.pack_id == pack_id && term.first_chunk + term.chunk_count == position =>
        {
            term.chunk_count += 1;
            term.raw_length_bytes += length;
        }
        (Some(Run::New { chunk_count, length_bytes }), None) => {
            *chunk_count += 1;
            *length_bytes += u64::from(length);
        }
        (_, Some((pack_id, first_chunk))) => {
            runs.push(Run::Known(Term { pack_id, first_chunk, chunk_count: 1, raw_length_bytes: length }));
        }
        (_, None) => runs.push(Run::New { chunk_count: 1, length_bytes: length.into() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::PackId;
    use crate::time::Timestamp;

    fn chunk(seed: u32) -> Chunk {
        Chunk::new(ChunkId::of(&seed.to_le_bytes()), 4096 + seed % 1000).expect("a length within bounds")
    }

    fn pack(number: u8, seeds: impl IntoIterator<Item = u32>) -> KnownPack {
        let id = PackId::new(Timestamp::from_unix_milliseconds(0), [number; 10]);
        KnownPack::new(PackIndex::new(id, seeds.into_iter().map(chunk).collect()).expect("a pack"))
    }

    #[test]
    fn runs_are_followed_and_gaps_are_new() {
        let first = pack(1, 0..10);
        let second = pack(2, 5..20);
        let chunks: Vec<Chunk> = (2..7).chain(100..102).chain(15..18).map(chunk).collect();
        let runs = match_chunks(&chunks, &[&first, &second]);
        let length = |seeds: std::ops::Range<u32>| seeds.map(|seed| chunk(seed).length_bytes()).sum::<u32>();
        let known = |pack: &KnownPack, first_chunk, seeds: std::ops::Range<u32>| {
            Run::Known(Term {
                pack_id: pack.index.pack_id(),
                first_chunk,
                chunk_count: seeds.len() as u32,
                raw_length_bytes: length(seeds),
            })
        };
        let new = Run::New { chunk_count: 2, length_bytes: length(100..102).into() };
        assert_eq!(runs, [known(&first, 2, 2..7), new, known(&second, 10, 15..18)]);
    }

    #[test]
    fn a_chunk_of_the_same_id_and_another_length_is_another_chunk() {
        let known = pack(1, 0..1);
        let other = Chunk::new(chunk(0).id(), 1).expect("a length within bounds");
        assert!(matches!(match_chunks(&[other], &[&known])[..], [Run::New { .. }]));
    }

    #[test]
    fn every_run_but_a_single_chunk_has_a_hook_and_similar_runs_share_it() {
        let chunks: Vec<Chunk> = (0..10_000).map(chunk).collect();
        let sampled = hooks(&chunks).len();
        assert!((100..=220).contains(&sampled), "{sampled} of 10,000 chunks are hooks");
        assert_eq!(hooks(&chunks[..1]).len(), usize::from(is_sampled(&chunks[0].id())));
        assert!(chunks.windows(3).all(|few| !hooks(few).is_empty()));
    }
}
