//! Downloading one version: keep what is here, read the rest, verify, give the name.

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
use crate::cache::{Cache, KnownFile, KnownVersion};
use crate::digests::CHUNKED_SIZES;
use crate::error::{Error, Result};
use crate::progress::FileProgress;

/// How often fresh URLs may be refused before that is taken for final.
const REFUSALS_MAX: u32 = 3;

/// How many requests of one file may be under way.
const REQUESTS_IN_FLIGHT: usize = 8;

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fetched {
    /// The bytes came from the server, or from files that were here.
    Downloaded,
    /// They were there already.
    Unchanged,
}

/// One version on its way.
pub struct Download<'a> {
    /// A client that counts for this file alone.
    pub api: &'a Api,
    /// Who reads from the bucket.
    pub bucket: &'a Bucket,
    /// One for each request that may be under way, of this file or another.
    pub slots: &'a Semaphore,
    /// What remembers it.
    pub cache: &'a Cache,
    /// What is read.
    pub version: &'a VersionView,
    /// How far it is.
    pub progress: FileProgress,
}

impl Download<'_> {
    /// Brings the version to `target`. A different file there is replaced only if `replace`; its chunks, and those of
    /// `bases`, are copied rather than read.
    pub async fn fetch(&self, target: &Path, replace: bool, bases: &Arc<Bases>) -> Result<Fetched> {
        let sha256 = self.version.sha256;
        let expected =
            sha256.ok_or_else(|| Error::UnexpectedAnswer("the version has no SHA-256".to_owned()))?;
        let mut all_bases = vec![bases.clone()];
        if let Ok(present) = target.symlink_metadata() {
            let may_be_it = present.len() == self.version.size;
            let may_share = replace && CHUNKED_SIZES.contains(&present.len());
            let is_read = present.is_file() && (may_be_it || may_share);
            let hashed = if is_read { base::hash(target).await? } else { None };
            if hashed.as_ref().is_some_and(|hashed| hashed.digests.whole == expected) {
                return Ok(Fetched::Unchanged);
            }
            if !replace || present.is_dir() {
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
        partial.finish(replace).await?;
        self.remember(target, expected, &chunks);
        Ok(Fetched::Downloaded)
    }

    /// Remembers the chunks, so that an edit of the file can be put without asking for them.
    fn remember(&self, target: &Path, sha256: Sha256, chunks: &[Chunk]) {
        let VersionView { file_id, version_id, size, .. } = *self.version;
        if !CHUNKED_SIZES.contains(&size) {
            return;
        }
        self.cache.remember_blob(&sha256, size, chunks);
        self.cache.remember_file(&KnownFile {
            local: target,
            // Just written: it could be written to once more within the tick of its own time.
            fingerprint: None,
            remote: &self.version.path,
            version: KnownVersion { file_id, version_id, sha256 },
        });
    }

    /// Brings every byte into `partial` and gives the chunks. A partial file that holds none when this fails is taken away.
    async fn fill(&self, partial: &Partial, bases: &[Arc<Bases>]) -> Result<Vec<Chunk>> {
        let (mut cursor, mut offset, mut chunks) = (None, 0, Vec::new());
        while offset < self.version.size {
            let filled = self.fill_page(partial, bases, cursor, offset, &mut chunks).await;
            if filled.is_err() && partial.is_empty() {
                partial.discard()?;
            }
            (cursor, offset) = filled?;
        }
        Ok(chunks)
    }

    /// Brings the chunks of one page, and adds them to `chunks`; gives cursor and offset of the next.
    async fn fill_page(
        &self,
        partial: &Partial,
        bases: &[Arc<Bases>],
        cursor: Option<String>,
        offset: u64,
        chunks: &mut Vec<Chunk>,
    ) -> Result<(Option<String>, u64)> {
        let (mut page, next) = self.page(cursor.clone(), offset, false).await?;
        let pieces = page.pieces();
        chunks.extend(pieces.iter().map(|piece| piece.chunk));
        let placed = partial.place(pieces.clone(), bases.to_vec()).await?;
        self.api.meter().add_reused_bytes(placed.reused_bytes);
        self.progress.add(placed.reused_bytes);
        let (mut missing, mut refusals) = (placed.missing, 0);
        while !missing.is_empty() {
            let outcome = self.read_all(partial, &page, &missing).await?;
            refusals = if outcome.arrived > 0 { 0 } else { refusals + 1 };
            missing = outcome.missing;
            if let Some(error) = outcome.stale {
                if refusals > REFUSALS_MAX {
                    return Err(error);
                }
                // Fresh URLs may do; or the place where the bytes lay before, if they cannot be read where they lie.
                (page, _) =
                    self.page(cursor.clone(), offset, refusals > 0 && refusals.is_multiple_of(2)).await?;
                if page.pieces() != pieces {
                    return Err(Error::UnexpectedAnswer("a plan that changes".to_owned()));
                }
            }
        }
        Ok((next, page.end()))
    }

    async fn page(
        &self,
        cursor: Option<String>,
        offset: u64,
        former: bool,
    ) -> Result<(Page, Option<String>)> {
        let version = self.version;
        let detail = if former { Detail::FormerChunks } else { Detail::Chunks };
        let plan = self.api.plan(version.file_id, version.version_id, detail, cursor).await?;
        let next = plan.next_cursor.clone();
        Ok((Page::new(plan, version, offset)?, next))
    }

    /// Reads the chunks of these numbers, by several requests at once, as far as their URLs do.
    async fn read_all(&self, partial: &Partial, page: &Page, numbers: &[usize]) -> Result<Outcome> {
        let read = async |request| {
            let _slot = self.slots.acquire().await;
            Reading { download: self, partial, request, arrived: 0 }.run().await
        };
        let requests = stream::iter(page.requests(numbers)).map(read).buffer_unordered(REQUESTS_IN_FLIGHT);
        let mut all: Outcome =
            requests.try_fold(Outcome::default(), async |all, one| Ok(all.with(one))).await?;
        all.missing.sort_unstable();
        Ok(all)
    }
}
