//! Cuts all versions into chunks as Sluice does, and keeps each chunk once.

use sluice_domain::chunk::Chunker;
use sluice_domain::hash::ChunkId;
use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::trees;
use crate::Failure;

/// The number of hash functions of a signature.
const SIGNATURE_LENGTH: usize = 4;
/// The length of a shingle in bytes.
const SHINGLE_BYTES: usize = 8;

/// A chunk and the path where it was first found.
#[derive(Debug, Clone)]
pub struct Piece {
    /// The path of its file in its tree.
    pub path: PathBuf,
    pub bytes: Vec<u8>,
}

/// The chunks in their order of appearance: tree by tree, each in the order of its paths.
pub fn unique(trees: &[PathBuf]) -> Result<Vec<Piece>, Failure> {
    let mut seen = HashSet::new();
    let mut pieces = Vec::new();
    for tree in trees {
        let mut files = trees::files_below(tree)?;
        files.sort();
        for file in files {
            add(&mut pieces, &mut seen, file.strip_prefix(tree)?, &fs::read(&file)?);
        }
    }
    Ok(pieces)
}

fn add(pieces: &mut Vec<Piece>, seen: &mut HashSet<ChunkId>, path: &Path, content: &[u8]) {
    let mut keep = |chunk: sluice_domain::chunk::Chunk, bytes: &[u8]| {
        if seen.insert(chunk.id()) {
            pieces.push(Piece { path: path.to_owned(), bytes: bytes.to_vec() });
        }
    };
    let mut chunker = Chunker::new();
    chunker.update(content, &mut keep);
    chunker.finish(&mut keep);
}

/// The chunks by file extension, then by path, so that those of one file's versions are adjacent.
pub fn by_path(pieces: &[Piece]) -> Vec<Piece> {
    let mut sorted = pieces.to_vec();
    sorted.sort_by_cached_key(|piece| (piece.path.extension().map(ToOwned::to_owned), piece.path.clone()));
    sorted
}

/// The chunks by similarity, so that those which share most shingles are adjacent.
pub fn by_similarity(pieces: &[Piece]) -> Vec<Piece> {
    let mut sorted = pieces.to_vec();
    sorted.sort_by_cached_key(|piece| signature(&piece.bytes));
    sorted
}

/// The smallest hash of all shingles, for each of several hash functions (Broder, On the resemblance and
/// containment of documents, 1997).
fn signature(bytes: &[u8]) -> [u64; SIGNATURE_LENGTH] {
    const FACTORS: [u64; SIGNATURE_LENGTH] =
        [0x9E37_79B9_7F4A_7C15, 0xC2B2_AE3D_27D4_EB4F, 0xD6E8_FEB8_6659_FD93, 0xA076_1D64_78BD_642F];
    let mut least = [u64::MAX; SIGNATURE_LENGTH];
    for shingle in bytes.windows(SHINGLE_BYTES) {
        let shingle = u64::from_le_bytes(shingle.try_into().unwrap_or_default());
        for (least, factor) in least.iter_mut().zip(FACTORS) {
            let hash = (shingle ^ (shingle >> 29)).wrapping_mul(factor);
            *least = (*least).min(hash ^ (hash >> 32));
        }
    }
    least
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn similar_chunks_are_adjacent() {
        let piece = |seed, length| Piece { path: PathBuf::new(), bytes: sluice_tests::bytes(seed, length) };
        let pieces = [piece(1, 8000), piece(2, 8000), piece(1, 8200), piece(2, 8200)];
        let sorted: Vec<Vec<u8>> = by_similarity(&pieces).into_iter().map(|piece| piece.bytes).collect();
        assert_eq!(sorted[0][..8000], sorted[1][..8000]);
        assert_eq!(sorted[2][..8000], sorted[3][..8000]);
    }
}
