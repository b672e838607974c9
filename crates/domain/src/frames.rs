//! Packs written as frames: compressed pieces of whole chunks, each of which is read by itself.
//!
//! A frame is one Zstandard frame (RFC 8878) with its content size and checksum. The frames of a pack lie end to end,
//! followed by a seek table, which makes the stored object a file of the Zstandard seekable format
//! (<https://github.com/facebook/zstd/blob/dev/contrib/seekable_format/zstd_seekable_compression_format.md>) that other
//! programs can read. Our own readers go by the [`FrameTable`] in the pack's row, and never touch the seek table.

use std::io;
use std::ops::Range;

use crate::binary::{Format, FormatError, Reader, Writer};
use crate::chunk::{CHUNK_MAX_BYTES, Chunk};
use crate::pack::PACK_MAX_CHUNKS;

const FORMAT: Format = Format { magic: *b"SLft", version: 1 };

/// The most raw bytes of one frame: what a reader decodes to get at one byte. Frames of 1 MiB would be a fifth smaller
/// on source code, and cost a reader of one chunk four times as much (`docs/MEASUREMENTS.md`).
pub const FRAME_MAX_BYTES: u32 = 256 << 10;

/// The level of Zstandard. On source code, level 3 is 14 per cent larger and level 12 two per cent smaller, at 4.6 times and a
/// quarter of the speed (`docs/MEASUREMENTS.md`).
pub const COMPRESSION_LEVEL: i32 = 9;

/// The level at which a sample is compressed to find out whether it pays.
const SAMPLE_LEVEL: i32 = 1;

/// What a frame takes beyond its raw length if it does not compress: header, checksum and one block header each 128 KiB.
const FRAME_OVERHEAD_MAX_BYTES: u32 = 64;

/// The numbers that tell a seek table.
const SKIPPABLE_MAGIC: u32 = 0x184D_2A5E;
const SEEKABLE_MAGIC: u32 = 0x8F92_EAB1;

/// A run of whole chunks that is compressed by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame {
    /// How many chunks, at least 1.
    pub chunk_count: u32,
    /// How many bytes it takes in the stored object.
    pub stored_length_bytes: u32,
}

/// The frames of a pack in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrameTable(Vec<Frame>);

/// Bytes that are not a frame table, or a frame that is not what its table says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// The bytes are malformed.
    #[error("frame table: {0}")]
    Format(#[from] FormatError),
    /// A frame without chunks, or longer than any frame.
    #[error("frame {0} of the table is impossible")]
    ImpossibleFrame(usize),
    /// The stored bytes are no frame, or one of another length.
    #[error("a frame cannot be decoded to {raw_length_bytes} bytes")]
    Damaged {
        /// How many bytes it should have had.
        raw_length_bytes: u32,
    },
}

impl FrameTable {
    /// The table of these frames: each of at least one chunk and of a length that a frame can have.
    pub fn new(frames: Vec<Frame>) -> Result<Self, FrameError> {
        let possible = |frame: &Frame| {
            (1..=PACK_MAX_CHUNKS).contains(&frame.chunk_count)
                && (1..=FRAME_MAX_BYTES + FRAME_OVERHEAD_MAX_BYTES).contains(&frame.stored_length_bytes)
        };
        match frames.iter().position(|frame| !possible(frame)) {
            Some(number) => Err(FrameError::ImpossibleFrame(number)),
            None => Ok(Self(frames)),
        }
    }

    /// The frames.
    pub fn frames(&self) -> &[Frame] {
        &self.0
    }

    /// The bytes that [`FrameTable::decode`] reads: about 4 a frame.
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new(FORMAT, self.0.len() * 5 + 16);
        writer.varint(self.0.len() as u64);
        for frame in &self.0 {
            writer.varint(frame.chunk_count.into());
            writer.varint(frame.stored_length_bytes.into());
        }
        writer.seal()
    }

    /// Reads what [`FrameTable::encode`] wrote. Allocates no more than a small multiple of `bytes`.
    pub fn decode(bytes: &[u8]) -> Result<Self, FrameError> {
        let mut reader = Reader::open(FORMAT, bytes)?;
        let count = reader.count(2)?;
        let mut frames = Vec::with_capacity(count);
        for _ in 0..count {
            frames.push(Frame { chunk_count: reader.varint()?, stored_length_bytes: reader.varint()? });
        }
        reader.finish()?;
        Self::new(frames)
    }
}

/// Which chunks go into which frame: as many as fit, in order.
pub fn cut_frames(chunks: &[Chunk]) -> Vec<Range<usize>> {
    let (mut frames, mut start, mut length) = (Vec::new(), 0, 0);
    for (number, chunk) in chunks.iter().enumerate() {
        if number > start && length + chunk.length_bytes() > FRAME_MAX_BYTES {
            frames.push(start..number);
            (start, length) = (number, 0);
        }
        length += chunk.length_bytes();
    }
    if start < chunks.len() {
        frames.push(start..chunks.len());
    }
    frames
}

/// Compresses the bytes of one frame.
///
/// # Errors
/// If there is no memory for it.
pub fn compress(raw: &[u8]) -> io::Result<Vec<u8>> {
    let mut compressor = zstd::bulk::Compressor::new(COMPRESSION_LEVEL)?;
    compressor.include_checksum(true)?;
    compressor.compress(raw)
}

/// How many bytes a sample would take, quickly.
///
/// # Errors
/// If there is no memory for it.
pub fn compressed_length(sample: &[u8]) -> io::Result<usize> {
    Ok(zstd::bulk::compress(sample, SAMPLE_LEVEL)?.len())
}

/// The raw bytes of one frame. Never allocates more than `raw_length_bytes`, whatever the frame claims of itself.
///
/// # Errors
/// [`FrameError::Damaged`] unless the frame has exactly this raw length, which is at most [`FRAME_MAX_BYTES`].
pub fn decompress(stored: &[u8], raw_length_bytes: u32) -> Result<Vec<u8>, FrameError> {
    let damaged = FrameError::Damaged { raw_length_bytes };
    if raw_length_bytes > FRAME_MAX_BYTES.max(CHUNK_MAX_BYTES) {
        return Err(damaged);
    }
    let mut raw = Vec::with_capacity(raw_length_bytes as usize);
    let mut decompressor = zstd::bulk::Decompressor::new().map_err(|_| damaged)?;
    let length = decompressor.decompress_to_buffer(stored, &mut raw).map_err(|_| damaged)?;
    if length == raw_length_bytes as usize { Ok(raw) } else { Err(damaged) }
}

/// The seek table that ends a stored pack, of frames of these stored and raw lengths in bytes.
pub fn seek_table(frames: impl ExactSizeIterator<Item = (u32, u32)>) -> Vec<u8> {
    let count = frames.len() as u32;
    let mut table = Vec::with_capacity(17 + 8 * frames.len());
    table.extend(SKIPPABLE_MAGIC.to_le_bytes());
    table.extend((8 * count + 9).to_le_bytes());
    for (stored, raw) in frames {
        table.extend(stored.to_le_bytes());
        table.extend(raw.to_le_bytes());
    }
    table.extend(count.to_le_bytes());
    // No checksums in the table: every frame has its own.
    table.push(0);
    table.extend(SEEKABLE_MAGIC.to_le_bytes());
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::ChunkId;

    fn chunk(length_bytes: u32) -> Chunk {
        Chunk::new(ChunkId::of(b""), length_bytes).expect("a chunk")
    }

    #[test]
    fn frames_take_whole_chunks_and_never_too_many_bytes() {
        assert_eq!(cut_frames(&[]), Vec::<Range<usize>>::new());
        let chunks: Vec<Chunk> = (0..9).map(|_| chunk(1 << 16)).collect();
        assert_eq!(cut_frames(&chunks), [0..4, 4..8, 8..9]);
        let odd = [chunk(60_000), chunk(60_000), chunk(60_000), chunk(60_000), chunk(60_000), chunk(1)];
        assert_eq!(cut_frames(&odd), [0..4, 4..6]);
    }

    #[test]
    fn what_was_compressed_comes_back_and_damage_does_not() {
        for raw in [vec![7], b"one and the same ".repeat(10_000), (0..=255).collect::<Vec<u8>>()] {
            let stored = compress(&raw).expect("compressed");
            let length = raw.len() as u32;
            assert!(stored.len() <= raw.len() + FRAME_OVERHEAD_MAX_BYTES as usize);
            assert_eq!(decompress(&stored, length), Ok(raw));
            for wrong in [length - 1, length + 1, u32::MAX] {
                assert_eq!(decompress(&stored, wrong), Err(FrameError::Damaged { raw_length_bytes: wrong }));
            }
            assert!(decompress(&stored[..stored.len() - 1], length).is_err());
            let mut flipped = stored.clone();
            *flipped.last_mut().expect("a byte") ^= 1;
            assert!(decompress(&flipped, length).is_err(), "the checksum is checked");
        }
    }

    #[test]
    fn a_bomb_is_refused_without_being_unpacked() {
        let bomb = zstd::bulk::compress(&vec![0; 64 << 20], 19).expect("compressed");
        assert!(bomb.len() < 10_000);
        assert!(decompress(&bomb, FRAME_MAX_BYTES).is_err());
    }

    #[test]
    fn the_whole_object_is_a_zstandard_file() {
        let parts = [b"first ".repeat(1000), b"second ".repeat(1000)];
        let frames: Vec<Vec<u8>> = parts.iter().map(|raw| compress(raw).expect("compressed")).collect();
        let lengths = frames.iter().zip(&parts).map(|(stored, raw)| (stored.len() as u32, raw.len() as u32));
        let mut object = frames.concat();
        object.extend(seek_table(lengths));
        assert_eq!(zstd::stream::decode_all(&*object).expect("a file"), parts.concat());
    }
}
