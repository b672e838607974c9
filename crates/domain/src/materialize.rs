//! Plans how a blob in packs is materialized as one object.
//!
//! The object is built as a multipart upload. S3 requires at least 5 MiB in every part except the last
//! (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html>). The store copies runs that are long
//! enough and uncompressed in one object; shorter or compressed runs are read and sent.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;

use crate::blob::{Encoding, Pack, VAULT};
use crate::id::PackId;
use crate::manifest::Term;
use crate::pack::PACK_MAX_BYTES;
use crate::pack_index::PackIndex;
use crate::part_plan::{PART_MAX_BYTES, PART_MAX_COUNT, PART_MIN_BYTES};

/// The most bytes that one copied part has, so that the store can copy several parts at once, each in
/// seconds. It has more where there would be too many parts.
const COPIED_MAX_BYTES: u64 = 256 << 20;

/// A part of the materialized object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// The store copies a range of a stored object.
    Copied {
        /// The vault key of the stored object.
        key: String,
        /// The bytes of that object to copy.
        range: Range<u64>,
    },
    /// The worker reads these runs of chunks and sends them: little over 5 MiB in total, or more where there
    /// would be too many parts.
    Sent(Vec<Term>),
}

/// A term names a pack that is not known, or chunks that its pack does not contain.
struct UnknownChunks;

/// The parts of the blob that `terms` describe, in order. They depend only on the terms and the placements.
/// Nothing if a term names a pack that is not in `packs`, or chunks that its pack does not contain.
///
/// They are as small as S3 allows, unless that makes more than [`PART_MAX_COUNT`]. Then all but the last have
/// at least that fraction of the blob.
pub fn parts(terms: &[Term], packs: &BTreeMap<PackId, (Pack, PackIndex)>) -> Option<Vec<Part>> {
    let parts = parts_of(terms, packs, PART_MIN_BYTES)?;
    if parts.len() as u64 <= PART_MAX_COUNT {
        return Some(parts);
    }
    let size: u64 = terms.iter().map(|term| u64::from(term.raw_length_bytes)).sum();
    parts_of(terms, packs, size.div_ceil(PART_MAX_COUNT).max(PART_MIN_BYTES))
}

/// The parts, each but the last of at least `least` bytes.
fn parts_of(terms: &[Term], packs: &BTreeMap<PackId, (Pack, PackIndex)>, least: u64) -> Option<Vec<Part>> {
    let mut left: VecDeque<Term> = terms.iter().copied().collect();
    let mut parts = Vec::new();
    // A run ends where the next term, of up to a pack, does not fit. It still has the least bytes.
    let most = COPIED_MAX_BYTES.max(least + u64::from(PACK_MAX_BYTES)).min(PART_MAX_BYTES);
    while !left.is_empty() {
        match copyable_run(&left, packs, most).ok()? {
            Some((key, range, count)) if range.end - range.start >= least => {
                left.drain(..count);
                parts.push(Part::Copied { key, range });
            }
            _ => parts.push(Part::Sent(gather(&mut left, packs, least)?)),
        }
    }
    Some(parts)
}

/// The range of one object that contains the first terms of `left`, up to `most` bytes, and the number of
/// these terms. Nothing if the store cannot copy the first term.
fn copyable_run(
    left: &VecDeque<Term>,
    packs: &BTreeMap<PackId, (Pack, PackIndex)>,
    most: u64,
) -> Result<Option<(String, Range<u64>, usize)>, UnknownChunks> {
    let mut run: Option<(String, Range<u64>, usize)> = None;
    for term in left {
        let Some((key, range)) = raw_vault_range(term, packs)? else { break };
        match &mut run {
            None => run = Some((key.to_owned(), range, 1)),
            Some((of, whole, count))
                if of == key && whole.end == range.start && range.end - whole.start <= most =>
            {
                whole.end = range.end;
                *count += 1;
            }
            Some(_) => break,
        }
    }
    Ok(run)
}

/// The vault object and byte range of a term. Nothing if the term is in another store or compressed.
fn raw_vault_range<'a>(
    term: &Term,
    packs: &'a BTreeMap<PackId, (Pack, PackIndex)>,
) -> Result<Option<(&'a str, Range<u64>)>, UnknownChunks> {
    let (Pack { placement, .. }, index) = packs.get(&term.pack_id).ok_or(UnknownChunks)?;
    let extent = placement.extent(index, term.first_chunk, term.chunk_count).ok_or(UnknownChunks)?;
    let is_raw = placement.store == VAULT && placement.encoding == Encoding::Raw;
    Ok(is_raw.then_some((&*placement.key, extent.range)))
}

/// Takes terms from `left` until they have `least` bytes, and splits the last one if it is longer than
/// needed.
fn gather(
    left: &mut VecDeque<Term>,
    packs: &BTreeMap<PackId, (Pack, PackIndex)>,
    least: u64,
) -> Option<Vec<Term>> {
    let mut taken = Vec::new();
    let mut bytes = 0;
    while bytes < least
        && let Some(term) = left.pop_front()
    {
        let (_, index) = packs.get(&term.pack_id)?;
        let chunks =
            &index.chunks()[term.first_chunk as usize..(term.first_chunk + term.chunk_count) as usize];
        let mut first = Term { chunk_count: 0, raw_length_bytes: 0, ..term };
        for chunk in chunks {
            if bytes >= least {
                break;
            }
            first.chunk_count += 1;
            first.raw_length_bytes += chunk.length_bytes();
            bytes += u64::from(chunk.length_bytes());
        }
        if first.chunk_count < term.chunk_count {
            left.push_front(Term {
                first_chunk: term.first_chunk + first.chunk_count,
                chunk_count: term.chunk_count - first.chunk_count,
                raw_length_bytes: term.raw_length_bytes - first.raw_length_bytes,
                ..term
            });
        }
        taken.push(first);
    }
    Some(taken)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blob::{Attachment, Life, Placement};
    use crate::chunk::Chunk;
    use crate::hash::ChunkId;
    use crate::id::AccountId;
    use crate::time::Timestamp;
    use proptest::prelude::*;

    const MIB: u64 = 1 << 20;

    /// A pack of `count` chunks of 64 KiB at `offset` of the object `key`.
    fn pack(number: u8, count: u32, key: &str, offset: u64) -> (PackId, (Pack, PackIndex)) {
        let pack_id = PackId::from_bytes([number; 16]);
        let chunk = |n: u32| Chunk::new(ChunkId::of(&[&[number], &n.to_le_bytes()[..]].concat()), 1 << 16);
        let chunks = (0..count).map(|n| chunk(n).expect("a chunk")).collect();
        let index = PackIndex::new(pack_id, chunks).expect("a pack");
        let size = u64::from(index.raw_length_bytes());
        let row = Pack {
            pack_id,
            account_id: AccountId::from_bytes([0; 16]),
            life: Life::Live,
            references: 1,
            size,
            chunk_count: count,
            index: Attachment::Inline(Vec::new()),
            placement: Placement::first(key.to_owned(), offset, size),
            former: None,
            created_at: Timestamp::from_unix_milliseconds(0),
        };
        (pack_id, (row, index))
    }

    fn term(number: u8, first_chunk: u32, chunk_count: u32) -> Term {
        let pack_id = PackId::from_bytes([number; 16]);
        Term { pack_id, first_chunk, chunk_count, raw_length_bytes: chunk_count << 16 }
    }

    #[test]
    fn adjacent_runs_are_copied_at_once_and_small_runs_take_what_they_need_from_the_next() {
        let packs = BTreeMap::from([
            pack(1, 512, "a", 0),
            pack(2, 512, "a", 32 * MIB),
            pack(3, 16, "b", 0),
            pack(4, 1, "c", 7),
        ]);
        let copied = |key: &str, range| Part::Copied { key: key.to_owned(), range };
        assert_eq!(parts(&[term(1, 0, 512), term(2, 0, 512)], &packs), Some(vec![copied("a", 0..64 * MIB)]));
        assert_eq!(
            parts(&[term(3, 0, 16), term(1, 0, 512), term(4, 0, 1)], &packs),
            Some(vec![
                Part::Sent(vec![term(3, 0, 16), term(1, 0, 64)]),
                copied("a", 4 * MIB..32 * MIB),
                Part::Sent(vec![term(4, 0, 1)]),
            ])
        );
        assert_eq!(parts(&[], &packs), Some(Vec::new()));
        assert_eq!(parts(&[term(9, 0, 1)], &packs), None, "an unknown pack");
        assert_eq!(parts(&[term(3, 10, 7)], &packs), None, "beyond the pack's end");
    }

    #[test]
    fn packs_in_another_store_are_sent() {
        let mut packs = BTreeMap::from([pack(1, 400, "a", 0)]);
        for (pack, _) in packs.values_mut() {
            "oss".clone_into(&mut pack.placement.store);
        }
        let made = parts(&[term(1, 0, 400)], &packs).expect("parts");
        assert_eq!(made.len(), 5);
        assert!(made.iter().all(|part| matches!(part, Part::Sent(_))));
    }

    fn sent_bytes(part: &Part) -> u64 {
        match part {
            Part::Copied { key, .. } => panic!("{key} is copied"),
            Part::Sent(terms) => terms.iter().map(|term| u64::from(term.raw_length_bytes)).sum(),
        }
    }

    #[test]
    fn parts_grow_where_there_would_be_too_many() {
        // 1,000 packs of 64 MiB would make 13,000 parts of 5 MiB.
        let (id, (mut row, index)) = pack(1, 1024, "a", 0);
        "oss".clone_into(&mut row.placement.store);
        let made =
            parts(&vec![term(1, 0, 1024); 1000], &BTreeMap::from([(id, (row, index))])).expect("parts");
        assert!(made.len() as u64 <= PART_MAX_COUNT, "{}", made.len());
        assert!(made.len() > 9_900, "no more than they must: {}", made.len());
        assert_eq!(made.iter().map(sent_bytes).sum::<u64>(), 1000 * 64 * MIB);
        // Terms that are not adjacent can be copied one by one only.
        let packs = BTreeMap::from([pack(1, 1024, "a", 0)]);
        let made = parts(&vec![term(1, 0, 1000); 10_001], &packs).expect("parts");
        assert!(made.len() as u64 <= PART_MAX_COUNT, "{}", made.len());
    }

    #[test]
    fn copied_parts_grow_with_the_least() {
        let packs: BTreeMap<_, _> = (0..20).map(|n| pack(n, 1024, "a", u64::from(n) * 64 * MIB)).collect();
        let terms: Vec<Term> = (0..20).map(|n| term(n, 0, 1024)).collect();
        let made = parts_of(&terms, &packs, 500 * MIB).expect("parts");
        let copied = |range| Part::Copied { key: "a".to_owned(), range };
        let [first, second, last] = &made[..] else { panic!("{made:?}") };
        assert_eq!([first, second], [&copied(0..512 * MIB), &copied(512 * MIB..1024 * MIB)]);
        assert_eq!(sent_bytes(last), 256 * MIB);
    }

    proptest! {
        #[test]
        fn parts_make_the_blob_and_keep_the_limits(
            runs in prop::collection::vec((1_u8..4, 0_u32..200, 1_u32..200), 0..30),
        ) {
            let packs =
                BTreeMap::from([pack(1, 400, "a", 0), pack(2, 400, "a", 25 * MIB), pack(3, 400, "b", 9)]);
            let terms: Vec<Term> =
                runs.iter().map(|(number, first, count)| term(*number, *first, *count)).collect();
            let range_of =
                |term: &Term| raw_vault_range(term, &packs).ok().flatten().expect("a range of the vault");
            let parts = parts(&terms, &packs).expect("parts");
            let mut bytes = Vec::new();
            let ranges = |ranges: &mut Vec<(String, u64)>, key: &str, range: Range<u64>| {
                ranges.extend(range.step_by(1 << 16).map(|at| (key.to_owned(), at)));
            };
            for (number, part) in parts.iter().enumerate() {
                let length = match part {
                    Part::Copied { key, range } => {
                        ranges(&mut bytes, key, range.clone());
                        range.end - range.start
                    }
                    Part::Sent(terms) => {
                        for term in terms {
                            let (key, range) = range_of(term);
                            ranges(&mut bytes, key, range);
                        }
                        let length = terms.iter().map(|term| u64::from(term.raw_length_bytes)).sum();
                        prop_assert!(length < PART_MIN_BYTES + (1 << 16));
                        length
                    }
                };
                prop_assert!(length >= PART_MIN_BYTES || number + 1 == parts.len());
            }
            let mut whole = Vec::new();
            for term in &terms {
                let (key, range) = range_of(term);
                ranges(&mut whole, key, range);
            }
            prop_assert_eq!(bytes, whole);
        }
    }
}
