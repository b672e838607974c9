//! Finds a run of chunks in a stored object and decodes its bytes.

use bytes::Bytes;
use std::ops::Range;

use crate::blob::{Encoding, Placement};
use crate::frames::{FrameError, decompress};
use crate::pack_index::PackIndex;

/// A frame that an [`Extent`] reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FramePiece {
    /// Length of the frame in the object, in bytes.
    pub stored_length_bytes: u32,
    /// Length of the decoded frame, in bytes.
    pub raw_length_bytes: u32,
}

/// The byte range of a run of chunks in a stored object, and how to decode it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extent {
    /// The bytes of the object to read.
    pub range: Range<u64>,
    /// The frames in this range; empty if the chunks are stored raw.
    pub frames: Vec<FramePiece>,
    /// How many decoded bytes of the first frame come before the run.
    pub skip_bytes: u32,
    /// Length of the run in bytes.
    pub raw_length_bytes: u32,
}

impl Placement {
    /// The extent of `chunk_count` chunks from `first_chunk` on. Nothing if the pack or the placement's
    /// frames do not contain them.
    pub fn extent(&self, index: &PackIndex, first_chunk: u32, chunk_count: u32) -> Option<Extent> {
        let run = index.raw_range(first_chunk, chunk_count)?;
        let raw_length_bytes = u32::try_from(run.end - run.start).ok()?;
        match self.encoding {
            Encoding::Raw => {
                let range = self.offset + run.start..self.offset + run.end;
                Some(Extent { range, frames: Vec::new(), skip_bytes: 0, raw_length_bytes })
            }
            Encoding::Zstd => self.framed(index, first_chunk, chunk_count, raw_length_bytes),
        }
    }

    fn framed(
        &self,
        index: &PackIndex,
        first_chunk: u32,
        chunk_count: u32,
        raw_length_bytes: u32,
    ) -> Option<Extent> {
        let end_chunk = first_chunk + chunk_count;
        let mut chunk = 0;
        let mut at = self.offset;
        let mut extent = Extent { range: at..at, frames: Vec::new(), skip_bytes: 0, raw_length_bytes };
        for frame in self.frames.as_ref()?.frames() {
            let next = chunk + frame.chunk_count;
            let stored_length_bytes = frame.stored_length_bytes;
            let end = at + u64::from(stored_length_bytes);
            if next > first_chunk && chunk < end_chunk {
                let raw = index.raw_range(chunk, frame.chunk_count)?;
                if extent.frames.is_empty() {
                    extent.range.start = at;
                    let before = index.raw_range(chunk, first_chunk - chunk)?;
                    extent.skip_bytes = u32::try_from(before.end - before.start).ok()?;
                }
                let raw_length_bytes = u32::try_from(raw.end - raw.start).ok()?;
                extent.frames.push(FramePiece { stored_length_bytes, raw_length_bytes });
                extent.range.end = end;
            }
            chunk = next;
            at = end;
        }
        (chunk >= end_chunk).then_some(extent)
    }
}

impl Extent {
    /// Decodes the run from `stored`, the object's bytes of [`Extent::range`].
    ///
    /// # Errors
    /// [`FrameError::Damaged`] if the bytes do not decode to the run.
    pub fn decode(&self, stored: Bytes) -> Result<Bytes, FrameError> {
        let raw_length_bytes = self.raw_length_bytes;
        let damaged = FrameError::Damaged { raw_length_bytes };
        if self.frames.is_empty() {
            return if stored.len() == raw_length_bytes as usize { Ok(stored) } else { Err(damaged) };
        }
        let mut rest = &stored[..];
        let mut raw = Vec::with_capacity((self.skip_bytes + raw_length_bytes) as usize);
        for frame in &self.frames {
            let (bytes, after) = rest.split_at_checked(frame.stored_length_bytes as usize).ok_or(damaged)?;
            raw.extend(decompress(bytes, frame.raw_length_bytes)?);
            rest = after;
        }
        let start = self.skip_bytes as usize;
        let end = start + raw_length_bytes as usize;
        if raw.len() < end { Err(damaged) } else { Ok(Bytes::from(raw).slice(start..end)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chunk::Chunk;
    use crate::frames::{Frame, FrameTable, compress, cut_frames};
    use crate::hash::ChunkId;
    use crate::id::PackId;
    use proptest::prelude::*;

    /// A pack of chunks of these lengths: its bytes, its index, and its frames end to end after `offset`
    /// other bytes.
    fn pack(lengths: &[u32], offset: u64) -> (Vec<u8>, PackIndex, Vec<u8>, Placement) {
        let mut raw = Vec::new();
        let mut chunks = Vec::new();
        for (number, length) in lengths.iter().enumerate() {
            let bytes: Vec<u8> = (0..*length).map(|at| (at / 7 + number as u32) as u8).collect();
            chunks.push(Chunk::new(ChunkId::of(&bytes), *length).expect("a chunk"));
            raw.extend(bytes);
        }
        let index = PackIndex::new(PackId::from_bytes([1; 16]), chunks).expect("a pack");
        let mut object = vec![0; offset as usize];
        let mut frames = Vec::new();
        for run in cut_frames(index.chunks()) {
            let range = index.raw_range(run.start as u32, run.len() as u32).expect("chunks");
            let stored = compress(&raw[range.start as usize..range.end as usize]).expect("compressed");
            let chunk_count = run.len() as u32;
            let stored_length_bytes = stored.len() as u32;
            frames.push(Frame { chunk_count, stored_length_bytes });
            object.extend(stored);
        }
        let placement = Placement {
            encoding: Encoding::Zstd,
            frames: Some(FrameTable::new(frames).expect("frames")),
            ..Placement::first("packs/a/b".to_owned(), offset, object.len() as u64 - offset)
        };
        (raw, index, object, placement)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn every_run_is_decoded_from_its_frames_alone(
            lengths in prop::collection::vec(1..=1_u32 << 16, 1..30),
            (first, count) in (0..30_u32, 1..30_u32),
            offset in 0..100_u64,
        ) {
            let (raw, index, object, placement) = pack(&lengths, offset);
            let extent = placement.extent(&index, first, count);
            if (first + count) as usize > lengths.len() {
                prop_assert_eq!(extent, None);
                return Ok(());
            }
            let extent = extent.expect("a run of the pack");
            let stored = Bytes::from(object).slice(extent.range.start as usize..extent.range.end as usize);
            let range = index.raw_range(first, count).expect("a run of the pack");
            let expected = &raw[range.start as usize..range.end as usize];
            prop_assert_eq!(&extent.decode(stored.clone()).expect("decoded")[..], expected);
            prop_assert!(extent.decode(stored.slice(1..)).is_err());
        }
    }

    #[test]
    fn frames_that_end_early_hold_nothing_beyond() {
        let (_, index, _, mut placement) = pack(&[1 << 16; 9], 0);
        let frames = placement.frames.as_ref().expect("frames").frames()[..2].to_vec();
        placement.frames = Some(FrameTable::new(frames).expect("frames"));
        assert!(placement.extent(&index, 0, 8).is_some());
        assert_eq!(placement.extent(&index, 0, 9), None);
        placement.frames = None;
        assert_eq!(placement.extent(&index, 0, 1), None);
    }
}
