//! Compresses packs as frames: runs of whole chunks that can be read separately.
//!
//! A frame is one Zstandard frame (RFC 8878) with its content size and checksum. The frames of a pack follow
//! one another, then comes a seek table. So the stored object is a file of the Zstandard seekable format
//! (<https://github.com/facebook/zstd/blob/dev/contrib/seekable_format/zstd_seekable_compression_format.md>)
//! that other programs can read. Sluice itself uses the [`FrameTable`] in the pack's row and never reads the
//! seek table.

use std::io;
use std::ops::Range;

use crate::binary::{Format, FormatError, Reader, Writer};
use crate::chunk::{CHUNK_MAX_BYTES, Chunk};
use crate::pack::PACK_MAX_CHUNKS;

const FORMAT: Format = Format { magic: *b"SLft", version: 1 };

/// A frame holds at most this many raw bytes, all of which a reader decodes to get one byte. Frames of 1 MiB
/// would make source code a fifth smaller, but reading one chunk would cost four times as much.
pub const FRAME_MAX_BYTES: u32 = 256 << 10;

/// The Zstandard level. On source code, level 3 is 4.6 times as fast and 14 per cent larger; level 12 has a
/// quarter of the speed and is two per cent smaller.
pub const COMPRESSION_LEVEL: i32 = 9;

/// The level for samples that only show whether compression is worthwhile.
const SAMPLE_LEVEL: i32 = 1;

/// How much a frame of incompressible bytes may exceed them: header, checksum, and a block header every 128
/// KiB.
const FRAME_OVERHEAD_MAX_BYTES: u32 = 64;

/// The magic numbers of a seek table.
const SKIPPABLE_MAGIC: u32 = 0x184D_2A5E;
const SEEKABLE_MAGIC: u32 = 0x8F92_EAB1;

/// A run of whole chunks that is compressed separately.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame {
    /// Number of chunks, at least 1.
    pub chunk_count: u32,
    /// Length in the stored object, in bytes.
    pub stored_length_bytes: u32,
}

/// The frames of a pack, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrameTable(Vec<Frame>);

/// A malformed frame table, or a frame that does not match its table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// The bytes are not a sealed frame table.
    #[error("frame table: {0}")]
    Format(#[from] FormatError),
    /// The frame with this index has no chunks or is too long.
    #[error("frame {0} of the table is impossible")]
    ImpossibleFrame(usize),
    /// The stored bytes are not a frame of this length.
    #[error("a frame cannot be decoded to {raw_length_bytes} bytes")]
    Damaged {
        /// The expected length of the decoded frame, in bytes.
        raw_length_bytes: u32,
    },
}

impl FrameTable {
    /// A table of `frames`.
    ///
    /// # Errors
    /// [`FrameError::ImpossibleFrame`] if a frame has no chunks or too many, or an impossible length.
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

    /// The frames, in the order in which they are stored.
    pub fn frames(&self) -> &[Frame] {
        &self.0
    }

    /// Encodes the table for [`FrameTable::decode`], in about 4 bytes a frame.
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new(FORMAT, self.0.len() * 5 + 16);
        writer.varint(self.0.len() as u64);
        for frame in &self.0 {
            writer.varint(frame.chunk_count.into());
            writer.varint(frame.stored_length_bytes.into());
        }
        writer.seal()
    }

    /// Decodes what [`FrameTable::encode`] wrote. Allocates no more than a small multiple of `bytes`.
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

/// Groups chunks into frames, each as full as possible. The ranges index `chunks`.
pub fn cut_frames(chunks: &[Chunk]) -> Vec<Range<usize>> {
    let mut frames = Vec::new();
    let mut start = 0;
    let mut length = 0;
    for (number, chunk) in chunks.iter().enumerate() {
        if number > start && length + chunk.length_bytes() > FRAME_MAX_BYTES {
            frames.push(start..number);
            start = number;
            length = 0;
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

/// The length in bytes of `sample` when compressed at a fast level.
///
/// # Errors
/// If there is no memory for it.
pub fn compressed_length(sample: &[u8]) -> io::Result<usize> {
    Ok(zstd::bulk::compress(sample, SAMPLE_LEVEL)?.len())
}

/// Decodes one frame. Never allocates more than `raw_length_bytes`, whatever the frame claims.
///
/// # Errors
/// [`FrameError::Damaged`] unless the frame has exactly this raw length, which is at most
/// [`FRAME_MAX_BYTES`].
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

/// Builds the seek table at the end of a stored pack, from the stored and raw lengths of its frames in bytes.
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
