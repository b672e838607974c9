//! Encodes and decodes the index of a pack: its table of chunks.

use std::iter;
use std::ops::Range;

use crate::binary::{Format, FormatError, Reader, Writer};
use crate::chunk::{CHUNK_MAX_BYTES, Chunk};
use crate::hash::ChunkId;
use crate::id::PackId;

/// A pack holds at most this many raw bytes: 64 MiB.
pub const PACK_MAX_BYTES: u32 = 64 << 20;
/// A pack holds at most this many chunks. Only packs of tiny files reach it: a single blob reaches
/// [`PACK_MAX_BYTES`] first, because only its last chunk may be shorter than 4 KiB.
pub const PACK_MAX_CHUNKS: u32 = 16_384;

const FORMAT: Format = Format { magic: *b"SLpi", version: 1 };
/// A chunk id, and the length minus one. So 1 to 64 KiB fit into 16 bits, and an empty chunk cannot be
/// written.
pub(crate) const CHUNK_ENTRY_BYTES: usize = ChunkId::LENGTH + 2;
/// The encoding of chunks that follow one another uncompressed. It has no parameters.
const ENCODING_RAW: u64 = 0;

/// The chunks of a pack, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackIndex {
    pack_id: PackId,
    chunks: Vec<Chunk>,
    /// Where each chunk begins in the raw pack, and where the last ends, in bytes.
    offsets: Vec<u32>,
}

/// Chunks that do not form a pack, or bytes that are not a pack index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PackIndexError {
    /// The bytes are not a sealed pack index.
    #[error("pack index: {0}")]
    Format(#[from] FormatError),
    /// There are no chunks, or more than [`PACK_MAX_CHUNKS`].
    #[error("a pack has 1 to {PACK_MAX_CHUNKS} chunks, not {0}")]
    ChunkCount(usize),
    /// The chunks have more than [`PACK_MAX_BYTES`] in total.
    #[error("the chunks of a pack have at most {PACK_MAX_BYTES} bytes in total, not {0}")]
    RawLength(u32),
    /// The index names no encoding, or one that this version does not support.
    #[error("the pack's encodings are not supported")]
    UnsupportedEncoding,
}

impl PackIndex {
    /// The index of a pack of `chunks`.
    ///
    /// # Errors
    /// Unless there are 1 to [`PACK_MAX_CHUNKS`] chunks of at most [`PACK_MAX_BYTES`] in total.
    pub fn new(pack_id: PackId, chunks: Vec<Chunk>) -> Result<Self, PackIndexError> {
        if chunks.is_empty() || chunks.len() > PACK_MAX_CHUNKS as usize {
            return Err(PackIndexError::ChunkCount(chunks.len()));
        }
        let index = Self::of_cut(pack_id, chunks);
        if index.raw_length_bytes() > PACK_MAX_BYTES {
            return Err(PackIndexError::RawLength(index.raw_length_bytes()));
        }
        Ok(index)
    }

    /// The index of chunks that are known to be within the limits. At most [`PACK_MAX_CHUNKS`] have at most
    /// 1 GiB, so the sum cannot overflow.
    pub(crate) fn of_cut(pack_id: PackId, chunks: Vec<Chunk>) -> Self {
        let ends = chunks.iter().scan(0, |end, chunk| {
            *end += chunk.length_bytes();
            Some(*end)
        });
        let offsets = iter::once(0).chain(ends).collect();
        Self { pack_id, chunks, offsets }
    }

    /// The id of the pack that the index describes.
    pub fn pack_id(&self) -> PackId {
        self.pack_id
    }

    /// The 1 to [`PACK_MAX_CHUNKS`] chunks, in order.
    pub fn chunks(&self) -> &[Chunk] {
        &self.chunks
    }

    /// Total length of the chunks in bytes, 1 to [`PACK_MAX_BYTES`].
    pub fn raw_length_bytes(&self) -> u32 {
        self.offsets[self.chunks.len()]
    }

    /// The byte range of `chunk_count` chunks from `first_chunk` on in the raw pack, if the pack has these
    /// chunks.
    pub fn raw_range(&self, first_chunk: u32, chunk_count: u32) -> Option<Range<u64>> {
        let first = first_chunk as usize;
        let end = first.checked_add(chunk_count as usize)?;
        Some(u64::from(*self.offsets.get(first)?)..u64::from(*self.offsets.get(end)?))
    }

    /// Encodes the index for [`PackIndex::decode`], in 34 bytes per chunk and about 33 more.
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new(FORMAT, self.chunks.len() * CHUNK_ENTRY_BYTES + 64);
        writer.bytes(self.pack_id.as_bytes());
        write_chunks(&mut writer, &self.chunks);
        writer.varint(1);
        writer.varint(ENCODING_RAW);
        writer.varint(0);
        writer.seal()
    }

    /// Decodes what [`PackIndex::encode`] wrote. Allocates no more than a small multiple of `bytes`.
    pub fn decode(bytes: &[u8]) -> Result<Self, PackIndexError> {
        let mut reader = Reader::open(FORMAT, bytes)?;
        let pack_id = PackId::from_bytes(reader.array()?);
        let chunks = read_chunks(&mut reader)?;
        for only in [1, ENCODING_RAW, 0] {
            if reader.varint::<u64>()? != only {
                return Err(PackIndexError::UnsupportedEncoding);
            }
        }
        reader.finish()?;
        Self::new(pack_id, chunks)
    }
}

/// Writes a table of chunks as pack indexes and checkpoints contain it.
pub(crate) fn write_chunks(writer: &mut Writer, chunks: &[Chunk]) {
    writer.varint(chunks.len() as u64);
    for chunk in chunks {
        writer.bytes(chunk.id().as_bytes());
        let length_less_one = (chunk.length_bytes() - 1) as u16;
        writer.bytes(&length_less_one.to_le_bytes());
    }
}

/// Reads what [`write_chunks`] wrote.
pub(crate) fn read_chunks(reader: &mut Reader) -> Result<Vec<Chunk>, FormatError> {
    let count = reader.count(CHUNK_ENTRY_BYTES)?;
    let mut chunks = Vec::with_capacity(count);
    for _ in 0..count {
        let id = ChunkId::from(reader.array()?);
        let length_bytes = u32::from(u16::from_le_bytes(reader.array()?)) + 1;
        chunks.push(Chunk::new(id, length_bytes).map_err(|_| FormatError::InvalidInteger)?);
    }
    Ok(chunks)
}

const _: () = assert!(CHUNK_MAX_BYTES - 1 == u16::MAX as u32, "a chunk's length less one fills 16 bits");
