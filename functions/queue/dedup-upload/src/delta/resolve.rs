//! Resolves the manifest of a delta upload to terms of stored packs.

use sluice_contracts::packs::{ManifestTerm, PackManifest, PackReference};
use sluice_domain::delta::is_mostly_repeats;
use sluice_domain::id::PackId;
use sluice_domain::manifest::{Term, append};
use sluice_domain::pack_index::PackIndex;
use std::collections::HashMap;

use crate::dedup::reusable_packs::ReusablePack;

pub type PacksById = HashMap<PackId, ReusablePack>;

/// Resolves every term, or returns nothing if one names chunks that its pack does not have, or that do not
/// have the length it says, or if they are the same bytes again and again. `received` are the packs that the
/// client sent, in order.
pub fn resolve<'a>(
    manifest: &PackManifest,
    received: &[PackId],
    index_of: impl Fn(PackId) -> Option<&'a PackIndex>,
) -> Option<Vec<Term>> {
    let mut terms = Vec::new();
    let mut ranges = Vec::new();
    for ManifestTerm { pack, first_chunk, chunk_count, length } in manifest.terms.iter().copied() {
        let pack_id = match pack {
            PackReference::Stored(pack_id) => pack_id,
            PackReference::Sent(number) => *received.get((number as usize).checked_sub(1)?)?,
        };
        let range = index_of(pack_id)?.raw_range(first_chunk, chunk_count)?;
        if range.end - range.start != u64::from(length) {
            return None;
        }
        ranges.push((pack_id, range));
        append(&mut terms, Term { pack_id, first_chunk, chunk_count, raw_length_bytes: length });
    }
    let size = manifest.terms.iter().map(|term| u64::from(term.length)).sum();
    (!is_mostly_repeats(size, ranges)).then_some(terms)
}

#[cfg(test)]
mod tests {
    use super::*;
    use sluice_domain::chunk::Chunk;
    use sluice_domain::hash::ChunkId;

    const STORED: u8 = 1;
    const RECEIVED: u8 = 2;

    fn pack_id(number: u8) -> PackId {
        PackId::from_bytes([number; 16])
    }

    fn index(number: u8, lengths: &[u32]) -> (PackId, PackIndex) {
        let chunk = |length: &u32| Chunk::new(ChunkId::of(b""), *length).expect("a chunk");
        let index = PackIndex::new(pack_id(number), lengths.iter().map(chunk).collect()).expect("a pack");
        (index.pack_id(), index)
    }

    /// Resolves against a stored pack of chunks of 10, 20 and 30 bytes, and a received one of 5 and 6 bytes.
    fn resolved(terms: &[(PackReference, u32, u32, u32)]) -> Option<Vec<Term>> {
        let indexes = HashMap::from([index(STORED, &[10, 20, 30]), index(RECEIVED, &[5, 6])]);
        let terms = terms.iter().map(|(pack, first_chunk, chunk_count, length)| ManifestTerm {
            pack: *pack,
            first_chunk: *first_chunk,
            chunk_count: *chunk_count,
            length: *length,
        });
        let manifest = PackManifest { packs: vec![vec![5, 6]], terms: terms.collect() };
        resolve(&manifest, &[pack_id(RECEIVED)], |pack| indexes.get(&pack))
    }

    fn stored(number: u8) -> PackReference {
        PackReference::Stored(pack_id(number))
    }

    #[test]
    fn terms_name_stored_and_received_packs_and_neighbours_become_one() {
        let terms =
            [(stored(STORED), 0, 1, 10), (stored(STORED), 1, 2, 50), (PackReference::Sent(1), 1, 1, 6)];
        let term = |pack, first_chunk, chunk_count, raw_length_bytes| Term {
            pack_id: pack_id(pack),
            first_chunk,
            chunk_count,
            raw_length_bytes,
        };
        assert_eq!(resolved(&terms), Some(vec![term(STORED, 0, 3, 60), term(RECEIVED, 1, 1, 6)]));
        assert_eq!(resolved(&[]), Some(Vec::new()));
    }

    #[test]
    fn terms_that_no_pack_has_are_refused() {
        for wrong in [
            (stored(STORED), 2, 2, 30),
            (stored(STORED), 0, 1, 11),
            (stored(STORED), u32::MAX, u32::MAX, 1),
            (stored(9), 0, 1, 10),
            (PackReference::Sent(0), 0, 1, 5),
            (PackReference::Sent(2), 0, 1, 5),
        ] {
            assert_eq!(resolved(&[(stored(STORED), 0, 1, 10), wrong]), None, "{wrong:?}");
        }
    }
}
