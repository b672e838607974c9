//! Tests cuts and passes with any content, in any blocks.

mod support;

use proptest::prelude::*;
use sha1::Digest as _;
use sluice_domain::chunk::{CHUNK_MAX_BYTES, CHUNK_MIN_BYTES, Chunk, Chunker};
use sluice_domain::content_pass::{ContentDigest, ContentPass};
use sluice_domain::hash::{ChunkId, Sha1, Sha256};
use sluice_domain::pack::{PACK_MAX_BYTES, PACK_MAX_CHUNKS, PackCutter, PackDraft};
use support::{block_lengths, blocks, chunk, chunks_of, content, random_bytes};

fn cut<'a>(blocks: impl Iterator<Item = &'a [u8]>) -> Vec<Chunk> {
    let mut chunks = Vec::new();
    let mut chunker = Chunker::new();
    for block in blocks {
        chunker.update(block, |chunk, _| chunks.push(chunk));
        assert!(chunker.carry().len() < CHUNK_MAX_BYTES as usize);
    }
    chunker.finish(|chunk, _| chunks.push(chunk));
    chunks
}

fn pass<'a>(blocks: impl Iterator<Item = &'a [u8]>) -> (ContentDigest, Vec<PackDraft>) {
    let mut packs = Vec::new();
    let mut pass = ContentPass::new();
    for block in blocks {
        packs.extend(pass.update(block));
    }
    let (digest, last_packs) = pass.finish();
    packs.extend(last_packs);
    (digest, packs)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn cuts_do_not_depend_on_the_blocks(content in content(), lengths in block_lengths()) {
        prop_assert_eq!(cut(blocks(&content, &lengths)), cut(std::iter::once(content.as_slice())));
    }

    #[test]
    fn cuts_are_those_of_the_published_algorithm(content in content()) {
        let level = fastcdc::v2020::Normalization::Level2;
        let reference = fastcdc::v2020::FastCDC::with_level(&content, 4096, 16_384, 65_536, level);
        let lengths: Vec<_> = reference.map(|chunk| chunk.length as u32).collect();
        let chunks = cut(std::iter::once(content.as_slice()));
        prop_assert_eq!(chunks.iter().map(Chunk::length_bytes).collect::<Vec<_>>(), lengths);
    }

    #[test]
    fn chunks_are_the_content_and_within_their_limits(content in content(), lengths in block_lengths()) {
        let mut rest = content.as_slice();
        let chunks = cut(blocks(&content, &lengths));
        for (number, chunk) in chunks.iter().enumerate() {
            let (bytes, after) = rest.split_at(chunk.length_bytes() as usize);
            prop_assert_eq!(chunk.id(), ChunkId::of(bytes));
            prop_assert!(chunk.length_bytes() <= CHUNK_MAX_BYTES);
            prop_assert!(chunk.length_bytes() >= CHUNK_MIN_BYTES || number + 1 == chunks.len());
            rest = after;
        }
        prop_assert!(rest.is_empty());
    }

    #[test]
    fn a_resumed_pass_ends_like_an_uninterrupted_one(
        content in content(),
        stops in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
    ) {
        let mut stops: Vec<_> = stops.iter().map(|stop| stop.index(content.len() + 1)).collect();
        stops.push(content.len());
        stops.sort_unstable();
        let mut packs = Vec::new();
        let mut pass_in_steps = ContentPass::new();
        for stop in stops {
            let checkpoint = pass_in_steps.checkpoint();
            pass_in_steps = ContentPass::resume(&checkpoint).expect("just written");
            prop_assert_eq!(pass_in_steps.checkpoint(), checkpoint);
            packs.extend(pass_in_steps.update(&content[pass_in_steps.offset_bytes() as usize..stop]));
        }
        let (digest, last_packs) = pass_in_steps.finish();
        packs.extend(last_packs);
        prop_assert_eq!((digest, packs), pass(std::iter::once(content.as_slice())));
        prop_assert_eq!(digest.size_bytes, content.len() as u64);
        prop_assert_eq!(digest.sha256, Sha256::of(&content));
        prop_assert_eq!(digest.sha1, Sha1::from(<[u8; 20]>::from(sha1::Sha1::digest(&content))));
    }

    #[test]
    fn packs_are_the_run_in_order_and_as_full_as_can_be(
        seed: u64,
        count in 0..6_000usize,
        longest in 1..=16u32,
    ) {
        let longest_bytes = longest * 4096;
        let run: Vec<_> = random_bytes(&seed.to_le_bytes(), count * 4)
            .as_chunks()
            .0
            .iter()
            .map(|&bytes| chunk([bytes[0]; 32], u32::from_le_bytes(bytes) % longest_bytes + 1))
            .collect();
        let mut cutter = PackCutter::new();
        let mut packs: Vec<_> = run.iter().filter_map(|&chunk| cutter.push(chunk)).collect();
        packs.extend(cutter.finish());

        prop_assert_eq!(chunks_of(&packs), run);
        let mut offset_bytes = 0;
        for (number, pack) in packs.iter().enumerate() {
            let raw_length_bytes: u32 = pack.chunks().iter().map(Chunk::length_bytes).sum();
            prop_assert_eq!(pack.ordinal() as usize, number);
            prop_assert_eq!((pack.offset_bytes(), pack.raw_length_bytes()), (offset_bytes, raw_length_bytes));
            prop_assert!(raw_length_bytes <= PACK_MAX_BYTES);
            if let Some(next) = packs.get(number + 1) {
                prop_assert!(raw_length_bytes + next.chunks()[0].length_bytes() > PACK_MAX_BYTES);
            }
            offset_bytes += u64::from(raw_length_bytes);
        }
    }
}

#[test]
fn an_empty_blob_has_no_packs() {
    let (digest, packs) = pass(std::iter::empty());
    assert_eq!((digest.size_bytes, digest.sha256, packs.len()), (0, Sha256::of(b""), 0));
}

#[test]
fn a_blob_longer_than_a_pack_is_cut_at_64_mib_even_if_the_pass_is_resumed() {
    let content = random_bytes(b"packs", 70 << 20);
    let (digest, packs) = pass(content.chunks(8 << 20));
    assert_eq!(packs.len(), 2);
    assert!(packs[0].raw_length_bytes() > PACK_MAX_BYTES - CHUNK_MAX_BYTES);
    assert_eq!(chunks_of(&packs), cut(std::iter::once(content.as_slice())));

    let mut stopped = ContentPass::new();
    let mut packs_of_stopped = stopped.update(&content[..67 << 20]);
    let mut resumed = ContentPass::resume(&stopped.checkpoint()).expect("just written");
    packs_of_stopped.extend(resumed.update(&content[67 << 20..]));
    let (digest_of_resumed, last_packs) = resumed.finish();
    packs_of_stopped.extend(last_packs);
    assert_eq!((digest_of_resumed, packs_of_stopped), (digest, packs));
}

#[test]
fn a_pack_of_tiny_files_closes_at_its_chunk_limit() {
    let mut cutter = PackCutter::new();
    for _ in 0..PACK_MAX_CHUNKS {
        assert_eq!(cutter.push(chunk([1; 32], 1)), None);
    }
    let full = cutter.push(chunk([2; 32], 1)).expect("the pack was full");
    assert_eq!(full.chunks().len(), PACK_MAX_CHUNKS as usize);
    assert_eq!(cutter.open_chunks(), [chunk([2; 32], 1)]);
}
