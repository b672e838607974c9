//! Decides how to store an object when the account has some of its chunks already.
//!
//! Such an object is either copied whole, or rewritten: only its new chunks are written, into packs of their
//! own, and its manifest refers to stored packs for all others.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::ops::Range;

use crate::chunk::Chunk;
use crate::dedup::{KnownPack, Run, hooks, match_chunks};
use crate::hash::ChunkId;
use crate::id::PackId;
use crate::manifest::{MANIFEST_MAX_PACKS, Term, append};
use crate::pack::{PACK_MAX_BYTES, PackDraft};

/// An object is rewritten only if at least one byte in this many need not be stored again.
const SHARED_MIN_FRACTION: u64 = 4;

/// The most runs that the manifest of a rewritten object may have. It is then about 2 MB long.
const RUNS_MAX: usize = 100_000;

/// Which chunks of an object are stored, and which are new.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChunkMatches {
    /// All chunks of the object, in order.
    pub runs: Vec<Run>,
    /// The length of the new chunks in bytes. A chunk that occurs twice counts once.
    pub new_bytes: u64,
}

impl ChunkMatches {
    /// Looks for each chunk in `packs`. The first pack that has it wins, except that a run in one pack is
    /// followed as far as it goes.
    pub fn find(chunks: &[Chunk], packs: &[&KnownPack]) -> Self {
        let runs = match_chunks(chunks, packs);
        let new = new_chunks(chunks, &runs);
        let new_bytes = new.iter().map(|new| u64::from(new.chunk.length_bytes())).sum();
        Self { runs, new_bytes }
    }

    /// Whether to write only the new chunks of an object of `size_bytes`, rather than have the store copy all
    /// of it.
    ///
    /// It must save a quarter of the bytes, and the result must fit into a manifest.
    pub fn is_rewrite_worthwhile(&self, size_bytes: u64) -> bool {
        let shared_bytes = size_bytes.saturating_sub(self.new_bytes);
        let known_packs = self.known_packs().len() as u64;
        // Packs may close half full, when the next chunk does not fit or when the object ends.
        let new_packs_max = self.new_bytes / u64::from(PACK_MAX_BYTES / 2) + 1;
        shared_bytes > 0
            && shared_bytes >= size_bytes / SHARED_MIN_FRACTION
            && self.runs.len() <= RUNS_MAX
            && known_packs + new_packs_max <= MANIFEST_MAX_PACKS as u64
    }

    fn known_packs(&self) -> BTreeSet<PackId> {
        let known_pack = |run: &Run| match run {
            Run::Known(term) => Some(term.pack_id),
            Run::New { .. } => None,
        };
        self.runs.iter().filter_map(known_pack).collect()
    }
}

/// A chunk that must be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewChunk {
    /// Where the object has it first, in bytes.
    pub offset_bytes: u64,
    /// Its id and length.
    pub chunk: Chunk,
}

/// The chunks of the new runs in the object's order, each chunk once. `runs` describes all of `chunks`.
pub fn new_chunks(chunks: &[Chunk], runs: &[Run]) -> Vec<NewChunk> {
    let mut new_chunks = Vec::new();
    let mut seen = HashSet::new();
    let mut offset_bytes = 0;
    for (run, chunks) in runs_with_chunks(chunks, runs) {
        let is_new = matches!(run, Run::New { .. });
        for chunk in chunks {
            if is_new && seen.insert(chunk.id()) {
                new_chunks.push(NewChunk { offset_bytes, chunk: *chunk });
            }
            offset_bytes += u64::from(chunk.length_bytes());
        }
    }
    new_chunks
}

fn runs_with_chunks<'a>(
    chunks: &'a [Chunk],
    runs: &'a [Run],
) -> impl Iterator<Item = (&'a Run, &'a [Chunk])> {
    let mut rest = chunks;
    runs.iter().map(move |run| {
        let chunk_count = match run {
            Run::Known(term) => term.chunk_count,
            Run::New { chunk_count, .. } => *chunk_count,
        };
        let (of_run, after) = rest.split_at(chunk_count as usize);
        rest = after;
        (run, of_run)
    })
}

/// New chunks that are near each other, to be read in one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChunkWindow {
    /// The object's bytes from the first chunk to the last.
    pub range: Range<u64>,
    /// The chunks, in order.
    pub chunks: Vec<NewChunk>,
}

/// How new chunks are grouped into windows.
#[derive(Debug, Clone, Copy)]
pub struct WindowLimits {
    /// The most bytes of a window. A chunk longer than that has a window of its own.
    pub max_bytes: u64,
    /// The most bytes between two chunks of a window. They are read in vain.
    pub gap_max_bytes: u64,
}

/// Groups new chunks into windows.
pub fn chunk_windows(new_chunks: &[NewChunk], limits: WindowLimits) -> Vec<ChunkWindow> {
    let mut windows: Vec<ChunkWindow> = Vec::new();
    for new in new_chunks {
        let start = new.offset_bytes;
        let end = start + u64::from(new.chunk.length_bytes());
        match windows.last_mut() {
            Some(last)
                if start - last.range.end <= limits.gap_max_bytes
                    && end - last.range.start <= limits.max_bytes =>
            {
                last.range.end = end;
                last.chunks.push(*new);
            }
            _ => windows.push(ChunkWindow { range: start..end, chunks: vec![*new] }),
        }
    }
    windows
}

/// Packs that were written for new chunks, and where they have each chunk.
#[derive(Debug, Clone, Default)]
pub struct WrittenPacks {
    packs: Vec<PackId>,
    length_bytes: u64,
    positions: HashMap<ChunkId, ChunkPosition>,
}

/// Where a chunk was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChunkPosition {
    /// The number of the pack among those written, from 0.
    pub pack_ordinal: u32,
    /// The number of the chunk in its pack, from 0.
    pub chunk_number: u32,
}

impl WrittenPacks {
    /// Whether the chunk has a position.
    pub fn contains(&self, chunk: &Chunk) -> bool {
        self.positions.contains_key(&chunk.id())
    }

    /// Notes the position that the chunk has, or will have once its pack is written.
    pub fn add_chunk(&mut self, chunk: &Chunk, position: ChunkPosition) {
        self.positions.insert(chunk.id(), position);
    }

    /// Notes that the next pack has been written. Packs are added in the order of their ordinals.
    pub fn add_pack(&mut self, pack_id: PackId, length_bytes: u64) {
        self.packs.push(pack_id);
        self.length_bytes += length_bytes;
    }

    /// The packs in the order of their ordinals.
    pub fn packs(&self) -> &[PackId] {
        &self.packs
    }

    /// The length of all packs in bytes.
    pub fn length_bytes(&self) -> u64 {
        self.length_bytes
    }

    /// The terms of a blob that consists of `chunks`: those of `runs` for known chunks, and the written packs
    /// for new ones.
    ///
    /// # Panics
    /// If a new chunk or its pack was not added.
    pub fn terms(&self, chunks: &[Chunk], runs: &[Run]) -> Vec<Term> {
        let mut terms = Vec::new();
        for (run, chunks) in runs_with_chunks(chunks, runs) {
            match run {
                Run::Known(term) => append(&mut terms, *term),
                Run::New { .. } => {
                    for chunk in chunks {
                        append(&mut terms, self.term(chunk));
                    }
                }
            }
        }
        terms
    }

    fn term(&self, chunk: &Chunk) -> Term {
        let position = self.positions[&chunk.id()];
        Term {
            pack_id: self.packs[position.pack_ordinal as usize],
            first_chunk: position.chunk_number,
            chunk_count: 1,
            raw_length_bytes: chunk.length_bytes(),
        }
    }

    /// The hooks of a blob that were written, each with its pack. `drafts` are the blob's packs as they were
    /// cut when its chunks were looked up: the same chunks are sampled then and now.
    pub fn hooks(&self, drafts: &[PackDraft]) -> Vec<(ChunkId, PackId)> {
        let pack_of = |hook: &ChunkId| Some(self.packs[self.positions.get(hook)?.pack_ordinal as usize]);
        let hooks = drafts.iter().flat_map(|draft| hooks(draft.chunks()));
        hooks.filter_map(|hook| Some((hook, pack_of(&hook)?))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pack::PackCutter;
    use crate::pack_index::PackIndex;
    use crate::time::Timestamp;
    use proptest::prelude::*;

    const MIB: u64 = 1 << 20;

    /// Chunks of the same seed are the same chunk.
    fn chunk(seed: u32) -> Chunk {
        Chunk::new(ChunkId::of(&seed.to_le_bytes()), 4096 + seed % 1000).expect("a length within bounds")
    }

    fn chunks(seeds: impl IntoIterator<Item = u32>) -> Vec<Chunk> {
        seeds.into_iter().map(chunk).collect()
    }

    fn pack_id(number: u32) -> PackId {
        PackId::derived(Timestamp::from_unix_milliseconds(0), &number.to_le_bytes())
    }

    fn known_pack(number: u32, seeds: impl IntoIterator<Item = u32>) -> KnownPack {
        KnownPack::new(PackIndex::new(pack_id(number), chunks(seeds)).expect("a pack"))
    }

    fn known_run(pack: u32) -> Run {
        Run::Known(Term { pack_id: pack_id(pack), first_chunk: 0, chunk_count: 1, raw_length_bytes: 4096 })
    }

    fn matches(runs: Vec<Run>, new_bytes: u64) -> ChunkMatches {
        ChunkMatches { runs, new_bytes }
    }

    /// Writes the new chunks as a worker does, in packs of at most `pack_chunks`.
    fn write(new_chunks: &[NewChunk], pack_chunks: usize) -> (WrittenPacks, HashMap<PackId, Vec<Chunk>>) {
        let mut written = WrittenPacks::default();
        let mut packs = HashMap::new();
        for (pack_ordinal, pack) in (0..).zip(new_chunks.chunks(pack_chunks)) {
            let chunks: Vec<Chunk> = pack.iter().map(|new| new.chunk).collect();
            for (chunk_number, chunk) in (0..).zip(&chunks) {
                assert!(!written.contains(chunk), "a new chunk is written once");
                written.add_chunk(chunk, ChunkPosition { pack_ordinal, chunk_number });
            }
            let id = pack_id(1000 + pack_ordinal);
            written.add_pack(id, chunks.iter().map(|chunk| u64::from(chunk.length_bytes())).sum());
            packs.insert(id, chunks);
        }
        (written, packs)
    }

    #[test]
    fn a_rewrite_is_worthwhile_from_a_quarter_of_known_bytes_on() {
        let one_known = |new_bytes| matches(vec![known_run(1)], new_bytes).is_rewrite_worthwhile(400);
        assert!(one_known(0));
        assert!(one_known(300));
        assert!(!one_known(301));
        assert!(!one_known(400));
        assert!(!matches(Vec::new(), 0).is_rewrite_worthwhile(0), "nothing is shared of an empty object");
        assert!(!matches(Vec::new(), 1).is_rewrite_worthwhile(1), "a quarter of one byte is none");
    }

    #[test]
    fn a_rewrite_that_does_not_fit_into_a_manifest_is_not_worthwhile() {
        let known = |packs| (0..packs).map(known_run).collect::<Vec<_>>();
        let size = 100_000 * MIB;
        assert!(matches(known(89), 0).is_rewrite_worthwhile(size));
        assert!(!matches(known(90), 0).is_rewrite_worthwhile(size), "no pack is left for new chunks");
        assert!(matches(known(88), 32 * MIB).is_rewrite_worthwhile(size));
        assert!(!matches(known(89), 32 * MIB).is_rewrite_worthwhile(size), "new chunks may take two packs");

        let runs = |count| vec![known_run(1); count];
        assert!(matches(runs(RUNS_MAX), 0).is_rewrite_worthwhile(size));
        assert!(!matches(runs(RUNS_MAX + 1), 0).is_rewrite_worthwhile(size));
    }

    #[test]
    fn a_new_chunk_that_occurs_twice_counts_once() {
        let found = ChunkMatches::find(&chunks([7, 1, 7, 8]), &[&known_pack(1, [1])]);
        assert_eq!(found.new_bytes, u64::from(chunk(7).length_bytes() + chunk(8).length_bytes()));
    }

    #[test]
    fn windows_end_at_wide_gaps_and_at_the_limit() {
        let object = chunks([7, 8, 1, 9, 10]);
        let found = ChunkMatches::find(&object, &[&known_pack(1, [1])]);
        let new = new_chunks(&object, &found.runs);
        let ranges = |max_bytes, gap_max_bytes| -> Vec<Range<u64>> {
            let windows = chunk_windows(&new, WindowLimits { max_bytes, gap_max_bytes });
            windows.into_iter().map(|window| window.range).collect()
        };
        let two = vec![0..8207, 12304..20515];
        assert_eq!(ranges(1 << 20, 4096), two, "a known chunk of 4097 bytes is too wide");
        assert_eq!(ranges(1 << 20, 4097), vec![Range { start: 0, end: 20515 }]);
        assert_eq!(ranges(20514, 4097), [0..16409, 16409..20515]);
        let four = [0..4103, 4103..8207, 12304..16409, 16409..20515];
        assert_eq!(ranges(8206, 4096), four, "none is over the limit");
    }

    #[test]
    fn hooks_lead_to_written_packs_alone() {
        let object = chunks(0..500);
        let mut cutter = PackCutter::new();
        assert!(object.iter().all(|chunk| cutter.push(*chunk).is_none()));
        let drafts: Vec<PackDraft> = cutter.finish().into_iter().collect();
        let found = ChunkMatches::find(&object, &[&known_pack(1, 0..250)]);
        let (written, packs) = write(&new_chunks(&object, &found.runs), 100);
        let written_hooks = written.hooks(&drafts);
        assert!(!written_hooks.is_empty());
        for (hook, pack) in &written_hooks {
            assert!(packs[pack].iter().any(|chunk| chunk.id() == *hook));
        }
        let known: HashSet<ChunkId> = object[..250].iter().map(Chunk::id).collect();
        let new_hooks = hooks(&object).into_iter().filter(|hook| !known.contains(hook)).count();
        assert_eq!(written_hooks.len(), new_hooks);
    }

    proptest! {
        #[test]
        fn the_terms_of_a_rewritten_object_are_its_chunks(
            object in prop::collection::vec(0_u32..60, 0..200),
            known in prop::collection::vec(prop::collection::vec(0_u32..60, 1..30), 0..4),
            pack_chunks in 1_usize..20,
            window_bytes in 1_u64..40_000,
            gap_max_bytes in 0_u64..10_000,
        ) {
            let object = chunks(object);
            let known: Vec<KnownPack> = (0..).zip(known).map(|(number, seeds)| known_pack(number, seeds)).collect();
            let found = ChunkMatches::find(&object, &known.iter().collect::<Vec<_>>());
            let new = new_chunks(&object, &found.runs);
            let (written, mut packs) = write(&new, pack_chunks);
            prop_assert_eq!(written.length_bytes(), found.new_bytes);
            prop_assert_eq!(written.packs().len(), packs.len());
            packs.extend(known.iter().map(|pack| (pack.index().pack_id(), pack.index().chunks().to_vec())));

            let mut rewritten = Vec::new();
            for Term { pack_id, first_chunk, chunk_count, raw_length_bytes } in written.terms(&object, &found.runs) {
                let of_term = &packs[&pack_id][first_chunk as usize..(first_chunk + chunk_count) as usize];
                prop_assert_eq!(of_term.iter().map(Chunk::length_bytes).sum::<u32>(), raw_length_bytes);
                rewritten.extend_from_slice(of_term);
            }
            prop_assert_eq!(rewritten, object);

            let limits = WindowLimits { max_bytes: window_bytes, gap_max_bytes };
            let windows = chunk_windows(&new, limits);
            let in_windows: Vec<NewChunk> = windows.iter().flat_map(|window| window.chunks.clone()).collect();
            prop_assert_eq!(in_windows, new);
            for ChunkWindow { range, chunks } in &windows {
                prop_assert_eq!(range.start, chunks[0].offset_bytes);
                let mut end = range.start;
                for NewChunk { offset_bytes, chunk } in chunks {
                    prop_assert!(offset_bytes - end <= gap_max_bytes);
                    end = offset_bytes + u64::from(chunk.length_bytes());
                }
                prop_assert_eq!(range.end, end);
                prop_assert!(range.end - range.start <= window_bytes || chunks.len() == 1);
            }
        }
    }
}
