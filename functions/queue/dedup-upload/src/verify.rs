//! Reading a blob from its packs, as a reader would, and hashing all of it.

use bytes::Bytes;
use futures::stream::{self, StreamExt, TryStreamExt};
use sha1::Digest as _;
use sluice_domain::chunk::Chunk;
use sluice_domain::content_pass::ContentDigest;
use sluice_domain::hash::{Sha1, Sha256};
use sluice_domain::id::PackId;
use sluice_domain::manifest::Term;
use sluice_lambda::clock;
use sluice_packs::read::{Run, read_run};
use std::collections::HashMap;

use crate::App;
use crate::error::DedupError;
use crate::known::StoredPack;
use crate::scan::RANGE_BYTES;

/// How many ranges are read ahead.
const READS_AHEAD: usize = 3;

/// What the blob of these terms is. Every term must name chunks that its pack has.
///
/// # Errors
/// [`DedupError::Pack`] if the stores do not hold what the index says.
pub async fn digest_of(
    app: &App,
    terms: &[Term],
    packs: &HashMap<PackId, StoredPack>,
) -> Result<ContentDigest, DedupError> {
    let runs = terms.iter().copied().flat_map(|term| runs(term, &packs[&term.pack_id]));
    let mut reads = stream::iter(runs)
        .map(|(pack_id, first_chunk, chunk_count)| async move {
            let StoredPack { row: pack, known } = &packs[&pack_id];
            let run = Run { pack, index: known.index(), first_chunk, chunk_count };
            read_run(&app.packs, run, clock::now()).await
        })
        .buffered(READS_AHEAD);
    let mut hasher = Hasher::default();
    while let Some(bytes) = reads.try_next().await? {
        hasher = tokio::task::spawn_blocking(move || hasher.update(&bytes)).await?;
    }
    Ok(hasher.finish())
}

/// A term in runs of at most [`RANGE_BYTES`]: pack, first chunk, how many chunks.
fn runs(term: Term, pack: &StoredPack) -> Vec<(PackId, u32, u32)> {
    let (first, end) = (term.first_chunk as usize, (term.first_chunk + term.chunk_count) as usize);
    let chunks = &pack.known.index().chunks()[first..end];
    let mut runs: Vec<(PackId, u32, u32)> = Vec::new();
    let mut length = 0;
    for (position, bytes) in (term.first_chunk..).zip(chunks.iter().map(Chunk::length_bytes)) {
        length += u64::from(bytes);
        if let Some((_, _, count)) = runs.last_mut().filter(|_| length <= RANGE_BYTES) {
            *count += 1;
        } else {
            runs.push((term.pack_id, position, 1));
            length = u64::from(bytes);
        }
    }
    runs
}

#[derive(Default)]
struct Hasher {
    size_bytes: u64,
    sha1: sha1::Sha1,
    sha256: sha2::Sha256,
}

impl Hasher {
    fn update(mut self, bytes: &Bytes) -> Self {
        self.size_bytes += bytes.len() as u64;
        self.sha1.update(bytes);
        self.sha256.update(bytes);
        self
    }

    fn finish(self) -> ContentDigest {
        ContentDigest {
            size_bytes: self.size_bytes,
            sha1: <[u8; Sha1::LENGTH]>::from(self.sha1.finalize()).into(),
            sha256: <[u8; Sha256::LENGTH]>::from(self.sha256.finalize()).into(),
        }
    }
}
