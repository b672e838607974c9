//! Sending one part until it has arrived.

use futures::TryStreamExt as _;
use reqwest::Body;
use sluice_contracts::uploads::PartUrl;
use sluice_domain::part_plan::{PartNumber, PartPlan};
use std::io::SeekFrom;
use std::path::Path;
use std::sync::Arc;
use tokio::fs::File;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};
use tokio_util::io::ReaderStream;

use super::item::Item;
use super::stamp::Stamp;
use super::urls::Urls;
use crate::backoff::Backoff;
use crate::bucket::{Bucket, Failure};
use crate::error::{Error, Result};
use crate::progress::Attempt;

const BLOCK_BYTES: usize = 256 << 10;
/// How often the bucket may refuse fresh URLs, or find the bytes damaged, before that is taken for final.
const REFUSALS_MAX: u32 = 3;

/// The parts of one file on their way into one upload.
pub struct Parts<'a> {
    /// The file.
    pub item: &'a Item,
    /// What it looked like when it was hashed.
    pub stamp: &'a Stamp,
    /// How it is cut.
    pub plan: PartPlan,
    /// Where the parts go.
    pub urls: Urls<'a>,
    /// Who brings them there.
    pub bucket: &'a Bucket,
}

impl Parts<'_> {
    /// Sends the part, repeatedly if need be. Gives its `ETag`; empty where the store gave none.
    pub async fn send(&self, number: PartNumber) -> Result<String> {
        let mut backoff = Backoff::patient();
        let mut refusals = 0;
        loop {
            let url = self.urls.get(number).await?;
            let failure = match self.send_once(&url).await? {
                Ok(etag) => {
                    self.urls.done(number).await;
                    return Ok(etag);
                }
                Err(failure) => failure,
            };
            self.item.check_unchanged(self.stamp)?;
            match failure {
                Failure::Transient(error, asked) => match backoff.next_delay(asked) {
                    Some(delay) => tokio::time::sleep(delay).await,
                    None => return Err(error),
                },
                Failure::Forbidden(_) | Failure::Damaged(_) if refusals < REFUSALS_MAX => {
                    refusals += 1;
                    self.urls.refuse(&url).await;
                }
                failure => return Err(failure.into_error()),
            }
        }
    }

    async fn send_once(&self, url: &PartUrl) -> Result<Result<String, Failure>> {
        if self.plan.size_of(url.number) != Some(url.size) {
            return Err(Error::UnexpectedAnswer(format!("part {} has another size", url.number.get())));
        }
        let attempt = Attempt::new(&self.item.progress, self.item.api.meter());
        let offset_bytes = self.plan.offset_of(url.number);
        let body = body(&self.item.local, offset_bytes, url.size, &attempt).await?;
        self.item.api.meter().add_request();
        let outcome = self.bucket.put(url, body, || attempt.moved_bytes()).await;
        if outcome.is_err() {
            attempt.retract();
        }
        Ok(outcome)
    }
}

/// A piece of the file, read as it is sent.
async fn body(local: &Path, offset_bytes: u64, size_bytes: u64, attempt: &Arc<Attempt>) -> Result<Body> {
    if size_bytes == 0 {
        return Ok(Body::from(Vec::new()));
    }
    let mut file = File::open(local).await.map_err(Error::local(local))?;
    file.seek(SeekFrom::Start(offset_bytes)).await.map_err(Error::local(local))?;
    let attempt = attempt.clone();
    let blocks = ReaderStream::with_capacity(file.take(size_bytes), BLOCK_BYTES);
    Ok(Body::wrap_stream(blocks.inspect_ok(move |block| attempt.add(block.len() as u64))))
}
