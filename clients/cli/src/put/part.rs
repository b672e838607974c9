//! Sends one part, and repeats it until the bucket has it.

use backon::BackoffBuilder as _;
use sluice_contracts::uploads::PartUrl;
use sluice_domain::part_plan::{PartNumber, PartPlan};
use std::iter;
use std::ops::Range;

use super::body::body;
use super::item::Item;
use super::pack::Pack;
use super::stamp::Stamp;
use super::urls::Urls;
use crate::backoff::{self, at_least};
use crate::bucket::{Bucket, Failure};
use crate::error::{Error, Result};
use crate::progress::Attempt;

/// How often the bucket may refuse fresh URLs, or report damaged bytes, before the upload fails.
const REFUSALS_MAX: u32 = 3;

/// The parts of one upload.
pub struct Parts<'a> {
    pub item: &'a Item,
    /// The state of the file when it was hashed.
    pub stamp: &'a Stamp,
    pub source: PartSource<'a>,
    pub urls: Urls<'a>,
    pub bucket: &'a Bucket,
}

/// Which bytes of the file make which part.
pub enum PartSource<'a> {
    /// All bytes, divided by this plan.
    Plan(PartPlan),
    /// Only the chunks in these packs.
    Packs(&'a [Pack]),
}

impl PartSource<'_> {
    /// The byte ranges of the file that make the part, in order. None if there is no such part.
    fn ranges(&self, number: PartNumber) -> Option<Vec<Range<u64>>> {
        match self {
            Self::Plan(plan) => {
                let start = plan.offset_of(number);
                Some(iter::once(start..start + plan.size_of(number)?).collect())
            }
            Self::Packs(packs) => packs.get(number.index()).map(Pack::ranges),
        }
    }
}

impl Parts<'_> {
    /// Sends the part, repeatedly if needed, and returns its `ETag`. The `ETag` is empty if the store gave
    /// none.
    pub async fn send(&self, number: PartNumber) -> Result<String> {
        let mut delays = backoff::LONG.build();
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
                Failure::Transient(error, asked) => match at_least(asked, delays.next()) {
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
            .source
            .ranges(url.number)
            .filter(|ranges| ranges.iter().map(|range| range.end - range.start).sum::<u64>() == url.size);
        let ranges = ranges
            .ok_or_else(|| Error::UnexpectedAnswer(format!("part {} has another size", url.number.get())))?;
        let attempt = Attempt::new(&self.item.progress, self.item.api.meter());
        let body = body(self.item.source(), ranges, &attempt).await?;
        self.item.api.meter().add_request();
        let outcome = self.bucket.put(url, body, || attempt.moved_bytes()).await;
        if outcome.is_err() {
            attempt.retract();
        }
        Ok(outcome)
    }
}
