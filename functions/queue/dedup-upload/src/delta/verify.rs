//! Reads a blob from its packs, as a reader would, and hashes all of it.

use bytes::Bytes;
use futures::stream::{self, StreamExt, TryStreamExt};
use sha1::Digest as _;
use sluice_deployment::clock;
use sluice_domain::chunk::Chunk;
use sluice_domain::content_pass::ContentDigest;
use sluice_domain::hash::{Sha1, Sha256};
use sluice_domain::manifest::Term;
use sluice_domain::pack_index::PackIndex;
use sluice_packs::read::{Run, read_run};

use super::resolve::PacksById;
use crate::app::RANGE_BYTES;
use crate::error::DedupError;
use crate::work::UploadWork;

/// How many ranges are read ahead.
const READS_AHEAD: usize = 3;

/// Computes the digest of a blob that consists of `terms`. Every term must name chunks that its pack has.
///
/// # Errors
/// [`DedupError::Pack`] if the stores do not have what the indexes say. [`DedupError::TooSlow`] if time runs
/// out: there are no checkpoints, and the other messages of the batch shall not count as failed.
pub async fn digest_of(
    work: &UploadWork<'_>,
    terms: &[Term],
    packs: &PacksById,
) -> Result<ContentDigest, DedupError> {
    let UploadWork { app, upload, out_of_time, .. } = *work;
    let short_terms = terms.iter().copied().flat_map(|term| split(term, packs[&term.pack_id].known.index()));
    let mut reads = stream::iter(short_terms)
        .map(|Term { pack_id, first_chunk, chunk_count, .. }| async move {
            let pack = &packs[&pack_id];
            let run = Run { pack: &pack.row, index: pack.known.index(), first_chunk, chunk_count };
            read_run(&app.packs, run, clock::now()).await
        })
        .buffered(READS_AHEAD);
    let mut hasher = Hasher::default();
    while let Some(bytes) = reads.try_next().await? {
        if out_of_time() {
            return Err(DedupError::TooSlow(upload.upload_id));
        }
        hasher = tokio::task::spawn_blocking(move || hasher.update(&bytes)).await?;
    }
    Ok(hasher.finish())
}

/// Splits a term into terms of at most [`RANGE_BYTES`].
fn split(term: Term, index: &PackIndex) -> Vec<Term> {
    let end = term.first_chunk + term.chunk_count;
    let chunks = &index.chunks()[term.first_chunk as usize..end as usize];
    let mut terms: Vec<Term> = Vec::new();
    for (first_chunk, length) in (term.first_chunk..).zip(chunks.iter().map(Chunk::length_bytes)) {
        match terms.last_mut() {
            Some(last) if u64::from(last.raw_length_bytes) + u64::from(length) <= RANGE_BYTES => {
                last.chunk_count += 1;
                last.raw_length_bytes += length;
            }
            _ => terms.push(Term { first_chunk, chunk_count: 1, raw_length_bytes: length, ..term }),
        }
    }
    terms
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use sluice_domain::hash::ChunkId;
    use sluice_domain::id::PackId;

    fn index(lengths: &[u32]) -> PackIndex {
        let chunk = |length: &u32| Chunk::new(ChunkId::of(b""), *length).expect("a chunk");
        PackIndex::new(PackId::from_bytes([1; 16]), lengths.iter().map(chunk).collect()).expect("a pack")
    }

    proptest! {
        #[test]
        fn a_split_term_has_the_same_chunks_in_as_few_reads_as_possible(
            lengths in prop::collection::vec(30_000_u32..=65_536, 1..900),
            first in any::<prop::sample::Index>(),
            count in any::<prop::sample::Index>(),
        ) {
            let first_chunk = first.index(lengths.len()) as u32;
            let chunk_count = count.index(lengths.len() - first_chunk as usize) as u32 + 1;
            let index = index(&lengths);
            let range = index.raw_range(first_chunk, chunk_count).expect("chunks of the pack");
            let raw_length_bytes = (range.end - range.start) as u32;
            let term = Term { pack_id: index.pack_id(), first_chunk, chunk_count, raw_length_bytes };

            let mut next = first_chunk;
            let mut all_bytes = 0;
            for part in split(term, &index) {
                let range = index.raw_range(part.first_chunk, part.chunk_count).expect("chunks of the pack");
                prop_assert_eq!(part.first_chunk, next);
                prop_assert_eq!(range.end - range.start, u64::from(part.raw_length_bytes));
                prop_assert!(u64::from(part.raw_length_bytes) <= RANGE_BYTES);
                next += part.chunk_count;
                all_bytes += part.raw_length_bytes;
                if next < first_chunk + chunk_count {
                    let after = index.chunks()[next as usize];
                    let longer = u64::from(part.raw_length_bytes) + u64::from(after.length_bytes());
                    prop_assert!(longer > RANGE_BYTES);
                }
            }
            prop_assert_eq!((next, all_bytes), (first_chunk + chunk_count, raw_length_bytes));
        }
    }

    #[test]
    fn the_digest_does_not_depend_on_the_ranges() {
        let whole = Hasher::default().update(&Bytes::from_static(b"abcdef")).finish();
        let halves =
            Hasher::default().update(&Bytes::from_static(b"abc")).update(&Bytes::from_static(b"def"));
        assert_eq!(halves.finish(), whole);
        assert_eq!(
            (whole.size_bytes, whole.sha1, whole.sha256),
            (6, Sha1::of(b"abcdef"), Sha256::of(b"abcdef"))
        );
    }
}
