//! Checks delta uploads: the client cuts chunks itself and sends only those that the account lacks.
//!
//! The client states lengths of chunks, never their ids: Sluice computes the ids from the received bytes, so
//! a client cannot lie about them. The manifest is first checked for consistency ([`PackManifest::check`]),
//! then against the packs that it refers to. In the end the whole blob is checked against its SHA-256.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::ops::Range;

use crate::chunk::CHUNK_MAX_BYTES;
use crate::id::PackId;
use crate::manifest::MANIFEST_MAX_PACKS;
use crate::pack::{PACK_MAX_BYTES, PACK_MAX_CHUNKS};
use crate::upload::DeclaredPack;

/// How the packs of a delta upload make the blob.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PackManifest {
    /// For each pack that was sent, in order: the lengths in bytes of its chunks, which follow one another.
    #[cfg_attr(
        feature = "schema",
        schemars(
            length(max = MANIFEST_MAX_PACKS),
            inner(length(min = 1, max = PACK_MAX_CHUNKS), inner(range(min = 1, max = CHUNK_MAX_BYTES)))
        )
    )]
    pub packs: Vec<Vec<u32>>,
    /// The blob as runs of chunks, in order.
    pub terms: Vec<ManifestTerm>,
}

/// A run of consecutive chunks of one pack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ManifestTerm {
    /// The pack that contains the chunks.
    pub pack: PackReference,
    /// The number of the first chunk in the pack, from 0.
    #[cfg_attr(feature = "schema", schemars(range(max = PACK_MAX_CHUNKS - 1)))]
    pub first_chunk: u32,
    /// Number of chunks, at least 1.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = PACK_MAX_CHUNKS)))]
    pub chunk_count: u32,
    /// Total length of the chunks in bytes.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = PACK_MAX_BYTES)))]
    pub length: u32,
}

/// A pack as a manifest of a client names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(untagged)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum PackReference {
    /// A pack that this upload sends, by its number from 1.
    Sent(#[cfg_attr(feature = "schema", schemars(range(min = 1, max = MANIFEST_MAX_PACKS)))] u32),
    /// A pack that the account already has, by its id.
    Stored(PackId),
}

/// Why declared packs are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPacks {
    /// There are more than [`MANIFEST_MAX_PACKS`] packs.
    #[error("an upload sends at most {MANIFEST_MAX_PACKS} packs, not {0}; send the file whole")]
    Count(usize),
    /// The file is larger than [`DELTA_BLOB_MAX_BYTES`].
    #[error("a file of more than {DELTA_BLOB_MAX_BYTES} bytes is sent whole")]
    BlobTooLarge,
    /// The pack with this number, from 1, is empty or over 64 MiB.
    #[error("pack {0} does not have 1 to {PACK_MAX_BYTES} bytes")]
    Size(usize),
    /// The packs have more bytes than the file, for which quota is reserved.
    #[error("the packs have {packs_bytes} bytes and the file only {size}; send each missing chunk once")]
    Sum {
        /// Total size of the packs in bytes.
        packs_bytes: u64,
        /// Declared size of the file in bytes.
        size: u64,
    },
}

/// Every term counts as at least so many bytes of work: it is a request, which takes as long as reading them.
const TERM_WORK_MIN_BYTES: u64 = 256 << 10;

/// How many times as large as the distinct bytes that it refers to a delta upload may be. Files with runs of
/// zeros, such as disk images, keep within it unless they are almost empty.
const REPEATS_MAX: u64 = 64;

/// A delta upload up to this size may repeat itself as it likes: reading it costs little.
const REPEATS_FREE_BYTES: u64 = PACK_MAX_BYTES as u64;

/// Whether a blob of `size` bytes, made of ranges of packs, consists of few bytes again and again. A short
/// request would make the worker read and hash gigabytes; the whole file has to be sent.
pub fn is_mostly_repeats(size: u64, ranges: Vec<(PackId, Range<u64>)>) -> bool {
    size > REPEATS_FREE_BYTES && size > distinct_bytes(ranges) * REPEATS_MAX
}

/// How many bytes the ranges have in all, those in several of them counted once.
fn distinct_bytes(mut ranges: Vec<(PackId, Range<u64>)>) -> u64 {
    ranges.sort_unstable_by_key(|(pack, range)| (*pack, range.start));
    let mut sum = 0;
    let mut counted: Option<(PackId, u64)> = None;
    for (pack, range) in ranges {
        let end_before = counted.filter(|(before, _)| *before == pack).map_or(0, |(_, end)| end);
        sum += range.end.saturating_sub(range.start.max(end_before));
        counted = Some((pack, range.end.max(end_before)));
    }
    sum
}

/// The largest blob of a delta upload: as much as [`MANIFEST_MAX_PACKS`] full packs hold.
pub const DELTA_BLOB_MAX_BYTES: u64 = MANIFEST_MAX_PACKS as u64 * PACK_MAX_BYTES as u64;

/// Checks the packs that a delta upload of `size` bytes declares. Together they are not larger than the file:
/// its size is what the account reserves, and a client sends each missing chunk once.
///
/// # Errors
/// [`InvalidPacks`] names the limit that they break.
pub fn check_packs(packs: &[DeclaredPack], size: u64) -> Result<(), InvalidPacks> {
    if size > DELTA_BLOB_MAX_BYTES {
        return Err(InvalidPacks::BlobTooLarge);
    }
    if packs.len() > MANIFEST_MAX_PACKS {
        return Err(InvalidPacks::Count(packs.len()));
    }
    if let Some(index) = packs.iter().position(|pack| !(1..=PACK_MAX_BYTES).contains(&pack.size)) {
        return Err(InvalidPacks::Size(index + 1));
    }
    let packs_bytes = packs.iter().map(|pack| u64::from(pack.size)).sum();
    if packs_bytes > size { Err(InvalidPacks::Sum { packs_bytes, size }) } else { Ok(()) }
}

/// Why a manifest does not fit its upload. Packs are counted from 1, terms from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidManifest {
    /// The manifest has chunk lengths for more or fewer packs than were declared.
    #[error("the manifest has the chunks of {given} packs, and the upload has {declared}")]
    PackCount {
        /// Number of packs in the manifest.
        given: usize,
        /// Number of packs that were declared when the upload began.
        declared: usize,
    },
    /// The chunks of this pack are too many, have impossible lengths or do not add up to its size.
    #[error("the chunks of pack {0} are not 1 to 16384 of 1 to 65536 bytes that add up to its size")]
    Chunks(usize),
    /// No term refers to this pack of the upload.
    #[error("no term uses pack {0}; do not send it")]
    UnusedPack(u32),
    /// This term names an unknown pack, no chunks, chunks beyond the end of the pack, or a wrong length.
    #[error("term {0} names an unknown pack, impossible chunks or a wrong length")]
    Term(usize),
    /// The terms refer to more than [`MANIFEST_MAX_PACKS`] packs.
    #[error("a manifest refers to at most {MANIFEST_MAX_PACKS} packs, not {0}; send the file whole")]
    TooManyPacks(usize),
    /// The terms do not add up to the size of the blob.
    #[error("the terms add up to {given} bytes, and the file has {size}")]
    Size {
        /// Total length of the terms in bytes.
        given: u64,
        /// Declared size of the blob in bytes.
        size: u64,
    },
}

impl PackManifest {
    /// Checks that the manifest is consistent and fits the declared packs and the size in bytes.
    ///
    /// # Errors
    /// [`InvalidManifest`] names the first contradiction.
    pub fn check(&self, declared: &[DeclaredPack], size: u64) -> Result<(), InvalidManifest> {
        let given = self.packs.len();
        let count = declared.len();
        if given != count {
            return Err(InvalidManifest::PackCount { given, declared: count });
        }
        for (index, (lengths, pack)) in self.packs.iter().zip(declared).enumerate() {
            if !makes_pack(lengths, pack.size) {
                return Err(InvalidManifest::Chunks(index + 1));
            }
        }
        let wrong = self.terms.iter().position(|term| !self.is_possible(term));
        if let Some(index) = wrong {
            return Err(InvalidManifest::Term(index));
        }
        let used: BTreeSet<PackReference> = self.terms.iter().map(|term| term.pack).collect();
        if used.len() > MANIFEST_MAX_PACKS {
            return Err(InvalidManifest::TooManyPacks(used.len()));
        }
        if let Some(unused) = (1..=count as u32).find(|number| !used.contains(&PackReference::Sent(*number)))
        {
            return Err(InvalidManifest::UnusedPack(unused));
        }
        let given: u64 = self.terms.iter().map(|term| u64::from(term.length)).sum();
        if given == size { Ok(()) } else { Err(InvalidManifest::Size { given, size }) }
    }

    /// The bytes that verifying the upload counts as: those of the packs that are sent and of the terms.
    pub fn work_bytes(&self) -> u64 {
        let sent = self.packs.iter().flatten().map(|length| u64::from(*length));
        let terms = self.terms.iter().map(|term| u64::from(term.length).max(TERM_WORK_MIN_BYTES));
        sent.chain(terms).sum()
    }

    /// The packs of the account that the terms refer to, sorted, without repeats.
    pub fn stored_packs(&self) -> Vec<PackId> {
        let stored = self.terms.iter().filter_map(|term| match term.pack {
            PackReference::Stored(pack) => Some(pack),
            PackReference::Sent(_) => None,
        });
        stored.collect::<BTreeSet<_>>().into_iter().collect()
    }

    fn is_possible(&self, term: &ManifestTerm) -> bool {
        let end = u64::from(term.first_chunk) + u64::from(term.chunk_count);
        let bounded =
            term.chunk_count > 0 && end <= u64::from(PACK_MAX_CHUNKS) && term.length <= PACK_MAX_BYTES;
        bounded
            && match term.pack {
                PackReference::Stored(_) => true,
                PackReference::Sent(number) => {
                    let lengths = (number as usize).checked_sub(1).and_then(|index| self.packs.get(index));
                    let chunks =
                        lengths.and_then(|lengths| lengths.get(term.first_chunk as usize..end as usize));
                    chunks.is_some_and(|chunks| chunks.iter().sum::<u32>() == term.length)
                }
            }
    }
}

/// Whether chunks of these lengths make a pack of `size` bytes. The sum is at most 1 GiB and cannot overflow.
fn makes_pack(lengths: &[u32], size: u32) -> bool {
    (1..=PACK_MAX_CHUNKS as usize).contains(&lengths.len())
        && lengths.iter().all(|length| (1..=CHUNK_MAX_BYTES).contains(length))
        && lengths.iter().sum::<u32>() == size
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::Sha256;
    use proptest::prelude::*;

    fn declared(size: u32) -> DeclaredPack {
        DeclaredPack { size, sha256: Sha256::of(b"") }
    }

    fn term(pack: PackReference, first_chunk: u32, chunk_count: u32, length: u32) -> ManifestTerm {
        ManifestTerm { pack, first_chunk, chunk_count, length }
    }

    fn stored(number: u8) -> PackReference {
        PackReference::Stored(PackId::from_bytes([number; 16]))
    }

    #[test]
    fn references_are_numbers_and_ids() {
        let json = r#"{"packs":[[10]],"terms":[{"pack":1,"first_chunk":0,"chunk_count":1,"length":10},
            {"pack":"07070707070707070707070707070707","first_chunk":3,"chunk_count":2,"length":20}]}"#;
        let manifest: PackManifest = serde_json::from_str(json).expect("a manifest");
        assert_eq!(manifest.terms[0].pack, PackReference::Sent(1));
        assert_eq!(manifest.terms[1].pack, stored(7));
        assert_eq!(manifest.check(&[declared(10)], 30), Ok(()));
        assert_eq!(manifest.stored_packs(), [PackId::from_bytes([7; 16])]);
        assert_eq!(manifest.work_bytes(), 10 + 2 * TERM_WORK_MIN_BYTES);
    }

    #[test]
    fn a_manifest_that_does_not_add_up_is_refused() {
        let sent = PackReference::Sent(1);
        let good = PackManifest {
            packs: vec![vec![10, 20]],
            terms: vec![term(sent, 0, 2, 30), term(stored(1), 5, 1, 7)],
        };
        assert_eq!(good.check(&[declared(30)], 37), Ok(()));
        assert_eq!(good.check(&[declared(30)], 38), Err(InvalidManifest::Size { given: 37, size: 38 }));
        assert_eq!(good.check(&[declared(31)], 37), Err(InvalidManifest::Chunks(1)));
        assert_eq!(good.check(&[], 37), Err(InvalidManifest::PackCount { given: 1, declared: 0 }));

        let with_terms = |terms| PackManifest { terms, ..good.clone() }.check(&[declared(30)], 30);
        assert_eq!(with_terms(vec![term(stored(1), 0, 1, 30)]), Err(InvalidManifest::UnusedPack(1)));
        for wrong in [
            term(sent, 0, 0, 0),
            term(sent, 1, 2, 20),
            term(sent, 0, 1, 11),
            term(PackReference::Sent(0), 0, 1, 10),
            term(PackReference::Sent(2), 0, 1, 10),
            term(stored(1), u32::MAX, u32::MAX, 30),
            term(stored(1), 0, 1, u32::MAX),
        ] {
            assert_eq!(with_terms(vec![wrong]), Err(InvalidManifest::Term(0)), "{wrong:?}");
        }
        let many = (0..91).map(|number| term(stored(number), 0, 1, 1)).collect();
        assert_eq!(with_terms(many), Err(InvalidManifest::TooManyPacks(91)));
    }

    #[test]
    fn impossible_chunks_and_packs_are_refused() {
        let with_chunks = |lengths: Vec<u32>, size| {
            let terms = vec![term(PackReference::Sent(1), 0, lengths.len() as u32, size)];
            PackManifest { packs: vec![lengths], terms }.check(&[declared(size)], size.into())
        };
        assert_eq!(with_chunks(vec![65_536], 65_536), Ok(()));
        for (lengths, size) in [
            (vec![], 0),
            (vec![0, 10], 10),
            (vec![65_537], 65_537),
            (vec![1; 16_385], 16_385),
            (vec![u32::MAX, 2], 1),
        ] {
            assert_eq!(with_chunks(lengths, size), Err(InvalidManifest::Chunks(1)));
        }
        assert_eq!(check_packs(&[declared(1), declared(0)], 1), Err(InvalidPacks::Size(2)));
        assert_eq!(check_packs(&[declared(PACK_MAX_BYTES + 1)], 1), Err(InvalidPacks::Size(1)));
        assert_eq!(check_packs(&[declared(1); 91], 1), Err(InvalidPacks::Count(91)));
        let sum = InvalidPacks::Sum { packs_bytes: 101, size: 100 };
        assert_eq!(check_packs(&[declared(60), declared(41)], 100), Err(sum));
        assert_eq!(check_packs(&[], DELTA_BLOB_MAX_BYTES), Ok(()));
        assert_eq!(check_packs(&[], DELTA_BLOB_MAX_BYTES + 1), Err(InvalidPacks::BlobTooLarge));
    }

    #[test]
    fn a_blob_of_few_bytes_is_refused_if_it_is_large() {
        let pack = PackId::from_bytes([1; 16]);
        let of = |size, distinct| is_mostly_repeats(size, vec![(pack, 0..distinct)]);
        assert!(!of(64 << 20, 1));
        assert!(of((64 << 20) + 1, 1 << 20));
        assert!(!of(64 << 20, 1 << 20));
        assert!(!of(5760 << 20, 90 << 20));
        assert!(of(5760 << 20, (90 << 20) - 1));
    }

    proptest! {
        #[test]
        fn bytes_in_several_ranges_are_counted_once(
            ranges in prop::collection::vec((0_u8..3, 0_u64..50, 0_u64..20), 0..20),
        ) {
            let ranges: Vec<_> = ranges
                .into_iter()
                .map(|(pack, start, length)| (PackId::from_bytes([pack; 16]), start..start + length))
                .collect();
            let bytes: BTreeSet<_> =
                ranges.iter().flat_map(|(pack, range)| range.clone().map(|at| (*pack, at))).collect();
            prop_assert_eq!(distinct_bytes(ranges), bytes.len() as u64);
        }

        #[test]
        fn packs_never_have_more_bytes_than_are_reserved(
            sizes in prop::collection::vec(1_u32..1000, 0..8),
            size in 0_u64..4000,
        ) {
            let packs: Vec<DeclaredPack> = sizes.iter().copied().map(declared).collect();
            let sum: u64 = sizes.iter().copied().map(u64::from).sum();
            prop_assert_eq!(check_packs(&packs, size).is_ok(), sum <= size);
        }
    }
}
