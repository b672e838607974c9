//! Targets for Zstandard frames and for runs of chunks in stored objects.

use bytes::Bytes;
use sluice_domain::blob::{Encoding, Placement};
use sluice_domain::chunk::Chunk;
use sluice_domain::extent::Extent;
use sluice_domain::frames::{FRAME_MAX_BYTES, Frame, FrameTable, compress, decompress};
use sluice_domain::hash::ChunkId;
use sluice_domain::id::PackId;
use sluice_domain::pack_index::PackIndex;

use crate::seeds::vector;
use crate::target::{Form, Memory, Target, Verdict, refused};

/// What a decompressor takes beside its output.
const DECOMPRESSOR_BYTES: u64 = 16 << 10;

/// A raw length of 4 bytes, and a frame.
pub const FRAME: Target = Target {
    name: "frame",
    form: Form::Bytes,
    seeds: frame_seeds,
    tokens: &[],
    cases: 1250,
    check: check_frame,
};

/// A [`Layout`] and the bytes of an object.
pub const EXTENT: Target = Target {
    name: "extent",
    form: Form::Bytes,
    seeds: extent_seeds,
    tokens: &[],
    cases: 750,
    check: check_extent,
};

fn frame_seeds() -> Vec<Vec<u8>> {
    let seed = |length: u32, frame: &[u8]| [&length.to_le_bytes(), frame].concat();
    let compressed = |raw: &[u8]| seed(raw.len() as u32, &compress(raw).expect("memory"));
    let noise: Vec<u8> = (0..60_u32).flat_map(|at| *ChunkId::of(&at.to_le_bytes()).as_bytes()).collect();
    // Claims and holds more than any frame.
    let bomb = compress(&vec![0; 8 << 20]).expect("memory");
    vec![
        seed(1400, &vector("frame.hex")),
        compressed(b""),
        compressed(&noise),
        compressed(&vec![7; FRAME_MAX_BYTES as usize]),
        seed(FRAME_MAX_BYTES, &bomb),
        seed(8 << 20, &bomb),
    ]
}

fn check_frame(bytes: &[u8]) -> Verdict {
    let Some((length, frame)) = bytes.split_first_chunk() else { return Verdict::Refused };
    let length_bytes = u32::from_le_bytes(*length);
    let most_bytes = u64::from(length_bytes.min(FRAME_MAX_BYTES)) + DECOMPRESSOR_BYTES;
    let memory = Memory { bytes_per_input_byte: 0, bytes_more: most_bytes };
    let raw = match memory.hold(frame.len(), || decompress(frame, length_bytes)) {
        Ok(raw) => raw,
        Err(error) => return refused(error),
    };
    assert_eq!(raw.len(), length_bytes as usize);
    assert!(length_bytes <= FRAME_MAX_BYTES);
    let again = compress(&raw).expect("memory");
    assert_eq!(decompress(&again, length_bytes).as_ref(), Ok(&raw));
    assert!(decompress(frame, length_bytes + 1).is_err(), "a frame has one length");
    Verdict::Accepted
}

/// A pack, where it lies, and a run of it. As bytes: flags, counts, lengths, frames, run, offset; one or two
/// bytes each.
struct Layout {
    encoding: Encoding,
    /// The lengths of the chunks, less one each.
    chunk_lengths: Vec<u16>,
    frames: Vec<(u8, u16)>,
    first_chunk: u8,
    chunk_count: u8,
    offset: u16,
}

impl Layout {
    fn encode(&self, stored: &[u8]) -> Vec<u8> {
        let mut bytes = vec![u8::from(self.encoding == Encoding::Zstd), self.chunk_lengths.len() as u8];
        bytes.extend(self.chunk_lengths.iter().flat_map(|length| length.to_le_bytes()));
        bytes.push(self.frames.len() as u8);
        for (chunk_count, stored_length) in &self.frames {
            bytes.push(*chunk_count);
            bytes.extend(stored_length.to_le_bytes());
        }
        bytes.extend([self.first_chunk, self.chunk_count]);
        bytes.extend(self.offset.to_le_bytes());
        bytes.extend(stored);
        bytes
    }

    fn decode(bytes: &[u8]) -> Option<(Self, &[u8])> {
        fn take<'a, const N: usize>(rest: &mut &'a [u8]) -> Option<&'a [u8; N]> {
            let (taken, after) = rest.split_first_chunk()?;
            *rest = after;
            Some(taken)
        }
        let rest = &mut &*bytes;
        let [flags, chunks] = *take(rest)?;
        let length = |rest: &mut &[u8]| take(rest).copied().map(u16::from_le_bytes);
        let chunk_lengths = (0..chunks).map(|_| length(rest)).collect::<Option<_>>()?;
        let [frame_count] = *take(rest)?;
        let frames =
            (0..frame_count).map(|_| Some((take::<1>(rest)?[0], length(rest)?))).collect::<Option<_>>()?;
        let [first_chunk, chunk_count] = *take(rest)?;
        let offset = length(rest)?;
        let encoding = if flags & 1 == 1 { Encoding::Zstd } else { Encoding::Raw };
        Some((Self { encoding, chunk_lengths, frames, first_chunk, chunk_count, offset }, *rest))
    }

    fn index(&self) -> Option<PackIndex> {
        let chunk =
            |length: &u16| Chunk::new(ChunkId::of(b""), u32::from(*length) + 1).expect("a length in bounds");
        PackIndex::new(PackId::from_bytes([1; 16]), self.chunk_lengths.iter().map(chunk).collect()).ok()
    }

    fn placement(&self) -> Option<Placement> {
        let frame = |(chunk_count, stored_length): &(u8, u16)| Frame {
            chunk_count: (*chunk_count).into(),
            stored_length_bytes: (*stored_length).into(),
        };
        let frames = FrameTable::new(self.frames.iter().map(frame).collect()).ok()?;
        let first = Placement::first("packs/a/b".to_owned(), self.offset.into(), 0);
        Some(Placement { encoding: self.encoding, frames: Some(frames), ..first })
    }
}

/// Packs of four frames of two chunks each, and runs of them.
fn extent_seeds() -> Vec<Vec<u8>> {
    let lengths = [3999_u16, 9, 0, 20_000, 1, 1, 65_535, 7000];
    let raw = |range: std::ops::Range<usize>| -> Vec<u8> {
        let length: usize = lengths[range].iter().map(|length| usize::from(*length) + 1).sum();
        (0..length).map(|at| (at / 9) as u8).collect()
    };
    let frames: Vec<Vec<u8>> = (0..4).map(|at| compress(&raw(2 * at..2 * at + 2)).expect("memory")).collect();
    let layout = |encoding, first_chunk, chunk_count| Layout {
        encoding,
        chunk_lengths: lengths.to_vec(),
        frames: frames.iter().map(|frame| (2, frame.len() as u16)).collect(),
        first_chunk,
        chunk_count,
        offset: 100,
    };
    vec![
        layout(Encoding::Zstd, 0, 8).encode(&frames.concat()),
        // Whole frames, then parts of frames.
        layout(Encoding::Zstd, 2, 4).encode(&frames[1..3].concat()),
        layout(Encoding::Zstd, 3, 2).encode(&frames[1..3].concat()),
        layout(Encoding::Zstd, 5, 1).encode(&frames[2]),
        layout(Encoding::Raw, 1, 2).encode(&raw(1..3)),
        layout(Encoding::Zstd, 7, 2).encode(&frames[3]),
    ]
}

fn check_extent(bytes: &[u8]) -> Verdict {
    let Some((layout, stored)) = Layout::decode(bytes) else { return Verdict::Refused };
    let (Some(index), Some(placement)) = (layout.index(), layout.placement()) else {
        return Verdict::Refused;
    };
    let first_chunk = layout.first_chunk.into();
    let chunk_count = layout.chunk_count.into();
    let Some(extent) = placement.extent(&index, first_chunk, chunk_count) else { return Verdict::Refused };
    let run = index.raw_range(first_chunk, chunk_count).expect("an extent is of chunks that the pack has");
    assert_eq!(run.end - run.start, u64::from(extent.raw_length_bytes));
    assert!(extent.range.start >= placement.offset && extent.range.start <= extent.range.end);
    check_frames_of(&extent, placement.encoding);

    let held_bytes = u64::from(extent.skip_bytes) + u64::from(extent.raw_length_bytes);
    let bytes_more = 3 * held_bytes + 2 * u64::from(FRAME_MAX_BYTES) + DECOMPRESSOR_BYTES;
    let memory = Memory { bytes_per_input_byte: 0, bytes_more };
    let stored = Bytes::copy_from_slice(stored);
    match memory.hold(stored.len(), || extent.decode(stored.clone())) {
        Ok(raw) => {
            assert_eq!(raw.len(), extent.raw_length_bytes as usize);
            if placement.encoding == Encoding::Raw {
                assert_eq!(raw, stored);
            }
            Verdict::Accepted
        }
        Err(error) => refused(error),
    }
}

/// The frames fill the range, and hold the run.
fn check_frames_of(extent: &Extent, encoding: Encoding) {
    let range_bytes = extent.range.end - extent.range.start;
    if encoding == Encoding::Raw {
        assert!(extent.frames.is_empty() && extent.skip_bytes == 0);
        assert_eq!(range_bytes, u64::from(extent.raw_length_bytes));
        return;
    }
    let stored_bytes: u64 = extent.frames.iter().map(|frame| u64::from(frame.stored_length_bytes)).sum();
    let raw_bytes: u64 = extent.frames.iter().map(|frame| u64::from(frame.raw_length_bytes)).sum();
    assert_eq!(stored_bytes, range_bytes);
    assert!(u64::from(extent.skip_bytes) + u64::from(extent.raw_length_bytes) <= raw_bytes);
    if let [first, .., last] = &*extent.frames {
        assert!(extent.skip_bytes < first.raw_length_bytes, "the first frame has nothing of the run");
        let without_last = raw_bytes - u64::from(last.raw_length_bytes);
        let end = u64::from(extent.skip_bytes) + u64::from(extent.raw_length_bytes);
        assert!(end > without_last, "the last frame has nothing of the run");
    }
}
