//! Hashes a file and its parts, and cuts it into chunks, in one pass.

use serde::{Deserialize, Serialize};
use sha2::Digest as _;
use sluice_domain::chunk::{Chunk, Chunker};
use sluice_domain::delta::DELTA_BLOB_MAX_BYTES;
use sluice_domain::hash::Sha256;
use sluice_domain::part_plan::{PartNumber, PartPlan, UploadMethod};
use std::fs::File;
use std::io::{self, Read as _};
use std::ops::RangeInclusive;
use std::path::Path;
use std::thread;

/// Large enough that handing a block to another thread costs little compared with hashing it.
const BLOCK_BYTES: usize = 1 << 20;

/// Sizes in bytes of files that are cut into chunks. Sending a smaller file is faster than asking about it. A
/// larger one would have too many packs for one manifest, and a long list of chunks.
pub const CHUNKED_SIZES: RangeInclusive<u64> = 64 << 10..=DELTA_BLOB_MAX_BYTES;

/// The hashes that an upload declares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digests {
    pub whole: Sha256,
    /// The hash of each part of a multipart upload, in order. Empty for a single PUT.
    pub parts: Vec<Sha256>,
}

impl Digests {
    /// The hash of the part. None if there is no such part.
    pub fn of_part(&self, number: PartNumber) -> Option<Sha256> {
        self.parts.get(number.get() as usize - 1).copied()
    }
}

#[derive(Debug, PartialEq, Eq)]
pub struct Hashed {
    pub digests: Digests,
    /// In order. Empty if the size of the file is not in [`CHUNKED_SIZES`].
    pub chunks: Vec<Chunk>,
}

/// Reads the file once, as far as the plan goes and divided by it. Returns `None` if the file is shorter.
/// Only the list of chunks grows with the file: 36 bytes for each chunk of 18.7 KB on average, 12 MB at most.
pub fn hash_file(path: &Path, plan: &PartPlan, on_bytes: impl Fn(u64)) -> io::Result<Option<Hashed>> {
    let mut file = File::open(path)?;
    let mut pass = Pass::new(plan);
    let mut block = vec![0; BLOCK_BYTES.min(plan.size.max(1) as usize)];
    for (_, part_bytes) in plan.parts() {
        let mut left_bytes = part_bytes;
        while left_bytes > 0 {
            let block = &mut block[..left_bytes.min(BLOCK_BYTES as u64) as usize];
            match file.read_exact(block) {
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
                result => result?,
            }
            pass.update(block);
            left_bytes -= block.len() as u64;
            on_bytes(block.len() as u64);
        }
        pass.end_part();
    }
    Ok(Some(pass.finish()))
}

struct Pass {
    whole: sha2::Sha256,
    part: Option<sha2::Sha256>,
    parts: Vec<Sha256>,
    chunker: Option<Chunker>,
    chunks: Vec<Chunk>,
}

impl Pass {
    fn new(plan: &PartPlan) -> Self {
        Self {
            whole: sha2::Sha256::new(),
            part: (plan.method() == UploadMethod::Multipart).then(sha2::Sha256::new),
            parts: Vec::new(),
            chunker: CHUNKED_SIZES.contains(&plan.size).then(Chunker::new),
            chunks: Vec::new(),
        }
    }

    /// Updates the hashes and the chunker in parallel.
    fn update(&mut self, block: &[u8]) {
        let Self { whole, part, chunker, chunks, .. } = self;
        let Some(chunker) = chunker else { return update_hashes(whole, part.as_mut(), block) };
        thread::scope(|scope| {
            scope.spawn(|| update_hashes(whole, part.as_mut(), block));
            chunker.update(block, |chunk, _| chunks.push(chunk));
        });
    }

    fn end_part(&mut self) {
        if let Some(part) = &mut self.part {
            self.parts.push(finish(part.finalize_reset()));
        }
    }

    fn finish(mut self) -> Hashed {
        if let Some(chunker) = self.chunker {
            chunker.finish(|chunk, _| self.chunks.push(chunk));
        }
        let digests = Digests { whole: finish(self.whole.finalize()), parts: self.parts };
        Hashed { digests, chunks: self.chunks }
    }
}

fn update_hashes(whole: &mut sha2::Sha256, part: Option<&mut sha2::Sha256>, block: &[u8]) {
    let Some(part) = part else { return whole.update(block) };
    thread::scope(|scope| {
        scope.spawn(|| whole.update(block));
        part.update(block);
    });
}

fn finish(hash: impl Into<[u8; Sha256::LENGTH]>) -> Sha256 {
    Sha256::from(hash.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use sluice_domain::hash::ChunkId;

    const MIB: usize = 1 << 20;

    fn hash(path: &Path, plan: &PartPlan) -> Option<Hashed> {
        hash_file(path, plan, |_| {}).expect("readable")
    }

    #[test]
    fn hashes_and_chunks_are_those_of_the_bytes() {
        let bytes: Vec<u8> = (0..11 * MIB + 3).map(|i| (i * 31 / 128) as u8).collect();
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), &bytes).expect("written");
        let plan = PartPlan::new(bytes.len() as u64, Some(5 * MIB as u64)).expect("plan");
        let Hashed { digests, chunks } = hash(file.path(), &plan).expect("of that size");
        assert_eq!(digests.whole, Sha256::of(&bytes));
        assert_eq!(digests.parts, bytes.chunks(5 * MIB).map(Sha256::of).collect::<Vec<_>>());
        let mut rest = &*bytes;
        for chunk in chunks {
            let (bytes, after) = rest.split_at(chunk.length_bytes() as usize);
            assert_eq!(ChunkId::of(bytes), chunk.id());
            rest = after;
        }
        assert!(rest.is_empty());

        let longer = PartPlan { size: plan.size + 1, ..plan };
        assert_eq!(hash(file.path(), &longer), None);
        let shorter = PartPlan { size: plan.size - 1, ..plan };
        let beginning = hash(file.path(), &shorter).expect("long enough").digests.whole;
        assert_eq!(beginning, Sha256::of(&bytes[..bytes.len() - 1]));
    }

    #[test]
    fn an_empty_file_has_the_hash_of_nothing() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let hashed = hash(file.path(), &PartPlan::new(0, None).expect("plan")).expect("of that size");
        let digests = Digests { whole: Sha256::of(b""), parts: Vec::new() };
        assert_eq!(hashed, Hashed { digests, chunks: Vec::new() });
    }
}
