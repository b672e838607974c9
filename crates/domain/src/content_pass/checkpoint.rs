//! Saves a pass so that another process can resume it at the same offset.

use sha1::digest::common::hazmat::{SerializableState, SerializedState};

use super::{ContentPass, Packing};
use crate::binary::{Format, FormatError, Reader, Writer};
use crate::chunk::{CHUNK_MAX_BYTES, Chunk, Chunker};
use crate::pack::{PACK_MAX_BYTES, PackCutter};
use crate::pack_index::{CHUNK_ENTRY_BYTES, read_chunks, write_chunks};
use crate::part_plan::OBJECT_MAX_BYTES;

/// The block length of both hash functions.
const HASH_BLOCK_BYTES: u64 = 64;
/// Length of the words at the start of SHA-1's state. In both states, the number of blocks and of bytes
/// beyond follow.
const SHA1_WORDS_BYTES: usize = 20;
/// Length of the words at the start of SHA-256's state.
const SHA256_WORDS_BYTES: usize = 32;

const FORMAT: Format = Format { magic: *b"SLcp", version: 1 };

/// Bytes that are not a checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// The bytes are not a sealed checkpoint.
    #[error("checkpoint: {0}")]
    Format(#[from] FormatError),
    /// A hash function cannot be in the stored state.
    #[error("checkpoint: a hash state is malformed")]
    HashState,
    /// The open pack or the carry is too long, or the offset does not match the hashes, packs and carry.
    #[error("checkpoint: hashes, packs and carry do not agree with the offset")]
    Inconsistent,
}

impl ContentPass {
    /// Saves the pass for [`ContentPass::resume`], in 34 bytes per chunk of the open pack (at most 557 KB),
    /// the bytes after the last cut (less than 64 KiB) and about 230 more. They contain bytes of the blob:
    /// protect them like the blob.
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

    /// Restores the pass that [`ContentPass::checkpoint`] saved. It continues at
    /// [`ContentPass::offset_bytes`] and ends with the same hashes, chunks and packs as a pass that never
    /// stopped.
    pub fn resume(bytes: &[u8]) -> Result<Self, CheckpointError> {
        let mut reader = Reader::open(FORMAT, bytes)?;
        let offset_bytes: u64 = reader.varint()?;
        // Beyond it the pass would run out of numbers for packs.
        if offset_bytes > OBJECT_MAX_BYTES {
            return Err(CheckpointError::Inconsistent);
        }
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

/// Restores a cutter whose open pack has the number `ordinal`, contains `chunks` and ends at `end_bytes`.
fn resume_cutter(
    ordinal: u32,
    chunks: Vec<Chunk>,
    end_bytes: Option<u64>,
) -> Result<PackCutter, CheckpointError> {
    // A pack closes when the next chunk does not fit, so all closed packs are nearly full.
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

/// Reads a hash state after `offset_bytes`. A state with another count would give a wrong hash, or overflow
/// when the count is converted to bits.
fn read_hash<H: SerializableState>(
    reader: &mut Reader,
    words_bytes: usize,
    offset_bytes: u64,
) -> Result<H, CheckpointError> {
    let mut state = SerializedState::<H>::default();
    let length = state.len();
    state.copy_from_slice(reader.bytes(length)?);
    let blocks = offset_bytes / HASH_BLOCK_BYTES;
    let in_block = offset_bytes % HASH_BLOCK_BYTES;
    let taken = [&blocks.to_le_bytes()[..], &[in_block as u8]].concat();
    if !state[words_bytes..].starts_with(&taken) {
        return Err(CheckpointError::Inconsistent);
    }
    H::deserialize(&state).map_err(|_| CheckpointError::HashState)
}
