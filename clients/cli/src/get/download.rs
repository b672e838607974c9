//! Downloads one version: reuses local chunks, reads the others, verifies the whole, and renames it into
//! place.

use futures::{StreamExt as _, TryStreamExt as _, stream};
use sluice_contracts::files::VersionView;
use sluice_domain::chunk::Chunk;
use sluice_domain::hash::Sha256;
use std::path::Path;
use std::sync::Arc;
use tokio::sync::Semaphore;

use super::base::{self, Bases};
use super::partial::Partial;
use super::plan::Page;
use super::request::{Outcome, Reading};
use crate::api::{Api, Detail};
use crate::bucket::Bucket;
use crate::cache::{Cache, CachedFile, CachedVersion};
use crate::digests::CHUNKED_SIZES;
use crate::error::{Error, Result};
use crate::mode::Mode;
use crate::progress::FileProgress;

/// How often fresh URLs may be refused in a row before the download fails.
const REFUSALS_MAX: u32 = 3;

/// How many requests of one file may be in flight.
const REQUESTS_IN_FLIGHT: usize = 8;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fetched {
    /// The file was written, with bytes from the server or from local files.
    Downloaded,
    /// The target already had the right bytes.
    Unchanged,
}

/// The download of one version.
pub struct Download<'a> {
    /// A client that counts calls and bytes for this file only.
    pub api: &'a Api,
    pub bucket: &'a Bucket,
    /// One slot for each request that may be in flight, of any file.
    pub slots: &'a Semaphore,
    pub cache: &'a Cache,
    pub version: &'a VersionView,
    pub progress: FileProgress,
    pub new_file_mode: Mode,
}

impl Download<'_> {
    /// Writes the version to `target`. A different file there is replaced only if `replace` is true. Chunks
    /// that it or `bases` hold are copied instead of downloaded.
    pub async fn fetch(&self, target: &Path, replace: bool, bases: &Arc<Bases>) -> Result<Fetched> {
        let sha256 = self.version.sha256;
        let expected =
            sha256.ok_or_else(|| Error::UnexpectedAnswer("the version has no SHA-256".to_owned()))?;
        let mut all_bases = vec![bases.clone()];
        if let Ok(present) = target.symlink_metadata() {
            let may_be_same = present.len() == self.version.size;
            let may_share = replace && CHUNKED_SIZES.contains(&present.len());
            let is_worth_reading = present.is_file() && (may_be_same || may_share);
            let hashed = if is_worth_reading { base::hash(target).await? } else { None };
            if hashed.as_ref().is_some_and(|hashed| hashed.digests.whole == expected) {
                return Ok(Fetched::Unchanged);
            }
            if present.is_dir() {
                return Err(Error::IsFolder(target.to_owned()));
            }
            if !replace {
                return Err(Error::Exists(target.to_owned()));
            }
            let mut replaced = Bases::default();
            replaced.add(target, hashed.as_ref().map_or(&[], |hashed| &hashed.chunks));
            all_bases.push(Arc::new(replaced));
        }
        let partial = Partial::open(target, self.version.version_id, self.version.size)?;
        self.progress.begin_transfer(0);
        let chunks = self.fill(&partial, &all_bases).await?;
        if partial.sha256().await? != expected {
            partial.discard()?;
            return Err(Error::Corrupt);
        }
        partial.finish(replace, self.new_file_mode).await?;
        self.remember(target, expected, &chunks);
        Ok(Fetched::Downloaded)
    }

    /// Stores the chunks in the cache, so that `put` can send an edit of the file without asking for them.
    fn remember(&self, target: &Path, sha256: Sha256, chunks: &[Chunk]) {
        let VersionView { file_id, version_id, size, .. } = *self.version;
        if !CHUNKED_SIZES.contains(&size) {
            return;
        }
        self.cache.remember_blob(&sha256, size, chunks);
        self.cache.remember_file(&CachedFile {
            local: target,
            // The file was just written. A further write could get the same modification time.
            fingerprint: None,
            remote: &self.version.path,
            version: CachedVersion { file_id, version_id, sha256 },
        });
    }

    /// Fills `partial` and returns the chunks. On failure, deletes a partial file that holds no chunk.
    async fn fill(&self, partial: &Partial, bases: &[Arc<Bases>]) -> Result<Vec<Chunk>> {
        let mut cursor = None;
        let mut offset = 0;
        let mut chunks = Vec::new();
        while offset < self.version.size {
            let filled = self.fill_page(partial, bases, cursor, offset, &mut chunks).await;
            if filled.is_err() && partial.is_empty() {
                partial.discard()?;
            }
            (cursor, offset) = filled?;
        }
        Ok(chunks)
    }

    /// Fills in the chunks of one page and adds them to `chunks`. Returns cursor and offset of the next page.
    async fn fill_page(
        &self,
        partial: &Partial,
        bases: &[Arc<Bases>],
        cursor: Option<String>,
        offset: u64,
        chunks: &mut Vec<Chunk>,
    ) -> Result<(Option<String>, u64)> {
        let (mut page, next) = self.page(cursor.clone(), offset, Detail::Chunks).await?;
        let pieces = page.pieces();
        chunks.extend(pieces.iter().map(|piece| piece.chunk));
        let reuse = partial.reuse(pieces.clone(), bases.to_vec()).await?;
        self.api.meter().add_reused_bytes(reuse.reused_bytes);
        self.progress.add_reused(reuse.reused_bytes);
        let mut missing = reuse.missing;
        let mut refusals = 0;
        while !missing.is_empty() {
            let outcome = self.read_all(partial, &page, &missing).await?;
            refusals = if outcome.arrived > 0 { 0 } else { refusals + 1 };
            missing = outcome.missing;
            if let Some(error) = outcome.stale {
                if refusals > REFUSALS_MAX {
                    return Err(error);
                }
                // Try fresh URLs first, and every second time the packs' former location: a pack that was
                // just moved may not be readable at the new one.
                let is_second = refusals > 0 && refusals.is_multiple_of(2);
                let detail = if is_second { Detail::FormerChunks } else { Detail::Chunks };
                (page, _) = self.page(cursor.clone(), offset, detail).await?;
                if page.pieces() != pieces {
                    return Err(Error::UnexpectedAnswer("the plan of the version changed".to_owned()));
                }
            }
        }
        Ok((next, page.end()))
    }

    async fn page(
        &self,
        cursor: Option<String>,
        offset: u64,
        detail: Detail,
    ) -> Result<(Page, Option<String>)> {
        let version = self.version;
        let plan = self.api.plan(version.file_id, version.version_id, detail, cursor).await?;
        let next = plan.next_cursor.clone();
        Ok((Page::new(plan, version, offset)?, next))
    }

    /// Reads the chunks with these numbers, with several requests at once, until a fresh URL is needed.
    async fn read_all(&self, partial: &Partial, page: &Page, numbers: &[usize]) -> Result<Outcome> {
        let read = async |request| {
            let _slot = self.slots.acquire().await;
            let reading = Reading {
                api: self.api,
                bucket: self.bucket,
                progress: &self.progress,
                partial,
                request,
                arrived: 0,
            };
            reading.run().await
        };
        let requests = stream::iter(page.requests(numbers)).map(read).buffer_unordered(REQUESTS_IN_FLIGHT);
        let mut all: Outcome =
            requests.try_fold(Outcome::default(), async |all, one| Ok(all.merged_with(one))).await?;
        all.missing.sort_unstable();
        Ok(all)
    }
}
