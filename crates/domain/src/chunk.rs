//! Cuts bytes into content-defined chunks, so that an insertion does not move later cuts.
//!
//! The algorithm is `FastCDC` (Xia et al., USENIX ATC 2016; two bytes at a time as in their TPDS 2020 paper)
//! with the gear table of the `fastcdc` crate. Table, sizes and masks are part of the stored formats: with
//! other cuts, nothing stored before would match again. `tests/vectors/chunks.txt` pins them.

use std::fmt;

use crate::hash::ChunkId;

/// The minimum length of all chunks of a blob except the last: 4 KiB.
pub const CHUNK_MIN_BYTES: u32 = 4 << 10;
/// From this length on, cuts become more likely. Chunks of random bytes have 18.7 KB on average.
pub const CHUNK_AVERAGE_BYTES: u32 = 16 << 10;
/// The maximum length of a chunk: 64 KiB.
pub const CHUNK_MAX_BYTES: u32 = 64 << 10;

/// Before the average length, a cut needs these 16 bits of the gear hash to be 0 (normalisation level 2).
const MASK_BEFORE_AVERAGE: u64 = 0x0000_d903_0353_7000;
/// After the average length, a cut needs these 12 bits to be 0.
const MASK_AFTER_AVERAGE: u64 = 0x0000_d901_0353_0000;

/// A chunk, by its id and length; it does not hold the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Chunk {
    id: ChunkId,
    length_bytes: u32,
}

/// A chunk that is empty or longer than [`CHUNK_MAX_BYTES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a chunk is 1 to {CHUNK_MAX_BYTES} bytes long, not {length_bytes}")]
pub struct InvalidChunkLength {
    length_bytes: u32,
}

impl Chunk {
    /// A chunk of `length_bytes`.
    ///
    /// # Errors
    /// [`InvalidChunkLength`] unless the length is 1 to [`CHUNK_MAX_BYTES`].
    pub fn new(id: ChunkId, length_bytes: u32) -> Result<Self, InvalidChunkLength> {
        if (1..=CHUNK_MAX_BYTES).contains(&length_bytes) {
            Ok(Self { id, length_bytes })
        } else {
            Err(InvalidChunkLength { length_bytes })
        }
    }

    /// The BLAKE3 hash of the bytes.
    pub fn id(&self) -> ChunkId {
        self.id
    }

    /// Length in bytes, 1 to [`CHUNK_MAX_BYTES`].
    pub fn length_bytes(&self) -> u32 {
        self.length_bytes
    }
}

/// Cuts a stream into chunks. The cuts depend only on the bytes, not on the blocks in which they arrive.
#[derive(Clone, Default)]
pub struct Chunker {
    /// The bytes after the last cut, fewer than [`CHUNK_MAX_BYTES`]. This is the whole state.
    carry: Vec<u8>,
}

const MAX: usize = CHUNK_MAX_BYTES as usize;

impl Chunker {
    /// Starts at the beginning of a stream.
    pub fn new() -> Self {
        Self::default()
    }

    /// Resumes from the bytes of [`Chunker::carry`]. Nothing if there are [`CHUNK_MAX_BYTES`] or more.
    pub fn resume(carry: &[u8]) -> Option<Self> {
        (carry.len() < MAX).then(|| Self { carry: carry.to_vec() })
    }

    /// The bytes that are not cut yet: fewer than [`CHUNK_MAX_BYTES`].
    pub fn carry(&self) -> &[u8] {
        &self.carry
    }

    /// Takes the next bytes and calls `on_chunk` for each complete chunk, with its bytes.
    pub fn update(&mut self, block: &[u8], mut on_chunk: impl FnMut(Chunk, &[u8])) {
        // Only chunks that begin in the carry are cut from a copy; all others are cut in place.
        let carried = self.carry.len();
        if carried > 0 {
            self.carry.extend_from_slice(&block[..block.len().min(MAX)]);
        }
        let mut start = 0;
        while start < carried && self.carry.len() - start >= MAX {
            start += take_chunk(&self.carry[start..], &mut on_chunk);
        }
        if start < carried {
            self.carry.drain(..start);
            return;
        }
        start -= carried;
        while block.len() - start >= MAX {
            start += take_chunk(&block[start..], &mut on_chunk);
        }
        self.carry.clear();
        self.carry.extend_from_slice(&block[start..]);
    }

    /// Ends the stream: the carry becomes the last chunks.
    pub fn finish(self, mut on_chunk: impl FnMut(Chunk, &[u8])) {
        let mut start = 0;
        while start < self.carry.len() {
            start += take_chunk(&self.carry[start..], &mut on_chunk);
        }
    }
}

/// Shows how much is carried, not the bytes: they must not appear in logs.
impl fmt::Debug for Chunker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chunker").field("carry_bytes", &self.carry.len()).finish()
    }
}

/// Cuts the first chunk off `window` and returns its length. `window` has [`CHUNK_MAX_BYTES`], or all bytes
/// to the end.
fn take_chunk(window: &[u8], on_chunk: &mut impl FnMut(Chunk, &[u8])) -> usize {
    let (_, length) = fastcdc::v2020::cut(
        window,
        CHUNK_MIN_BYTES as usize,
        CHUNK_AVERAGE_BYTES as usize,
        MAX,
        MASK_BEFORE_AVERAGE,
        MASK_AFTER_AVERAGE,
        MASK_BEFORE_AVERAGE << 1,
        MASK_AFTER_AVERAGE << 1,
    );
    let bytes = &window[..length];
    on_chunk(Chunk { id: ChunkId::of(bytes), length_bytes: length as u32 }, bytes);
    length
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chunk_is_never_empty_nor_too_long() {
        let id = ChunkId::of(b"");
        for length_bytes in [0, CHUNK_MAX_BYTES + 1, u32::MAX] {
            assert_eq!(Chunk::new(id, length_bytes), Err(InvalidChunkLength { length_bytes }));
        }
        for length_bytes in [1, CHUNK_MAX_BYTES] {
            assert!(Chunk::new(id, length_bytes).is_ok());
        }
    }

    #[test]
    fn a_carry_no_chunker_leaves_is_refused() {
        assert!(Chunker::resume(&vec![0; MAX - 1]).is_some());
        assert!(Chunker::resume(&vec![0; MAX]).is_none());
    }

    #[test]
    fn the_masks_are_those_of_normalisation_level_2() {
        let level = fastcdc::v2020::Normalization::Level2;
        let masks = fastcdc::v2020::select_masks(CHUNK_AVERAGE_BYTES as usize, level);
        assert_eq!(masks, (MASK_BEFORE_AVERAGE, MASK_AFTER_AVERAGE));
    }
}
