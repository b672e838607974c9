//! Reading a content from its packs, as a reader would, and hashing all of it.

use bytes::Bytes;
use futures::stream::{self, StreamExt, TryStreamExt};
use sha1::Digest as _;
use sluice_domain::chunk::Chunk;
use sluice_domain::content_pass::ContentDigest;
use sluice_domain::hash::{ChunkId, Sha1, Sha256};
use sluice_domain::id::PackId;
use sluice_domain::key::ObjectKey;
use sluice_domain::manifest::Term;
use std::collections::HashMap;

use crate::App;
use crate::error::DedupError;
use crate::known::StoredPack;
use crate::scan::RANGE_BYTES;

/// How many ranges are read ahead.
const READS_AHEAD: usize = 3;

/// Chunks that lie side by side in one pack.
struct Piece {
    pack_id: PackId,
    first_chunk: usize,
    chunks: Vec<Chunk>,
    key: ObjectKey,
    start: u64,
    length: u64,
}

/// What the content of these terms is. Every term must name chunks that its pack has.
///
/// # Errors
/// [`DedupError::ChunkDamaged`] if the vault does not hold what the index says.
pub async fn digest_of(
    app: &App,
    terms: &[Term],
    packs: &HashMap<PackId, StoredPack>,
) -> Result<ContentDigest, DedupError> {
    let pieces = terms.iter().copied().flat_map(|term| pieces(term, &packs[&term.pack_id]));
    let mut reads = stream::iter(pieces)
        .map(|piece| async move {
            let bytes =
                app.vault.get_range(&piece.key, None, piece.start..piece.start + piece.length).await?;
            Ok::<_, DedupError>((piece, bytes))
        })
        .buffered(READS_AHEAD);
    let mut hasher = Hasher::default();
    while let Some((piece, bytes)) = reads.try_next().await? {
        hasher = tokio::task::spawn_blocking(move || hasher.update(&piece, &bytes)).await??;
    }
    Ok(hasher.finish())
}

/// A term in pieces of at most [`RANGE_BYTES`].
fn pieces(term: Term, pack: &StoredPack) -> Vec<Piece> {
    let chunks = pack.known.index().chunks();
    let (first, end) = (term.first_chunk as usize, (term.first_chunk + term.chunk_count) as usize);
    let length_of =
        |chunks: &[Chunk]| chunks.iter().map(|chunk| u64::from(chunk.length_bytes())).sum::<u64>();
    let mut start = pack.row.placement.offset + length_of(&chunks[..first]);
    let mut pieces: Vec<Piece> = Vec::new();
    for (position, chunk) in (first..).zip(&chunks[first..end]) {
        let length = u64::from(chunk.length_bytes());
        match pieces.last_mut().filter(|piece| piece.length + length <= RANGE_BYTES) {
            Some(piece) => {
                piece.chunks.push(*chunk);
                piece.length += length;
            }
            None => pieces.push(Piece {
                pack_id: term.pack_id,
                first_chunk: position,
                chunks: vec![*chunk],
                key: ObjectKey::from_stored(&*pack.row.placement.key),
                start,
                length,
            }),
        }
        start += length;
    }
    pieces
}

#[derive(Default)]
struct Hasher {
    size_bytes: u64,
    sha1: sha1::Sha1,
    sha256: sha2::Sha256,
}

impl Hasher {
    fn update(mut self, piece: &Piece, bytes: &Bytes) -> Result<Self, DedupError> {
        let mut rest = bytes.clone();
        for (position, chunk) in (piece.first_chunk..).zip(&piece.chunks) {
            if ChunkId::of(&rest.split_to(chunk.length_bytes() as usize)) != chunk.id() {
                return Err(DedupError::ChunkDamaged { pack: piece.pack_id, chunk: position });
            }
        }
        self.size_bytes += bytes.len() as u64;
        self.sha1.update(bytes);
        self.sha256.update(bytes);
        Ok(self)
    }

    fn finish(self) -> ContentDigest {
        ContentDigest {
            size_bytes: self.size_bytes,
            sha1: <[u8; Sha1::LENGTH]>::from(self.sha1.finalize()).into(),
            sha256: <[u8; Sha256::LENGTH]>::from(self.sha256.finalize()).into(),
        }
    }
}
