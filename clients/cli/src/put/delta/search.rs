//! Searches for chunks of a file that the account already has, with as few calls as possible.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use futures::TryStreamExt as _;
use sluice_contracts::files::{LookupAnswer, VersionView};
use sluice_contracts::packs::{HOOKS_MAX, PackIndexView, PackReference, PlanTerm};
use sluice_contracts::problem::Code;
use sluice_domain::chunk::Chunk;
use sluice_domain::dedup::hooks;
use sluice_domain::hash::{ChunkId, Sha256};
use sluice_domain::manifest::MANIFEST_MAX_PACKS;
use sluice_domain::pack_index::PackIndex;
use std::collections::HashSet;

use super::chunk_locations::ChunkLocations;
use crate::api::Detail;
use crate::cache::CachedVersion;
use crate::error::{Error, Result};
use crate::put::context::PutContext;
use crate::put::item::{Item, LocalBlob};

/// From this size on, it pays to ask the server for an earlier version that is not in the cache.
const SERVER_SEARCH_MIN_BYTES: u64 = 1 << 20;
/// From this size on, it pays to look up the hooks of a file that has no earlier version.
const HOOKS_MIN_BYTES: u64 = 4 << 20;

pub enum SearchOutcome {
    /// The account has the blob, and the server made a version of it.
    Instant(Box<VersionView>),
    /// Where the account has chunks of the file; may be empty.
    Chunks(ChunkLocations),
}

/// Looks for the chunks of the file in its earlier version, as the cache or the server knows it, and
/// otherwise in any file that shares hooks with it.
pub async fn find(put: &PutContext, item: &Item, blob: LocalBlob, chunks: &[Chunk]) -> Result<SearchOutcome> {
    let search = Search { put, item, sha256: blob.sha256 };
    let mut locations = ChunkLocations::default();
    if let Some(version) = put.cache.version_at(&item.remote)
        && search.finds_cached_chunks(version, &mut locations).await?
    {
        return Ok(SearchOutcome::Chunks(locations));
    }
    if blob.size_bytes < SERVER_SEARCH_MIN_BYTES {
        return Ok(SearchOutcome::Chunks(locations));
    }
    let current = item.api.file_at(&item.remote).await?.as_ref().and_then(version_of);
    let hooks = hooks(chunks);
    let similar = || put.cache.similar_blob(&hooks).and_then(|blob| put.cache.version_of(&blob));
    if let Some(version) = current.or_else(similar)
        && search.finds_cached_chunks(version, &mut locations).await?
    {
        return Ok(SearchOutcome::Chunks(locations));
    }
    if current.is_none() && blob.size_bytes < HOOKS_MIN_BYTES {
        return Ok(SearchOutcome::Chunks(locations));
    }
    // The calls that follow have long answers. Avoid them if the account has the whole blob.
    if let LookupAnswer::Instant { version } = put.look_up(item, blob).await? {
        return Ok(SearchOutcome::Instant(version));
    }
    match current {
        Some(version) => search.by_plan(version, &mut locations).await?,
        None => search.by_hooks(&hooks, &mut locations).await?,
    }
    Ok(SearchOutcome::Chunks(locations))
}

fn version_of(view: &VersionView) -> Option<CachedVersion> {
    Some(CachedVersion { file_id: view.file_id, version_id: view.version_id, sha256: view.sha256? })
}

struct Search<'a> {
    put: &'a PutContext,
    item: &'a Item,
    sha256: Sha256,
}

impl Search<'_> {
    /// Takes the chunks of a version from the cache and their locations from the server. Finds nothing if the
    /// cache lacks the chunks, or if they do not match the server's plan.
    async fn finds_cached_chunks(
        &self,
        version: CachedVersion,
        locations: &mut ChunkLocations,
    ) -> Result<bool> {
        if version.sha256 == self.sha256 {
            // The blob is the same, so no chunk has to be sent.
            return Ok(true);
        }
        let Some(chunks) = self.put.cache.chunks(&version.sha256) else { return Ok(false) };
        let terms = unless_gone(self.plan(version, Detail::Terms).await)?;
        Ok(locates(&chunks, &terms, locations))
    }

    /// Takes the chunks and locations of a version from the server.
    async fn by_plan(&self, version: CachedVersion, locations: &mut ChunkLocations) -> Result<()> {
        for term in unless_gone(self.plan(version, Detail::Chunks).await)? {
            let chunks: Result<Vec<_>, _> =
                term.chunks.iter().map(|chunk| Chunk::new(chunk.id, chunk.length)).collect();
            let chunks = chunks.map_err(|error| Error::UnexpectedAnswer(error.to_string()))?;
            locations.add(PackReference::Stored(term.pack_id), term.first_chunk, &chunks);
        }
        Ok(())
    }

    async fn plan(&self, version: CachedVersion, detail: Detail) -> Result<Vec<PlanTerm>> {
        let pages = self.item.api.plan_pages(version.file_id, version.version_id, detail);
        pages.map_ok(|page| page.terms).try_concat().await
    }

    /// Adds the packs that hold hooks of the file.
    async fn by_hooks(&self, hooks: &[ChunkId], locations: &mut ChunkLocations) -> Result<()> {
        let mut packs: Vec<PackIndexView> = Vec::new();
        let mut seen = HashSet::new();
        for hooks in hooks.chunks(HOOKS_MAX) {
            let found = self.item.api.look_up_hooks(hooks).await?.packs;
            // Hooks are sorted by hash, so each call covers a random sample of the whole file.
            if found.is_empty() {
                break;
            }
            packs.extend(found.into_iter().filter(|pack| seen.insert(pack.pack_id)));
        }
        for pack in packs.iter().take(MANIFEST_MAX_PACKS) {
            // Ignore a pack with an unreadable index: its chunks are sent.
            if let Some(index) = self.read_index(pack).await.filter(|index| index.pack_id() == pack.pack_id) {
                locations.add(PackReference::Stored(pack.pack_id), 0, index.chunks());
            }
        }
        Ok(())
    }

    async fn read_index(&self, pack: &PackIndexView) -> Option<PackIndex> {
        let bytes = match (&pack.index_base64, &pack.index_url) {
            (Some(text), _) => BASE64.decode(text).ok()?,
            (None, Some(url)) => {
                let meter = self.item.api.meter();
                meter.add_request();
                let bytes = self.put.bucket.read_small(url).await.ok()?;
                meter.add_api_bytes(bytes.len() as u64);
                bytes
            }
            (None, None) => return None,
        };
        PackIndex::decode(&bytes).ok()
    }
}

/// A version that is gone or no longer available has no terms.
fn unless_gone(terms: Result<Vec<PlanTerm>>) -> Result<Vec<PlanTerm>> {
    match terms {
        Err(error) if matches!(error.problem_code(), Some(Code::NotFound | Code::VersionNotAvailable)) => {
            Ok(Vec::new())
        }
        terms => terms,
    }
}

/// Adds the location of each chunk of a blob, as its terms give it. Adds nothing if chunks and
/// terms do not match.
fn locates(chunks: &[Chunk], terms: &[PlanTerm], locations: &mut ChunkLocations) -> bool {
    let Some(runs) = runs(chunks, terms) else { return false };
    for (term, run) in runs {
        locations.add(PackReference::Stored(term.pack_id), term.first_chunk, run);
    }
    true
}

/// Each term with its chunks.
fn runs<'a>(chunks: &'a [Chunk], terms: &'a [PlanTerm]) -> Option<Vec<(&'a PlanTerm, &'a [Chunk])>> {
    let mut rest = chunks;
    let mut runs = Vec::with_capacity(terms.len());
    for term in terms {
        let (run, after) = rest.split_at_checked(term.chunk_count as usize)?;
        let length: u64 = run.iter().map(|chunk| u64::from(chunk.length_bytes())).sum();
        if length != term.length {
            return None;
        }
        runs.push((term, run));
        rest = after;
    }
    rest.is_empty().then_some(runs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn terms(runs: &[(u32, u64)]) -> Vec<PlanTerm> {
        let term = |(first_chunk, length): &(u32, u64)| {
            let pack_id = "00000000000000000000000000000001";
            let term = json!({
                "offset": 0, "length": length, "pack_id": pack_id, "first_chunk": first_chunk,
                "chunk_count": 2, "encoding": "raw",
            });
            serde_json::from_value(term).expect("a term")
        };
        runs.iter().map(term).collect()
    }

    #[test]
    fn chunks_are_located_only_by_terms_that_match() {
        let chunk = |seed: u8| Chunk::new(ChunkId::of(&[seed]), 10).expect("a length within bounds");
        let chunks: Vec<Chunk> = (0..4).map(chunk).collect();
        let mut locations = ChunkLocations::default();
        for bad in [&[(0, 20)][..], &[(0, 20), (7, 21)], &[(0, 20), (7, 20), (9, 20)]] {
            assert!(!locates(&chunks, &terms(bad), &mut locations));
            assert_eq!(locations.find(&chunks[0], None), None);
        }
        assert!(locates(&chunks, &terms(&[(7, 20), (3, 20)]), &mut locations));
        let numbers: Vec<_> = chunks
            .iter()
            .filter_map(|chunk| locations.find(chunk, None))
            .map(|location| location.number)
            .collect();
        assert_eq!(numbers, [7, 8, 3, 4]);
    }
}
