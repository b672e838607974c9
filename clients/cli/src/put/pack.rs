//! A pack of new chunks, read from the local file as it is sent.

use sha2::Digest as _;
use sluice_domain::chunk::Chunk;
use sluice_domain::hash::{ChunkId, Sha256};
use sluice_domain::pack::{PACK_MAX_BYTES, PACK_MAX_CHUNKS};
use sluice_domain::upload::DeclaredPack;
use std::fs::File;
use std::io::{self, ErrorKind, Read as _, Seek as _, SeekFrom};
use std::ops::Range;

/// Chunks of the file that the account lacks, each of them once.
#[derive(Debug, Clone, Default)]
pub struct Pack {
    size_bytes: u32,
    /// Each chunk with its offset in the file, in bytes.
    chunks: Vec<(u64, Chunk)>,
}

impl Pack {
    /// The byte ranges of the file that make the pack, in order.
    pub fn ranges(&self) -> Vec<Range<u64>> {
        let mut ranges: Vec<Range<u64>> = Vec::new();
        for (offset, chunk) in &self.chunks {
            let end = offset + u64::from(chunk.length_bytes());
            match ranges.last_mut() {
                Some(last) if last.end == *offset => last.end = end,
                _ => ranges.push(*offset..end),
            }
        }
        ranges
    }

    pub fn chunk_lengths(&self) -> Vec<u32> {
        self.chunks.iter().map(|(_, chunk)| chunk.length_bytes()).collect()
    }

    pub fn has_room_for(&self, chunk: &Chunk) -> bool {
        self.size_bytes + chunk.length_bytes() <= PACK_MAX_BYTES
            && self.chunks.len() < PACK_MAX_CHUNKS as usize
    }

    /// Adds the chunk at this offset of the file, and gives its number in the pack.
    pub fn push(&mut self, offset: u64, chunk: Chunk) -> u32 {
        self.size_bytes += chunk.length_bytes();
        self.chunks.push((offset, chunk));
        self.chunks.len() as u32 - 1
    }

    /// Reads and hashes the pack. Returns `None` if the file no longer holds these chunks.
    pub fn declare(&self, file: &mut File) -> io::Result<Option<DeclaredPack>> {
        let mut hasher = sha2::Sha256::new();
        let mut bytes = Vec::new();
        for (offset, chunk) in &self.chunks {
            bytes.resize(chunk.length_bytes() as usize, 0);
            file.seek(SeekFrom::Start(*offset))?;
            match file.read_exact(&mut bytes) {
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(None),
                result => result?,
            }
            if ChunkId::of(&bytes) != chunk.id() {
                return Ok(None);
            }
            hasher.update(&bytes);
        }
        let sha256 = Sha256::from(<[u8; Sha256::LENGTH]>::from(hasher.finalize()));
        Ok(Some(DeclaredPack { size: self.size_bytes, sha256 }))
    }
}
