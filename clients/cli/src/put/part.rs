//! Sending one part until it has arrived.

use sluice_contracts::uploads::PartUrl;
use sluice_domain::part_plan::{PartNumber, PartPlan};
use std::iter;
use std::ops::Range;

use super::body::body;
use super::delta::Pack;
use super::item::Item;
use super::stamp::Stamp;
use super::urls::Urls;
use crate::backoff::Backoff;
use crate::bucket::{Bucket, Failure};
use crate::error::{Error, Result};
use crate::progress::Attempt;

/// How often the bucket may refuse fresh URLs, or find the bytes damaged, before that is taken for final.
const REFUSALS_MAX: u32 = 3;

/// The parts of one file on their way into one upload.
pub struct Parts<'a> {
    /// The file.
    pub item: &'a Item,
    /// What it looked like when it was hashed.
    pub stamp: &'a Stamp,
    /// What of the file is sent as which part.
    pub cut: Cut<'a>,
    /// Where the parts go.
    pub urls: Urls<'a>,
    /// Who brings them there.
    pub bucket: &'a Bucket,
}

/// How a file becomes parts.
pub enum Cut<'a> {
    /// The whole of it, by this plan.
    Whole(PartPlan),
    /// Some of its chunks, in these packs.
    Packs(&'a [Pack]),
}

impl Cut<'_> {
    /// The ranges in bytes that make the part, end to end; nothing if there is no such part.
    fn ranges(&self, number: PartNumber) -> Option<Vec<Range<u64>>> {
        match self {
            Self::Whole(plan) => {
                let (offset_bytes, size_bytes) = (plan.offset_of(number), plan.size_of(number)?);
                Some(iter::once(offset_bytes..offset_bytes + size_bytes).collect())
            }
            Self::Packs(packs) => packs.get(number.index()).map(Pack::ranges),
        }
    }
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
        let ranges = self
            .cut
            .ranges(url.number)
            .filter(|ranges| ranges.iter().map(|range| range.end - range.start).sum::<u64>() == url.size);
        let ranges = ranges
            .ok_or_else(|| Error::UnexpectedAnswer(format!("part {} has another size", url.number.get())))?;
        let attempt = Attempt::new(&self.item.progress, self.item.api.meter());
        let body = body(&self.item.local, ranges, &attempt).await?;
        self.item.api.meter().add_request();
        let outcome = self.bucket.put(url, body, || attempt.moved_bytes()).await;
        if outcome.is_err() {
            attempt.retract();
        }
        Ok(outcome)
    }
}
