//! Compares cuts and formats with `tests/vectors/`, because stored bytes outlive programs.

mod support;

use sluice_domain::chunk::{Chunk, Chunker};
use sluice_domain::content_pass::ContentPass;
use sluice_domain::frames::{Frame, FrameTable, compress, decompress};
use sluice_domain::hash::{ChunkId, Sha256};
use sluice_domain::id::PackId;
use sluice_domain::manifest::{Manifest, Term};
use sluice_domain::pack_index::PackIndex;
use support::random_bytes;

/// The bytes behind `chunks.txt`: 1 MiB of BLAKE3 output, then 200,000 zeros.
fn vector_content() -> Vec<u8> {
    let mut content = random_bytes(b"sluice chunks", 1 << 20);
    content.resize((1 << 20) + 200_000, 0);
    content
}

fn vector_chunks() -> Vec<Chunk> {
    let mut chunks = Vec::new();
    let mut chunker = Chunker::new();
    chunker.update(&vector_content(), |chunk, _| chunks.push(chunk));
    chunker.finish(|chunk, _| chunks.push(chunk));
    chunks
}

/// Decodes a vector: hex digits in several lines.
fn bytes_of(hex_lines: &str) -> Vec<u8> {
    hex::decode(hex_lines.replace('\n', "")).expect("a vector in hex")
}

#[test]
fn the_cuts_are_those_of_the_vector() {
    let lines: Vec<_> =
        vector_chunks().iter().map(|it| format!("{} {}", it.length_bytes(), it.id())).collect();
    assert_eq!(lines, include_str!("vectors/chunks.txt").lines().collect::<Vec<_>>());
}

#[test]
fn the_pack_index_is_that_of_the_vector() {
    let chunk =
        |text: &[u8], length_bytes| Chunk::new(ChunkId::of(text), length_bytes).expect("within the limits");
    let chunks = vec![chunk(b"first", 1), chunk(b"second", 16_384), chunk(b"third", 65_536)];
    let index = PackIndex::new(PackId::from_bytes([0x11; 16]), chunks).expect("within the limits");
    let bytes = bytes_of(include_str!("vectors/pack_index.hex"));
    assert_eq!(hex::encode(index.encode()), hex::encode(&bytes));
    assert_eq!(PackIndex::decode(&bytes), Ok(index));
}

#[test]
fn the_frame_table_is_that_of_the_vector() {
    let frame = |chunk_count, stored_length_bytes| Frame { chunk_count, stored_length_bytes };
    let table = FrameTable::new(vec![frame(16, 40_000), frame(1, 1), frame(200, 262_144)]).expect("frames");
    let bytes = bytes_of(include_str!("vectors/frame_table.hex"));
    assert_eq!(hex::encode(table.encode()), hex::encode(&bytes));
    assert_eq!(FrameTable::decode(&bytes), Ok(table));
}

/// A new compressor may write other bytes, but must read the old ones.
#[test]
fn the_frame_of_the_vector_is_read() {
    let bytes = bytes_of(include_str!("vectors/frame.hex"));
    let raw = b"sluice frames ".repeat(100);
    assert_eq!(decompress(&bytes, 1400), Ok(raw.clone()));
    assert_eq!(decompress(&compress(&raw).expect("compressed"), 1400), Ok(raw));
}

#[test]
fn the_manifest_is_that_of_the_vector() {
    let term = |pack: u8, first_chunk, chunk_count, raw_length_bytes| Term {
        pack_id: PackId::from_bytes([pack; 16]),
        first_chunk,
        chunk_count,
        raw_length_bytes,
    };
    let terms = vec![term(0x11, 0, 3, 81_921), term(0x22, 200, 1, 4096), term(0x11, 2, 1, 65_536)];
    let manifest = Manifest::new(151_553, Sha256::of(b"content"), terms).expect("terms that add up");
    let bytes = bytes_of(include_str!("vectors/manifest.hex"));
    assert_eq!(hex::encode(manifest.encode()), hex::encode(&bytes));
    assert_eq!(Manifest::decode(&bytes), Ok(manifest));
}

#[test]
fn the_checkpoint_is_that_of_the_vector() {
    let mut pass = ContentPass::new();
    assert!(pass.update(&[0].repeat(65_536)).is_empty());
    assert!(pass.update(b"the bytes after the last cut").is_empty());
    let bytes = bytes_of(include_str!("vectors/checkpoint.hex"));
    assert_eq!(hex::encode(pass.checkpoint()), hex::encode(&bytes));
    let resumed = ContentPass::resume(&bytes).expect("the vector is a checkpoint");
    assert_eq!(resumed.finish(), pass.finish());
}
