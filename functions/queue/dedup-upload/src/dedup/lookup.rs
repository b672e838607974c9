//! Finds out which chunks of an object the account has already.

use sluice_domain::blob::Blob;
use sluice_domain::chunk::Chunk;
use sluice_domain::dedup::hooks;
use sluice_domain::hash::{ChunkId, Sha256};
use sluice_domain::id::{AccountId, PackId};
use sluice_domain::manifest::Manifest;
use sluice_domain::pack::PackDraft;
use sluice_domain::rewrite::ChunkMatches;
use sluice_domain::upload::Upload;
use sluice_storage::read_attachment;
use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap, HashSet};

use super::reusable_packs;
use crate::app::App;
use crate::error::DedupError;

/// How many packs are searched for chunks. This leaves room for new packs: see
/// [`MANIFEST_MAX_PACKS`](sluice_domain::manifest::MANIFEST_MAX_PACKS).
const CANDIDATES_MAX: usize = 80;

/// Looks for the chunks of `drafts` in the packs that the chunk index names, and in those of the version that
/// was current when the upload began.
pub async fn find_chunks(
    app: &App,
    upload: &Upload,
    drafts: &[PackDraft],
) -> Result<ChunkMatches, DedupError> {
    let candidates = find_candidates(app, upload, drafts).await?;
    let packs = reusable_packs::load(app, upload.account_id, &candidates).await?;
    let packs: Vec<_> = packs.iter().map(|pack| &*pack.known).collect();
    let chunks: Vec<Chunk> = drafts.iter().flat_map(PackDraft::chunks).copied().collect();
    Ok(ChunkMatches::find(&chunks, &packs))
}

async fn find_candidates(
    app: &App,
    upload: &Upload,
    drafts: &[PackDraft],
) -> Result<Vec<PackId>, DedupError> {
    let sampled: BTreeSet<ChunkId> = drafts.iter().flat_map(|draft| hooks(draft.chunks())).collect();
    let sampled: Vec<ChunkId> = sampled.into_iter().collect();
    let hits = app.tables.find_hooks(upload.account_id, &sampled).await?;
    // An object of one chunk either equals the version before, and its SHA-256 is known, or shares nothing
    // with it.
    let has_several_chunks = drafts.iter().map(|draft| draft.chunks().len()).sum::<usize>() > 1;
    let base = match &upload.base_sha256 {
        Some(base) if has_several_chunks => packs_of_sha256(app, upload.account_id, base).await?,
        _ => Vec::new(),
    };
    Ok(rank_candidates(&hits, base))
}

/// The packs to search: those with the most hits first, then those of the version before.
fn rank_candidates(hits: &[PackId], base: Vec<PackId>) -> Vec<PackId> {
    let mut hit_counts: HashMap<PackId, usize> = HashMap::new();
    for pack in hits {
        *hit_counts.entry(*pack).or_default() += 1;
    }
    let mut candidates: Vec<PackId> = hit_counts.keys().copied().collect();
    candidates.sort_unstable_by_key(|pack| (Reverse(hit_counts[pack]), *pack));
    candidates.extend(base.into_iter().filter(|pack| !hit_counts.contains_key(pack)));
    candidates.truncate(CANDIDATES_MAX);
    candidates
}

async fn packs_of_sha256(app: &App, account: AccountId, sha256: &Sha256) -> Result<Vec<PackId>, DedupError> {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn packs(numbers: impl IntoIterator<Item = u8>) -> Vec<PackId> {
        numbers.into_iter().map(|number| PackId::from_bytes([number; 16])).collect()
    }

    #[test]
    fn packs_with_the_most_hits_come_first_and_those_of_the_version_before_last() {
        let candidates = rank_candidates(&packs([5, 9, 3, 9, 9, 5, 4]), packs([2, 9, 1]));
        assert_eq!(candidates, packs([9, 5, 3, 4, 2, 1]));
    }

    #[test]
    fn hits_displace_packs_of_the_version_before() {
        let candidates = rank_candidates(&packs(100..179), packs([1, 2]));
        assert_eq!(candidates, packs((100..179).chain([1])));
        assert_eq!(rank_candidates(&packs(100..190), packs([1])), packs(100..180));
    }
}
