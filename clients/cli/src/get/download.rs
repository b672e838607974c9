//! Downloading one version: find the bytes, read on from where an earlier run stopped, verify, give the name.

use reqwest::header::CONTENT_RANGE;
use reqwest::{Response, StatusCode, Url};
use sluice_contracts::files::VersionView;
use sluice_domain::hash::Sha256;
use sluice_domain::part_plan::PartPlan;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::partial::Partial;
use crate::api::{Api, ContentAnswer};
use crate::backoff::Backoff;
use crate::bucket::{self, Bucket, Failure, STALL_LIMIT};
use crate::digests;
use crate::error::{Error, Result};
use crate::progress::{Attempt, FileProgress};

/// How often a fresh URL may be refused before that is taken for final.
const REFUSALS_MAX: u32 = 3;
/// Rebuilding content that takes longer is not going to end.
const REBUILD_LIMIT: Duration = Duration::from_hours(1);

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fetched {
    /// The bytes came from the server.
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
    /// What is read.
    pub version: &'a VersionView,
    /// How far it is.
    pub progress: Arc<FileProgress>,
}

impl Download<'_> {
    /// Brings the version to `target`. A different file there is replaced only if `replace`.
    pub async fn fetch(&self, target: &Path, replace: bool) -> Result<Fetched> {
        let sha256 = self.version.sha256;
        let expected =
            sha256.ok_or_else(|| Error::UnexpectedAnswer("the version has no SHA-256".to_owned()))?;
        if let Ok(present) = target.symlink_metadata() {
            if present.is_file()
                && present.len() == self.version.size
                && self.hash(target).await? == Some(expected)
            {
                return Ok(Fetched::Unchanged);
            }
            if !replace || present.is_dir() {
                return Err(Error::Exists(target.to_owned()));
            }
        }
        // What an earlier run left may be damaged; what is read afresh may not.
        for _ in 0..2 {
            let mut partial = Partial::open(target, self.version.version_id, self.version.size).await?;
            self.progress.begin_transfer(partial.size_bytes());
            self.fill(&mut partial).await?;
            if partial.sha256() == expected {
                partial.finish(replace).await?;
                return Ok(Fetched::Downloaded);
            }
            partial.discard().await?;
        }
        Err(Error::Corrupt)
    }

    async fn hash(&self, target: &Path) -> Result<Option<Sha256>> {
        let (path, plan) =
            (target.to_owned(), PartPlan { size: self.version.size, part_size: self.version.size.max(1) });
        let hashing = tokio::task::spawn_blocking(move || digests::hash_file(&path, &plan, |_| {}));
        let digests = hashing.await.map_err(std::io::Error::other).flatten().map_err(Error::local(target))?;
        Ok(digests.map(|digests| digests.whole))
    }

    /// Reads until all bytes are there.
    async fn fill(&self, partial: &mut Partial) -> Result<()> {
        let mut backoff = Backoff::patient();
        let mut refusals = 0;
        let mut known_url = None;
        while partial.size_bytes() < self.version.size {
            let url = match known_url.take() {
                Some(url) => url,
                None => self.locate().await?,
            };
            let before_bytes = partial.size_bytes();
            let Err(failure) = self.read(&url, partial).await? else { continue };
            if partial.size_bytes() > before_bytes {
                backoff.reset();
                refusals = 0;
            }
            match failure {
                Failure::Transient(error, asked) => match backoff.next_delay(asked) {
                    Some(delay) => {
                        tokio::time::sleep(delay).await;
                        known_url = Some(url);
                    }
                    None => return Err(error),
                },
                // The URL has expired, or the copy it led to has.
                Failure::Forbidden(_) | Failure::Gone(_) if refusals < REFUSALS_MAX => refusals += 1,
                failure => return Err(failure.into_error()),
            }
        }
        Ok(())
    }

    /// Where the bytes are; they may have to be rebuilt first.
    async fn locate(&self) -> Result<Url> {
        let mut waited = Duration::ZERO;
        loop {
            match self.api.content(self.version.file_id, self.version.version_id).await? {
                ContentAnswer::At(url) => return Ok(url),
                ContentAnswer::NotYet(_) if waited > REBUILD_LIMIT => {
                    let reason = "the content is still being rebuilt".to_owned();
                    return Err(Error::Unreachable { peer: self.api.url().to_string(), reason });
                }
                ContentAnswer::NotYet(delay) => {
                    let delay = delay.clamp(Duration::from_millis(200), Duration::from_mins(1));
                    tokio::time::sleep(delay).await;
                    waited += delay;
                }
            }
        }
    }

    async fn read(&self, url: &Url, partial: &mut Partial) -> Result<Result<(), Failure>> {
        self.api.meter().add_request();
        let mut response = match self.bucket.get(url, partial.size_bytes()).await {
            Ok(response) => response,
            Err(failure) => return Ok(Err(failure)),
        };
        if !continues_at(&response, partial.size_bytes()) {
            partial.restart().await?;
            self.progress.begin_transfer(0);
        }
        let attempt = Attempt::new(&self.progress, self.api.meter());
        while let Some(bytes) = match next_chunk(&mut response, url).await {
            Ok(bytes) => bytes,
            Err(failure) => return Ok(Err(failure)),
        } {
            if partial.size_bytes() + bytes.len() as u64 > self.version.size {
                return Err(Error::Corrupt);
            }
            partial.append(&bytes).await?;
            attempt.add(bytes.len() as u64);
        }
        if partial.size_bytes() == self.version.size { Ok(Ok(())) } else { Ok(Err(cut_short(url))) }
    }
}

/// Whether the body goes on at the offset asked for; a server may ignore a range and send everything.
fn continues_at(response: &Response, offset_bytes: u64) -> bool {
    if response.status() != StatusCode::PARTIAL_CONTENT {
        return offset_bytes == 0;
    }
    let range = response.headers().get(CONTENT_RANGE).and_then(|range| range.to_str().ok());
    let first =
        range.and_then(|range| range.strip_prefix("bytes ")).and_then(|range| range.split('-').next());
    first.and_then(|first| first.parse().ok()) == Some(offset_bytes)
}

async fn next_chunk(response: &mut Response, url: &Url) -> Result<Option<bytes::Bytes>, Failure> {
    match tokio::time::timeout(STALL_LIMIT, response.chunk()).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(_)) => Err(cut_short(url)),
        Err(_) => Err(bucket::stalled(url)),
    }
}

fn cut_short(url: &Url) -> Failure {
    let peer = url.host_str().unwrap_or_default().to_owned();
    Failure::Transient(Error::Unreachable { peer, reason: "the answer ended early".to_owned() }, None)
}
