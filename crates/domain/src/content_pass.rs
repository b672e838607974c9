//! Computes both hashes, the chunks and the packs of a blob in one pass over its bytes.

use sha1::Digest as _;
use std::thread::{self, Scope};

use crate::chunk::Chunker;
use crate::hash::{Sha1, Sha256};
use crate::pack::{PackCutter, PackDraft};

mod checkpoint;

pub use checkpoint::CheckpointError;

/// From this block length on, three threads gain more time than starting two of them costs.
const PARALLEL_MIN_BYTES: usize = 256 << 10;

/// A pass over a blob, fed block by block. It holds only the bytes after the last cut (less than 64 KiB) and
/// the chunks of the open pack (at most 16,384), however long the blob is.
#[derive(Debug, Clone, Default)]
pub struct ContentPass {
    offset_bytes: u64,
    sha1: sha1::Sha1,
    sha256: sha2::Sha256,
    packing: Packing,
}

/// Size and hashes of a blob.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContentDigest {
    /// Size of the blob in bytes.
    pub size_bytes: u64,
    /// SHA-1, only for search: collisions can be made at will.
    pub sha1: Sha1,
    /// SHA-256, which identifies the blob.
    pub sha256: Sha256,
}

impl ContentPass {
    /// Starts a pass at offset 0.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many bytes the pass has taken: the offset of the next block.
    pub fn offset_bytes(&self) -> u64 {
        self.offset_bytes
    }

    /// Takes the next bytes and returns the packs that closed, in order. A pack is returned once: later
    /// checkpoints do not contain it. For blocks of 256 KiB or more, the hashes run on two extra threads.
    #[must_use = "a closed pack is returned only once"]
    pub fn update(&mut self, block: &[u8]) -> Vec<PackDraft> {
        self.offset_bytes += block.len() as u64;
        let Self { sha1, sha256, packing, .. } = self;
        let parallel = block.len() >= PARALLEL_MIN_BYTES;
        let (sha1_done, sha256_done, closed) = thread::scope(|scope| {
            let sha1_done = parallel && start(scope, || sha1.update(block));
            let sha256_done = parallel && start(scope, || sha256.update(block));
            (sha1_done, sha256_done, packing.update(block))
        });
        if !sha1_done {
            sha1.update(block);
        }
        if !sha256_done {
            sha256.update(block);
        }
        closed
    }

    /// Ends the pass and returns the packs that [`ContentPass::update`] has not returned: none for an empty
    /// blob, else one, or two if the last bytes did not fit into the first.
    pub fn finish(self) -> (ContentDigest, Vec<PackDraft>) {
        let digest = ContentDigest {
            size_bytes: self.offset_bytes,
            sha1: <[u8; Sha1::LENGTH]>::from(self.sha1.finalize()).into(),
            sha256: <[u8; Sha256::LENGTH]>::from(self.sha256.finalize()).into(),
        };
        (digest, self.packing.finish())
    }
}

/// Runs `lane` on its own thread, which `scope` waits for. Returns false if the system could not start a
/// thread.
fn start<'scope>(scope: &'scope Scope<'scope, '_>, lane: impl FnOnce() + Send + 'scope) -> bool {
    thread::Builder::new().spawn_scoped(scope, lane).is_ok()
}

#[derive(Debug, Clone, Default)]
struct Packing {
    chunker: Chunker,
    cutter: PackCutter,
}

impl Packing {
    fn update(&mut self, block: &[u8]) -> Vec<PackDraft> {
        let mut closed = Vec::new();
        self.chunker.update(block, |chunk, _| closed.extend(self.cutter.push(chunk)));
        closed
    }

    fn finish(self) -> Vec<PackDraft> {
        let Self { chunker, mut cutter } = self;
        let mut packs = Vec::new();
        chunker.finish(|chunk, _| packs.extend(cutter.push(chunk)));
        packs.extend(cutter.finish());
        packs
    }
}
