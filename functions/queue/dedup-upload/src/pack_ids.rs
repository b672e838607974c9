//! Derives the ids of packs, so that a step that is repeated names the same packs.

use sluice_domain::chunk::{CHUNK_MAX_BYTES, Chunk};
use sluice_domain::id::{ObjectVersionId, PackId};
use sluice_domain::pack::PACK_MAX_BYTES;
use sluice_domain::upload::Upload;

/// The id of a pack that is cut out of a landed object: the same whenever the same bytes are read again.
pub fn cut_pack_id(upload: &Upload, object_version: ObjectVersionId, ordinal: u32) -> PackId {
    let seed = [object_version.as_bytes().as_slice(), &ordinal.to_le_bytes()].concat();
    PackId::derived(upload.created_at, &seed)
}

/// The ids of all packs that an object of `size_bytes` may be cut into.
pub fn possible_cut_pack_ids(
    upload: &Upload,
    object_version: ObjectVersionId,
    size_bytes: u64,
) -> Vec<PackId> {
    (0..cut_pack_count_max(size_bytes)).map(|ordinal| cut_pack_id(upload, object_version, ordinal)).collect()
}

/// A pack closes when the next chunk does not fit, so it is never further from full than the longest chunk.
fn cut_pack_count_max(size_bytes: u64) -> u32 {
    let closed_min_bytes = u64::from(PACK_MAX_BYTES - CHUNK_MAX_BYTES);
    size_bytes.div_ceil(closed_min_bytes) as u32 + 1
}

/// The id of a pack that is written for new chunks.
///
/// It depends on the chunks: a repeated run may find other chunks new than the first run did. It must then
/// write another pack, not overwrite the first.
pub fn written_pack_id(upload: &Upload, chunks: &[Chunk]) -> PackId {
    let chunk_ids = chunks.iter().flat_map(|chunk| *chunk.id().as_bytes());
    let seed: Vec<u8> = upload.upload_id.as_bytes().iter().copied().chain(chunk_ids).collect();
    PackId::derived(upload.created_at, &seed)
}

/// The id of the pack that a client sent under this number and that landed with this `ETag`.
pub fn received_pack_id(upload: &Upload, number: u32, etag: &str) -> PackId {
    let seed = [upload.version_id.as_bytes().as_slice(), &number.to_le_bytes(), etag.as_bytes()].concat();
    PackId::derived(upload.created_at, &seed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use sluice_domain::chunk::CHUNK_MIN_BYTES;
    use sluice_domain::hash::ChunkId;
    use sluice_domain::pack::PackCutter;

    fn pack_count(lengths: impl IntoIterator<Item = u32>) -> (u64, u32) {
        let mut cutter = PackCutter::new();
        let mut size_bytes = 0;
        let mut pack_count = 0;
        for length in lengths {
            let chunk = Chunk::new(ChunkId::of(b""), length).expect("a chunk");
            size_bytes += u64::from(length);
            pack_count += u32::from(cutter.push(chunk).is_some());
        }
        (size_bytes, pack_count + u32::from(cutter.finish().is_some()))
    }

    #[test]
    fn the_worst_cut_is_within_the_possible_packs() {
        // Each pack has one byte too little room for the next chunk.
        let rest = CHUNK_MAX_BYTES - 1;
        let pack = [vec![CHUNK_MAX_BYTES; 1022], vec![rest, CHUNK_MIN_BYTES + 2]].concat();
        for packs in [1, 2, 40] {
            let lengths = pack.iter().copied().cycle().take(pack.len() * packs);
            let (size_bytes, count) = pack_count(lengths);
            assert!(count <= cut_pack_count_max(size_bytes), "{count} packs of {size_bytes} bytes");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn no_object_is_cut_into_more_packs_than_possible(
            lengths in prop::collection::vec(CHUNK_MIN_BYTES..=CHUNK_MAX_BYTES, 1..8000),
            last in 1..=CHUNK_MAX_BYTES,
        ) {
            let (size_bytes, count) = pack_count(lengths.into_iter().chain([last]));
            prop_assert!(count <= cut_pack_count_max(size_bytes));
        }
    }
}
