//! Tests the binary formats: decoders read what was written, and refuse everything else without panics.

mod support;

use proptest::prelude::*;
use sluice_domain::binary::FormatError;
use sluice_domain::chunk::CHUNK_MAX_BYTES;
use sluice_domain::content_pass::{CheckpointError, ContentPass};
use sluice_domain::frames::{FRAME_MAX_BYTES, Frame, FrameTable};
use sluice_domain::hash::Sha256;
use sluice_domain::id::PackId;
use sluice_domain::manifest::{Manifest, ManifestError, Term};
use sluice_domain::pack::{PACK_MAX_BYTES, PACK_MAX_CHUNKS};
use sluice_domain::pack_index::{PackIndex, PackIndexError};
use support::{Checksum, chunk, chunks, content, damage, damages, sealed};

fn pack_index() -> impl Strategy<Value = PackIndex> {
    (any::<[u8; 16]>(), chunks(300))
        .prop_map(|(id, chunks)| PackIndex::new(PackId::from_bytes(id), chunks).expect("within the limits"))
}

/// Manifests with terms over few packs, so that packs repeat.
fn manifest() -> impl Strategy<Value = Manifest> {
    let run = (0..8u8, 0..PACK_MAX_CHUNKS, 1..1024u32, 1..=CHUNK_MAX_BYTES);
    (any::<[u8; 32]>(), prop::collection::vec(run, 0..60)).prop_map(|(sha256, runs)| {
        let term = |(pack, first_chunk, count, length_bytes): (u8, u32, u32, u32)| {
            let chunk_count = count.min(PACK_MAX_CHUNKS - first_chunk);
            let raw_length_bytes = chunk_count * length_bytes;
            Term { pack_id: PackId::from_bytes([pack; 16]), first_chunk, chunk_count, raw_length_bytes }
        };
        let terms: Vec<_> = runs.into_iter().map(term).collect();
        let size_bytes = terms.iter().map(|term| u64::from(term.raw_length_bytes)).sum();
        Manifest::new(size_bytes, Sha256::from(sha256), terms).expect("terms that add up")
    })
}

fn open_pass() -> impl Strategy<Value = ContentPass> {
    content().prop_map(|content| {
        let mut pass = ContentPass::new();
        assert!(pass.update(&content).is_empty());
        pass
    })
}

fn frame_table() -> impl Strategy<Value = FrameTable> {
    let frame = (1..=PACK_MAX_CHUNKS, 1..=FRAME_MAX_BYTES);
    prop::collection::vec(frame, 0..300).prop_map(|frames| {
        let frame = |(chunk_count, stored_length_bytes)| Frame { chunk_count, stored_length_bytes };
        FrameTable::new(frames.into_iter().map(frame).collect()).expect("possible frames")
    })
}

/// Every decoder either refuses `bytes` or reads a value that is written as exactly these bytes.
fn read_all(bytes: &[u8]) {
    if let Ok(index) = PackIndex::decode(bytes) {
        assert_eq!(index.encode(), bytes);
    }
    if let Ok(manifest) = Manifest::decode(bytes) {
        assert_eq!(manifest.encode(), bytes);
    }
    if let Ok(table) = FrameTable::decode(bytes) {
        assert_eq!(table.encode(), bytes);
    }
    if let Ok(pass) = ContentPass::resume(bytes) {
        assert_eq!(pass.checkpoint(), bytes);
        let _ = pass.finish();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn values_are_read_back(index in pack_index(), manifest in manifest(), table in frame_table()) {
        prop_assert_eq!(FrameTable::decode(&table.encode()), Ok(table));
        prop_assert!(index.encode().len() <= 36 * index.chunks().len() + 40);
        prop_assert_eq!(PackIndex::decode(&index.encode()), Ok(index));
        prop_assert_eq!(Manifest::decode(&manifest.encode()), Ok(manifest));
    }

    #[test]
    fn random_bytes_are_survived(
        bytes in prop::collection::vec(any::<u8>(), 0..400),
        magic in prop::sample::select(vec![b"SLpi", b"SLmf", b"SLcp", b"SLft"]),
    ) {
        read_all(&bytes);
        read_all(&sealed(&[magic.as_slice(), &[1], &bytes].concat()));
    }

    #[test]
    fn damage_is_detected(
        index in pack_index(),
        manifest in manifest(),
        table in frame_table(),
        damages in damages(),
    ) {
        for value in [index.encode(), manifest.encode(), table.encode()] {
            let damaged = damage(&value, &damages, Checksum::Kept);
            let read = PackIndex::decode(&damaged).is_ok() || Manifest::decode(&damaged).is_ok();
            prop_assert!(damaged == value || !read);
            read_all(&damage(&value, &damages, Checksum::Renewed));
        }
    }

    #[test]
    fn raw_ranges_follow_one_another(index in pack_index(), split: prop::sample::Index) {
        let count = index.chunks().len() as u32;
        let first = split.index(count as usize + 1) as u32;
        let before = index.raw_range(0, first);
        let after = index.raw_range(first, count - first);
        let length_bytes = u64::from(index.raw_length_bytes());
        prop_assert_eq!(before.clone().map(|range| range.end), after.clone().map(|range| range.start));
        prop_assert_eq!(before.map(|range| range.start), Some(0));
        prop_assert_eq!(after.map(|range| range.end), Some(length_bytes));
        prop_assert_eq!(index.raw_range(first, count - first + 1), None);
        prop_assert_eq!(index.raw_range(u32::MAX, u32::MAX), None);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_damaged_checkpoint_is_detected(pass in open_pass(), damages in damages()) {
        let checkpoint = pass.checkpoint();
        let damaged = damage(&checkpoint, &damages, Checksum::Kept);
        prop_assert!(damaged == checkpoint || ContentPass::resume(&damaged).is_err());
        read_all(&damage(&checkpoint, &damages, Checksum::Renewed));
    }
}

/// The varint of 2^40.
const TWO_TO_THE_40: [u8; 6] = [0x80, 0x80, 0x80, 0x80, 0x80, 0x20];

#[test]
fn a_table_that_claims_more_than_its_bytes_is_refused_before_it_is_allocated() {
    let claim = FormatError::CountBeyondInput(1 << 40);
    let index = sealed(&[b"SLpi\x01".as_slice(), &[7; 16], &TWO_TO_THE_40, &[0; 34]].concat());
    assert_eq!(PackIndex::decode(&index), Err(PackIndexError::Format(claim)));
    let manifest = sealed(&[b"SLmf\x01\x00".as_slice(), &[7; 32], &TWO_TO_THE_40, &[0; 34]].concat());
    assert_eq!(Manifest::decode(&manifest), Err(ManifestError::Format(claim)));
}

#[test]
fn a_pack_beyond_its_limits_is_refused() {
    let id = PackId::from_bytes([1; 16]);
    assert_eq!(PackIndex::new(id, vec![]), Err(PackIndexError::ChunkCount(0)));
    let many = vec![chunk([0; 32], 1); PACK_MAX_CHUNKS as usize + 1];
    assert_eq!(PackIndex::new(id, many), Err(PackIndexError::ChunkCount(16_385)));
    let mut long = vec![chunk([0; 32], CHUNK_MAX_BYTES); (PACK_MAX_BYTES / CHUNK_MAX_BYTES) as usize];
    assert!(PackIndex::new(id, long.clone()).is_ok());
    long.push(chunk([0; 32], 1));
    assert_eq!(PackIndex::new(id, long), Err(PackIndexError::RawLength(PACK_MAX_BYTES + 1)));
}

#[test]
fn an_unknown_encoding_is_refused() {
    let body = PackIndex::new(PackId::from_bytes([1; 16]), vec![chunk([2; 32], 3)]).expect("valid").encode();
    let body = &body[..body.len() - 8];
    let zstd = [&body[..body.len() - 2], &[1, 0]].concat();
    assert_eq!(PackIndex::decode(&sealed(&zstd)), Err(PackIndexError::UnsupportedEncoding));
    let none = [&body[..body.len() - 3], &[0]].concat();
    assert_eq!(PackIndex::decode(&sealed(&none)), Err(PackIndexError::UnsupportedEncoding));
    let longer = [body, &[0]].concat();
    let trailing = PackIndexError::Format(FormatError::TrailingBytes(1));
    assert_eq!(PackIndex::decode(&sealed(&longer)), Err(trailing));
}

#[test]
fn terms_that_do_not_make_the_blob_are_refused() {
    let sha256 = Sha256::of(b"");
    let whole =
        Term { pack_id: PackId::from_bytes([1; 16]), first_chunk: 0, chunk_count: 2, raw_length_bytes: 9 };
    assert!(Manifest::new(0, sha256, vec![]).is_ok());
    assert!(Manifest::new(18, sha256, vec![whole, whole]).is_ok());
    let mismatch = Err(ManifestError::SizeMismatch { size_bytes: 17 });
    assert_eq!(Manifest::new(17, sha256, vec![whole, whole]), mismatch);
    for impossible in [
        Term { chunk_count: 0, raw_length_bytes: 0, ..whole },
        Term { raw_length_bytes: 1, ..whole },
        Term { raw_length_bytes: 2 * CHUNK_MAX_BYTES + 1, ..whole },
        Term { first_chunk: PACK_MAX_CHUNKS - 1, ..whole },
        Term { first_chunk: u32::MAX, chunk_count: u32::MAX, raw_length_bytes: u32::MAX, ..whole },
        Term { chunk_count: PACK_MAX_CHUNKS, raw_length_bytes: PACK_MAX_BYTES + 1, ..whole },
    ] {
        let size_bytes = 9 + u64::from(impossible.raw_length_bytes);
        let refused = Manifest::new(size_bytes, sha256, vec![whole, impossible]);
        assert_eq!(refused, Err(ManifestError::ImpossibleTerm(1)), "{impossible:?}");
    }
}

#[test]
fn a_pack_id_is_written_once_and_referred_to_later() {
    let head = [b"SLmf\x01\x12".as_slice(), &[7; 32], &[2]].concat();
    let new = [[0].as_slice(), &[1; 16], &[0, 2, 9]].concat();
    let manifest = |second: &[u8]| Manifest::decode(&sealed(&[&head, &new, second].concat()));
    assert!(manifest(&[1, 0, 2, 9]).is_ok());
    assert_eq!(manifest(&[2, 0, 2, 9]), Err(ManifestError::UnknownPack(1)));
    assert_eq!(manifest(&new), Err(ManifestError::RepeatedPack(1)));
}

#[test]
fn the_manifest_of_the_largest_object_is_compact() {
    let term = |number: u32| {
        let id = blake3::hash(&number.to_le_bytes()).as_bytes()[..16].try_into().expect("16 bytes");
        Term {
            pack_id: PackId::from_bytes(id),
            first_chunk: 0,
            chunk_count: 3600,
            raw_length_bytes: PACK_MAX_BYTES,
        }
    };
    let terms: Vec<_> = (0..81_920).map(term).collect();
    let manifest = Manifest::new(5 << 40, Sha256::of(b""), terms).expect("5 TiB of terms");
    let bytes = manifest.encode();
    assert!(bytes.len() <= 24 * 81_920 + 64, "{}", bytes.len());
    assert_eq!(Manifest::decode(&bytes), Ok(manifest));
}

#[test]
fn a_checkpoint_whose_parts_disagree_is_refused() {
    let mut pass = ContentPass::new();
    assert!(pass.update(b"a few bytes").is_empty());
    let checkpoint = pass.checkpoint();
    let mut offset = checkpoint[..checkpoint.len() - 8].to_vec();
    offset[5] += 1;
    assert_eq!(ContentPass::resume(&sealed(&offset)).err(), Some(CheckpointError::Inconsistent));

    // A number of blocks for which the count of bits overflows.
    let hashes = 5 + 1;
    for blocks in [hashes + 20, hashes + 92 + 32] {
        let mut claimed = checkpoint[..checkpoint.len() - 8].to_vec();
        claimed[blocks..blocks + 8].copy_from_slice(&u64::MAX.to_le_bytes());
        let refused = ContentPass::resume(&sealed(&claimed)).err();
        assert_eq!(refused, Some(CheckpointError::Inconsistent), "{blocks}");
    }
    let mut ordinal = checkpoint[..checkpoint.len() - 8].to_vec();
    ordinal[6 + 92 + 104 + 1] = 1;
    assert!(ContentPass::resume(&sealed(&ordinal)).is_err());
}

#[test]
fn a_checkpoint_beyond_the_largest_object_is_refused() {
    // In the last of all numbered packs; the next pack would have no number.
    let ordinal = [0xff, 0xff, 0xff, 0xff, 0x0f];
    let offset_bytes = u64::from(u32::MAX) * u64::from(PACK_MAX_BYTES);
    let offset = [0x80, 0x80, 0x80, 0xe0, 0xff, 0xff, 0xff, 0xff, 0x03];
    let hash = |words_bytes| {
        let blocks = (offset_bytes / 64).to_le_bytes();
        [&vec![1; words_bytes][..], &blocks, &[0; 64]].concat()
    };
    let pass = [b"SLcp\x01".as_slice(), &offset, &hash(20), &hash(32), &ordinal, &[0, 0]].concat();
    assert_eq!(ContentPass::resume(&sealed(&pass)).err(), Some(CheckpointError::Inconsistent));
}
