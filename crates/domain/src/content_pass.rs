//! One pass over the bytes of a content: both hashes, the chunks and the packs.

use sha1::Digest as _;
use std::thread::{self, Scope};

use crate::chunk::Chunker;
use crate::hash::{Sha1, Sha256};
use crate::pack::{PackCutter, PackDraft};

mod checkpoint;

pub use checkpoint::CheckpointError;

/// From this length on the gain of three lanes at once is more than the cost of starting two threads.
const PARALLEL_MIN_BYTES: usize = 256 << 10;

/// A pass over a content, fed block by block. Its memory does not grow with the content: it holds the bytes after the
/// last cut (less than 64 KiB) and the chunks of the open pack (at most 16,384).
#[derive(Debug, Clone, Default)]
pub struct ContentPass {
    offset_bytes: u64,
    sha1: sha1::Sha1,
    sha256: sha2::Sha256,
    packing: Packing,
}

/// What a finished pass has found a content to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContentDigest {
    /// Its length.
    pub size_bytes: u64,
    /// Its label.
    pub sha1: Sha1,
    /// Its name.
    pub sha256: Sha256,
}

impl ContentPass {
    /// A pass at the start of a content.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many bytes the pass has taken: where in the content the next block begins.
    pub fn offset_bytes(&self) -> u64 {
        self.offset_bytes
    }

    /// Takes the next bytes and hands over the packs that closed, in order. Each is handed over once: a checkpoint
    /// made later does not hold it. The hashes of a block of 256 KiB or more run on two threads beside the caller's.
    #[must_use = "a closed pack is handed over only once"]
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

    /// Ends the content; hands over the packs that [`ContentPass::update`] has not: none if the content is empty, else
    /// one, or two when the last bytes did not fit into the first.
    pub fn finish(self) -> (ContentDigest, Vec<PackDraft>) {
        let digest = ContentDigest {
            size_bytes: self.offset_bytes,
            sha1: <[u8; Sha1::LENGTH]>::from(self.sha1.finalize()).into(),
            sha256: <[u8; Sha256::LENGTH]>::from(self.sha256.finalize()).into(),
        };
        (digest, self.packing.finish())
    }
}

/// Runs `lane` on a thread of its own, which `scope` waits for; false if the system has no thread to give.
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
