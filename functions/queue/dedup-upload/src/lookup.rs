//! Which chunks of an object the account has already.

use sluice_domain::blob::Blob;
use sluice_domain::chunk::Chunk;
use sluice_domain::dedup::{Run, hooks, match_chunks};
use sluice_domain::hash::{ChunkId, Sha256};
use sluice_domain::id::{AccountId, PackId};
use sluice_domain::manifest::Manifest;
use sluice_domain::pack::PackDraft;
use sluice_domain::upload::Upload;
use sluice_storage::read_attachment;
use std::collections::{BTreeSet, HashMap, HashSet};

use crate::error::DedupError;
use crate::{App, known};

/// How many packs chunks are looked for in. It leaves room for new packs beside them: see
/// [`MANIFEST_MAX_PACKS`](sluice_domain::manifest::MANIFEST_MAX_PACKS).
const CANDIDATES_MAX: usize = 80;

/// What is known of consecutive chunks.
pub struct Found {
    /// All chunks, in order.
    pub runs: Vec<Run>,
    /// The bytes of the new chunks, each chunk counted once.
    pub new_bytes: u64,
}

/// Looks for the chunks of `drafts` in the packs that the chunk index leads to, and in those of the version that the
/// upload follows.
pub async fn look_up(app: &App, upload: &Upload, drafts: &[PackDraft]) -> Result<Found, DedupError> {
    let candidates = candidates(app, upload, drafts).await?;
    let packs = known::load(app, upload.account_id, &candidates).await?;
    let packs: Vec<_> = packs.iter().map(|pack| &*pack.known).collect();
    let chunks: Vec<Chunk> = drafts.iter().flat_map(PackDraft::chunks).copied().collect();
    let runs = match_chunks(&chunks, &packs);
    Ok(Found { new_bytes: new_bytes(&chunks, &runs), runs })
}

/// The packs that most likely hold the chunks, the most likely first.
async fn candidates(app: &App, upload: &Upload, drafts: &[PackDraft]) -> Result<Vec<PackId>, DedupError> {
    let sampled: BTreeSet<ChunkId> = drafts.iter().flat_map(|draft| hooks(draft.chunks())).collect();
    let sampled: Vec<ChunkId> = sampled.into_iter().collect();
    let mut hits: HashMap<PackId, usize> = HashMap::new();
    for pack in app.tables.find_hooks(upload.account_id, &sampled).await? {
        *hits.entry(pack).or_default() += 1;
    }
    let mut candidates: Vec<PackId> = hits.keys().copied().collect();
    candidates.sort_unstable_by_key(|pack| (std::cmp::Reverse(hits[pack]), *pack));
    // A single chunk that was in the version before would be the whole of it, and known by its SHA-256.
    let several = drafts.iter().map(|draft| draft.chunks().len()).sum::<usize>() > 1;
    if let Some(base) = upload.base_sha256.filter(|_| several) {
        let packs = packs_of_blob(app, upload.account_id, &base).await?;
        candidates.extend(packs.into_iter().filter(|pack| !hits.contains_key(pack)));
    }
    candidates.truncate(CANDIDATES_MAX);
    Ok(candidates)
}

async fn packs_of_blob(app: &App, account: AccountId, sha256: &Sha256) -> Result<Vec<PackId>, DedupError> {
    match app.tables.blob(account, sha256).await? {
        Some(blob) => packs_of(app, &blob).await,
        None => Ok(Vec::new()),
    }
}

/// The packs of a blob in the order of its bytes, each once.
pub async fn packs_of(app: &App, blob: &Blob) -> Result<Vec<PackId>, DedupError> {
    let manifest = Manifest::decode(&read_attachment(&app.vault, &blob.manifest).await?)?;
    let mut seen = HashSet::new();
    Ok(manifest.terms().iter().map(|term| term.pack_id).filter(|pack| seen.insert(*pack)).collect())
}

/// The chunks of the new runs, with where they lie, each chunk once.
pub fn new_chunks(chunks: &[Chunk], runs: &[Run]) -> Vec<(u64, Chunk)> {
    let (mut at, mut offset) = (0, 0);
    let (mut seen, mut new) = (HashSet::new(), Vec::new());
    for run in runs {
        let (count, is_new) = match run {
            Run::Known(term) => (term.chunk_count as usize, false),
            Run::New { chunk_count, .. } => (*chunk_count as usize, true),
        };
        for chunk in &chunks[at..at + count] {
            if is_new && seen.insert(chunk.id()) {
                new.push((offset, *chunk));
            }
            offset += u64::from(chunk.length_bytes());
        }
        at += count;
    }
    new
}

fn new_bytes(chunks: &[Chunk], runs: &[Run]) -> u64 {
    new_chunks(chunks, runs).iter().map(|(_, chunk)| u64::from(chunk.length_bytes())).sum()
}
