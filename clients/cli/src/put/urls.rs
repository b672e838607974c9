//! Presigned URLs of an upload's parts: fetched in batches, just ahead of need, and again when they have expired.

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

/// A URL that ends sooner may not outlast the wait for a connection.
const LEAST_LIFE: Duration = Duration::from_secs(30);

/// The URLs of one upload's parts.
pub struct Urls<'a> {
    api: &'a Api,
    upload_id: UploadId,
    digests: &'a Digests,
    /// What has still to be sent, with the URLs at hand.
    wanted: Mutex<BTreeMap<PartNumber, Option<PartUrl>>>,
}

impl<'a> Urls<'a> {
    /// For the parts that have still to be sent, of which some URLs may be known.
    pub fn new(
        api: &'a Api,
        upload_id: UploadId,
        digests: &'a Digests,
        missing: &[PartNumber],
        known: Vec<PartUrl>,
    ) -> Self {
        let mut wanted: BTreeMap<_, _> = missing.iter().map(|number| (*number, None)).collect();
        for url in known {
            if let Some(slot) = wanted.get_mut(&url.number) {
                *slot = Some(url);
            }
        }
        Self { api, upload_id, digests, wanted: Mutex::new(wanted) }
    }

    /// A URL for the part. Whoever finds none at hand fetches those of the next parts too.
    pub async fn get(&self, number: PartNumber) -> Result<PartUrl> {
        let mut wanted = self.wanted.lock().await;
        let at_hand = wanted.get(&number).and_then(Option::as_ref);
        if let Some(url) = at_hand.filter(|url| is_fresh(url)) {
            return Ok(url.clone());
        }
        let lacking = wanted.range(number..).filter(|(_, url)| !url.as_ref().is_some_and(is_fresh));
        let batch: Vec<_> = lacking
            .take(PAGE_MAX)
            .map(|(number, _)| PartUrlRequest { number: *number, sha256: self.digests.of_part(*number) })
            .collect();
        for url in self.api.part_urls(self.upload_id, batch).await?.parts {
            wanted.insert(url.number, Some(url));
        }
        let url = wanted.get(&number).cloned().flatten();
        url.ok_or_else(|| Error::UnexpectedAnswer(format!("no URL for part {}", number.get())))
    }

    /// The bucket refused this URL. Those that came with it have most likely expired too.
    pub async fn refuse(&self, refused: &PartUrl) {
        let mut wanted = self.wanted.lock().await;
        let at_hand = wanted.get(&refused.number).and_then(Option::as_ref);
        // Another part's refusal may have led to fresh ones already.
        if at_hand.is_some_and(|url| url.url == refused.url) {
            wanted.values_mut().for_each(|url| *url = None);
        }
    }

    /// The part has arrived.
    pub async fn done(&self, number: PartNumber) {
        self.wanted.lock().await.remove(&number);
    }
}

fn is_fresh(url: &PartUrl) -> bool {
    clock::now().until(url.expires_at) > LEAST_LIFE
}
