//! A pass written down, to be taken up again by another process at the same offset.

use sha1::digest::common::hazmat::{SerializableState, SerializedState};

use super::{ContentPass, Packing};
use crate::binary::{Format, FormatError, Reader, Writer};
use crate::chunk::{CHUNK_MAX_BYTES, Chunk, Chunker};
use crate::pack::{PACK_MAX_BYTES, PackCutter};
use crate::pack_index::{CHUNK_ENTRY_BYTES, read_chunks, write_chunks};

/// How many bytes both hash functions take at once.
const HASH_BLOCK_BYTES: u64 = 64;
/// The words with which SHA-1's state begins; after them, in both, lie the number of blocks taken and that of bytes beyond.
const SHA1_WORDS_BYTES: usize = 20;
/// The words with which SHA-256's state begins.
const SHA256_WORDS_BYTES: usize = 32;

const FORMAT: Format = Format { magic: *b"SLcp", version: 1 };

/// Bytes that no pass has written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// The bytes are malformed.
    #[error("checkpoint: {0}")]
    Format(#[from] FormatError),
    /// A hash state that its function cannot be in.
    #[error("checkpoint: a hash state is malformed")]
    HashState,
    /// More open chunks than a pack holds, more carry than a chunk, or not the offset that the hashes, or the packs and the
    /// carry give.
    #[error("checkpoint: hashes, packs and carry do not agree with the offset")]
    Inconsistent,
}

impl ContentPass {
    /// The pass as bytes for [`ContentPass::resume`]: 34 per chunk of the open pack (at most 557 KB), the bytes after
    /// the last cut (less than 64 KiB) and about 230 more. They reveal content; keep them where content is kept.
    pub fn checkpoint(&self) -> Vec<u8> {
        let Packing { chunker, cutter } = &self.packing;
        let table_bytes = cutter.open_chunks().len() * CHUNK_ENTRY_BYTES;
        let mut writer = Writer::new(FORMAT, table_bytes + chunker.carry().len() + 256);
        writer.varint(self.offset_bytes);
        writer.bytes(&self.sha1.serialize());
        writer.bytes(&self.sha256.serialize());
        writer.varint(cutter.ordinal().into());
        write_chunks(&mut writer, cutter.open_chunks());
        writer.varint(chunker.carry().len() as u64);
        writer.bytes(chunker.carry());
        writer.seal()
    }

    /// The pass that [`ContentPass::checkpoint`] wrote down. It goes on at [`ContentPass::offset_bytes`] and ends in the
    /// same hashes, chunks and packs as if it had never stopped.
    pub fn resume(bytes: &[u8]) -> Result<Self, CheckpointError> {
        let mut reader = Reader::open(FORMAT, bytes)?;
        let offset_bytes: u64 = reader.varint()?;
        let sha1 = read_hash(&mut reader, SHA1_WORDS_BYTES, offset_bytes)?;
        let sha256 = read_hash(&mut reader, SHA256_WORDS_BYTES, offset_bytes)?;
        let ordinal = reader.varint()?;
        let chunks = read_chunks(&mut reader)?;
        let carry_bytes = reader.count(1)?;
        let carry = reader.bytes(carry_bytes)?;
        reader.finish()?;

        let chunker = Chunker::resume(carry).ok_or(CheckpointError::Inconsistent)?;
        let cutter = resume_cutter(ordinal, chunks, offset_bytes.checked_sub(carry.len() as u64))?;
        Ok(Self { offset_bytes, sha1, sha256, packing: Packing { chunker, cutter } })
    }
}

/// A cutter whose open pack, number `ordinal`, holds `chunks` and ends at `end_bytes`.
fn resume_cutter(
    ordinal: u32,
    chunks: Vec<Chunk>,
    end_bytes: Option<u64>,
) -> Result<PackCutter, CheckpointError> {
    // A pack of a single content closes for want of room for a chunk, so all before the open one are nearly full.
    let closed_packs = u64::from(ordinal);
    let closed_bytes =
        closed_packs * u64::from(PACK_MAX_BYTES - CHUNK_MAX_BYTES)..=closed_packs * u64::from(PACK_MAX_BYTES);
    let open_bytes = chunks.iter().map(|chunk| u64::from(chunk.length_bytes())).sum();
    let offset_bytes = end_bytes
        .and_then(|end_bytes| end_bytes.checked_sub(open_bytes))
        .filter(|offset_bytes| closed_bytes.contains(offset_bytes))
        .ok_or(CheckpointError::Inconsistent)?;
    let mut cutter = PackCutter::starting_at(ordinal, offset_bytes);
    if chunks.into_iter().any(|chunk| cutter.push(chunk).is_some()) {
        return Err(CheckpointError::Inconsistent);
    }
    Ok(cutter)
}

/// Reads a hash that has taken `offset_bytes`. A state that claims another number would end in a wrong hash, or in an
/// overflow when the number is turned into bits.
fn read_hash<H: SerializableState>(
    reader: &mut Reader,
    words_bytes: usize,
    offset_bytes: u64,
) -> Result<H, CheckpointError> {
    let mut state = SerializedState::<H>::default();
    let length = state.len();
    state.copy_from_slice(reader.bytes(length)?);
    let (blocks, in_block) = (offset_bytes / HASH_BLOCK_BYTES, offset_bytes % HASH_BLOCK_BYTES);
    let taken = [&blocks.to_le_bytes()[..], &[in_block as u8]].concat();
    if !state[words_bytes..].starts_with(&taken) {
        return Err(CheckpointError::Inconsistent);
    }
    H::deserialize(&state).map_err(|_| CheckpointError::HashState)
}
