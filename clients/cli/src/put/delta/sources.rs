//! Finding chunks of a file that the account has, with as few questions as may be.

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

use super::known::KnownChunks;
use crate::api::Detail;
use crate::cache::KnownVersion;
use crate::error::{Error, Result};
use crate::put::Put;
use crate::put::item::Item;

/// From this size on it pays to ask the server about a file whose earlier version is not known here.
const ASKED_MIN_BYTES: u64 = 1 << 20;
/// From this size on it pays to look for chunks of a file that has no earlier version.
const HOOKS_MIN_BYTES: u64 = 4 << 20;

/// What was found.
pub enum Found {
    /// The account has all of it, and it is a version now.
    Instant(Box<VersionView>),
    /// Some chunks, perhaps none.
    Chunks(KnownChunks),
}

/// Looks for the chunks of the file: in its earlier version, as this machine or the server knows it, else in whatever
/// shares chunks with it.
pub async fn find(put: &Put, item: &Item, sha256: Sha256, chunks: &[Chunk]) -> Result<Found> {
    let search = Search { put, item, sha256 };
    let mut known = KnownChunks::default();
    if let Some(version) = put.cache.version_at(&item.remote)
        && search.by_cached_chunks(version, &mut known).await?
    {
        return Ok(Found::Chunks(known));
    }
    if item.size_bytes < ASKED_MIN_BYTES {
        return Ok(Found::Chunks(known));
    }
    let current = item.api.file_at(&item.remote).await?.as_ref().and_then(known_version);
    let hooks = hooks(chunks);
    let near =
        current.or_else(|| put.cache.content_with(&hooks).and_then(|near| put.cache.version_of(&near)));
    if let Some(version) = near
        && search.by_cached_chunks(version, &mut known).await?
    {
        return Ok(Found::Chunks(known));
    }
    if current.is_none() && item.size_bytes < HOOKS_MIN_BYTES {
        return Ok(Found::Chunks(known));
    }
    // What follows has long answers: not for a content that the account has anyway.
    if let LookupAnswer::Instant { version } = put.look_up(item, sha256).await? {
        return Ok(Found::Instant(version));
    }
    match current {
        Some(version) => search.by_plan(version, &mut known).await?,
        None => search.by_hooks(&hooks, &mut known).await?,
    }
    Ok(Found::Chunks(known))
}

fn known_version(view: &VersionView) -> Option<KnownVersion> {
    Some(KnownVersion { file_id: view.file_id, version_id: view.version_id, sha256: view.sha256? })
}

struct Search<'a> {
    put: &'a Put,
    item: &'a Item,
    sha256: Sha256,
}

impl Search<'_> {
    /// Takes the chunks of a version from the cache and their places from the server; false if that cannot be done.
    async fn by_cached_chunks(&self, version: KnownVersion, known: &mut KnownChunks) -> Result<bool> {
        if version.sha256 == self.sha256 {
            // The same content is sent in no way at all.
            return Ok(true);
        }
        let Some(chunks) = self.put.cache.chunks(&version.sha256) else { return Ok(false) };
        let terms = unless_gone(self.plan(version, Detail::Terms).await)?;
        Ok(lay(&chunks, &terms, known).is_some())
    }

    /// Takes chunks and places of a version from the server.
    async fn by_plan(&self, version: KnownVersion, known: &mut KnownChunks) -> Result<()> {
        for term in unless_gone(self.plan(version, Detail::Chunks).await)? {
            let chunks: Result<Vec<_>, _> =
                term.chunks.iter().map(|chunk| Chunk::new(chunk.id, chunk.length)).collect();
            let chunks = chunks.map_err(|error| Error::UnexpectedAnswer(error.to_string()))?;
            known.add(PackReference::Stored(term.pack_id), term.first_chunk, &chunks);
        }
        Ok(())
    }

    async fn plan(&self, version: KnownVersion, detail: Detail) -> Result<Vec<PlanTerm>> {
        let pages = self.item.api.plan_pages(version.file_id, version.version_id, detail);
        pages.map_ok(|page| page.terms).try_concat().await
    }

    /// Takes the packs that hold sampled chunks of the file.
    async fn by_hooks(&self, hooks: &[ChunkId], known: &mut KnownChunks) -> Result<()> {
        let mut packs: Vec<PackIndexView> = Vec::new();
        let mut seen = HashSet::new();
        for hooks in hooks.chunks(HOOKS_MAX) {
            let found = self.item.api.look_up_hooks(hooks).await?.packs;
            // Hooks are in the order of hashes, so each call asks about a fair sample of the whole file.
            if found.is_empty() {
                break;
            }
            packs.extend(found.into_iter().filter(|pack| seen.insert(pack.pack_id)));
        }
        for pack in packs.iter().take(MANIFEST_MAX_PACKS) {
            // A pack whose index cannot be read is not known: its chunks are sent.
            if let Some(index) = self.read_index(pack).await.filter(|index| index.pack_id() == pack.pack_id) {
                known.add(PackReference::Stored(pack.pack_id), 0, index.chunks());
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

/// A version that is gone, or not available any more, has no terms.
fn unless_gone(terms: Result<Vec<PlanTerm>>) -> Result<Vec<PlanTerm>> {
    match terms {
        Err(error) if matches!(error.problem_code(), Some(Code::NotFound | Code::VersionNotAvailable)) => {
            Ok(Vec::new())
        }
        terms => terms,
    }
}

/// Says where each of the chunks of a content lies by its terms; nothing, and nothing is added, if they do not fit.
fn lay(chunks: &[Chunk], terms: &[PlanTerm], known: &mut KnownChunks) -> Option<()> {
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
    if !rest.is_empty() {
        return None;
    }
    for (term, run) in runs {
        known.add(PackReference::Stored(term.pack_id), term.first_chunk, run);
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn terms(runs: &[(u32, u64)]) -> Vec<PlanTerm> {
        let term = |(first_chunk, length): &(u32, u64)| {
            let pack_id = "00000000000000000000000000000001";
            let term = json!({
                "offset": 0, "length": length, "pack_id": pack_id, "first_chunk": first_chunk, "chunk_count": 2,
                "encoding": "raw",
            });
            serde_json::from_value(term).expect("a term")
        };
        runs.iter().map(term).collect()
    }

    #[test]
    fn chunks_are_laid_over_terms_that_fit_and_no_others() {
        let chunk = |seed: u8| Chunk::new(ChunkId::of(&[seed]), 10).expect("a length within bounds");
        let chunks: Vec<Chunk> = (0..4).map(chunk).collect();
        let mut known = KnownChunks::default();
        for bad in [&[(0, 20)][..], &[(0, 20), (7, 21)], &[(0, 20), (7, 20), (9, 20)]] {
            assert!(lay(&chunks, &terms(bad), &mut known).is_none());
            assert_eq!(known.find(&chunks[0], None), None);
        }
        assert!(lay(&chunks, &terms(&[(7, 20), (3, 20)]), &mut known).is_some());
        let numbers: Vec<_> =
            chunks.iter().filter_map(|chunk| known.find(chunk, None)).map(|(_, number)| number).collect();
        assert_eq!(numbers, [7, 8, 3, 4]);
    }
}
