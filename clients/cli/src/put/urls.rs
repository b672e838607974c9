//! Fetches presigned URLs for the parts of an upload: in batches, as they are needed, and again when they
//! expire.

use sluice_contracts::uploads::{PAGE_MAX, PartUrl, PartUrlRequest};
use sluice_domain::id::UploadId;
use sluice_domain::part_plan::PartNumber;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::sync::Mutex;

use crate::api::Api;
use crate::clock;
use crate::digests::Digests;
use crate::error::{Error, Result};

/// A URL that expires sooner may expire before the request reaches the bucket.
const MIN_LIFETIME: Duration = Duration::from_secs(30);

pub struct Urls<'a> {
    api: &'a Api,
    upload_id: UploadId,
    digests: &'a Digests,
    /// The parts that have not been sent, with the URLs that were fetched.
    unsent: Mutex<BTreeMap<PartNumber, Option<PartUrl>>>,
}

impl<'a> Urls<'a> {
    /// The URLs for the parts in `missing`; `fetched` has some of them.
    pub fn new(
        api: &'a Api,
        upload_id: UploadId,
        digests: &'a Digests,
        missing: &[PartNumber],
        fetched: Vec<PartUrl>,
    ) -> Self {
        let mut unsent: BTreeMap<_, _> = missing.iter().map(|number| (*number, None)).collect();
        for url in fetched {
            if let Some(slot) = unsent.get_mut(&url.number) {
                *slot = Some(url);
            }
        }
        Self { api, upload_id, digests, unsent: Mutex::new(unsent) }
    }

    /// A fresh URL for the part. If none was fetched, this fetches URLs for the next parts too.
    pub async fn get(&self, number: PartNumber) -> Result<PartUrl> {
        let mut unsent = self.unsent.lock().await;
        let fetched = unsent.get(&number).and_then(Option::as_ref);
        if let Some(url) = fetched.filter(|url| is_fresh(url)) {
            return Ok(url.clone());
        }
        let stale = unsent.range(number..).filter(|(_, url)| !url.as_ref().is_some_and(is_fresh));
        let batch: Vec<_> = stale
            .take(PAGE_MAX)
            .map(|(number, _)| PartUrlRequest { number: *number, sha256: self.digests.of_part(*number) })
            .collect();
        for url in self.api.part_urls(self.upload_id, batch).await?.parts {
            unsent.insert(url.number, Some(url));
        }
        let url = unsent.get(&number).cloned().flatten();
        url.ok_or_else(|| Error::UnexpectedAnswer(format!("no URL for part {}", number.get())))
    }

    /// Drops all URLs, because the bucket refused this one: the others have most likely expired too.
    pub async fn refuse(&self, refused: &PartUrl) {
        let mut unsent = self.unsent.lock().await;
        let fetched = unsent.get(&refused.number).and_then(Option::as_ref);
        // Another part may have been refused first; then these URLs are fresh.
        if fetched.is_some_and(|url| url.url == refused.url) {
            unsent.values_mut().for_each(|url| *url = None);
        }
    }

    /// Notes that the bucket has the part.
    pub async fn done(&self, number: PartNumber) {
        self.unsent.lock().await.remove(&number);
    }
}

fn is_fresh(url: &PartUrl) -> bool {
    clock::now().until(url.expires_at) > MIN_LIFETIME
}
