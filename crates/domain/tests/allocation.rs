//! Tests that decoders of hostile bytes allocate no more than a small multiple of the input.

use sluice_domain::content_pass::ContentPass;
use sluice_domain::frames::{FRAME_MAX_BYTES, FrameTable, decompress};
use sluice_domain::manifest::Manifest;
use sluice_domain::pack_index::PackIndex;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use std::alloc::System;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// A chunk has 36 bytes in memory and 34 in the input. A term has 28, and at least 4 in the input; its pack
/// also has an entry in a list and one in a set. 32 is above all of these.
const BYTES_PER_BYTE: usize = 32;
const BYTES_MORE: usize = 4096;

/// `body` and the checksum that makes it a sealed value, so that a decoder gets to see what it claims.
fn sealed(body: &[u8]) -> Vec<u8> {
    [body, &blake3::hash(body).as_bytes()[..8]].concat()
}

fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

/// Bytes allocated while `decode` runs.
fn allocated<T>(decode: impl FnOnce() -> T) -> usize {
    let region = Region::new(ALLOCATOR);
    let value = decode();
    let change = region.change();
    drop(value);
    change.bytes_allocated
}

fn check(bytes: &[u8]) {
    let bound = BYTES_PER_BYTE * bytes.len() + BYTES_MORE;
    for taken in [
        allocated(|| PackIndex::decode(bytes).is_ok()),
        allocated(|| Manifest::decode(bytes).is_ok()),
        allocated(|| ContentPass::resume(bytes).is_ok()),
        allocated(|| FrameTable::decode(bytes).is_ok()),
    ] {
        assert!(taken <= bound, "{taken} bytes for an input of {}", bytes.len());
    }
}

// Only one test, because the counter counts the whole process.
#[test]
fn a_decoder_allocates_no_more_than_a_small_multiple_of_its_input() {
    for claim in [1, 100, 1 << 14, 1 << 20, 1 << 40, u64::MAX] {
        let count = varint(claim);
        for filling in [0, 100, 100_000] {
            let rest = vec![1; filling];
            let index = [&[7; 16][..], &count, &rest].concat();
            let manifest = [&varint(1 << 40)[..], &[7; 32], &count, &rest].concat();
            let checkpoint = [&varint(5)[..], &[0; 196], &varint(0), &count, &rest].concat();
            let frames = [&count, &rest[..]].concat();
            for (magic, fields) in
                [(b"SLpi", index), (b"SLmf", manifest), (b"SLcp", checkpoint), (b"SLft", frames)]
            {
                check(&sealed(&[&magic[..], &[1], &fields].concat()));
            }
        }
    }
    // A frame that claims to have 64 MiB; the decompressor's own state is 160 KB.
    let bomb = zstd::bulk::compress(&vec![0; 64 << 20], 3).expect("compressed");
    let taken = allocated(|| decompress(&bomb, FRAME_MAX_BYTES).is_ok());
    assert!(taken <= FRAME_MAX_BYTES as usize + (1 << 18), "{taken} bytes");
}
