//! One upload, from the landed object to the published version.

use sluice_domain::key::LandingKey;
use sluice_domain::upload::Upload;
use sluice_domain::version::RejectReason;
use sluice_lambda::clock;
use sluice_storage::ErrorKind;
use sluice_storage::bucket::ObjectHead;
use sluice_storage::tables::{Outcome, Published};

use crate::checkpoint::Checkpoint;
use crate::error::DedupError;
use crate::scan::{Content, RANGE_BYTES, Scan, Scanned};
use crate::verdict::{Verdict, verdict};
use crate::{App, TimeCheck, adopt, leftovers};

/// How often the outcome is worked out anew after the content came or went meanwhile.
const ATTEMPTS: usize = 4;

/// Works off the upload whose bytes lie at `key`. If it was `begun` before, a checkpoint and leftovers may be there.
pub async fn work_off(
    app: &App,
    key: LandingKey,
    begun: bool,
    out_of_time: &TimeCheck,
) -> Result<(), DedupError> {
    let upload = app.tables.upload(key.upload_id).await?.filter(|upload| upload.account_id == key.account_id);
    let Some(upload) = upload else { return unknown(app, key).await };
    if upload.state.is_final() {
        return Ok(leftovers::clear_all(app, &upload).await?);
    }
    let work = Work { app, upload: &upload, begun, out_of_time };
    match work.run().await {
        Err(DedupError::Storage(error)) if error.kind == ErrorKind::NotFound => work.bytes_missing().await,
        result => result,
    }
}

/// An object without an upload: one that was here long ago and has been worked off, or a stranger's.
async fn unknown(app: &App, key: LandingKey) -> Result<(), DedupError> {
    match app.landing.head(&key.object_key()).await? {
        Some(_) => Err(DedupError::UnknownUpload(key)),
        None => Ok(()),
    }
}

struct Work<'a> {
    app: &'a App,
    upload: &'a Upload,
    begun: bool,
    out_of_time: &'a TimeCheck,
}

impl Work<'_> {
    async fn run(&self) -> Result<(), DedupError> {
        let (app, upload) = (self.app, self.upload);
        let start = app.landing.get_start(&upload.landing_key().object_key(), RANGE_BYTES).await?;
        let Some((head, first)) = start else { return self.bytes_missing().await };
        if head.size != upload.size {
            return self.reject(&head, RejectReason::SizeMismatch).await;
        }
        let checkpoint = if self.begun { Checkpoint::load(app, upload, &head).await? } else { None };
        let scan = Scan { app, upload, head: &head, out_of_time: self.out_of_time };
        match scan.run(checkpoint, first).await? {
            Scanned::OutOfTime(checkpoint) => checkpoint.save(app, upload, &head).await,
            Scanned::Whole(content) => self.publish(&head, *content).await,
        }
    }

    async fn publish(&self, head: &ObjectHead, mut content: Content) -> Result<(), DedupError> {
        let mut wrote = self.begun;
        for _ in 0..ATTEMPTS {
            let outcome = match verdict(self.app, self.upload, &content).await? {
                Verdict::Reject(reason) => Outcome::Rejected(reason),
                Verdict::Link => Outcome::Linked { sha256: content.digest.sha256, sha1: content.digest.sha1 },
                Verdict::Adopt => {
                    wrote = true;
                    match adopt::adopt(self.app, self.upload, head, &mut content, self.out_of_time).await? {
                        Some(adopted) => Outcome::Adopted(Box::new(adopted)),
                        None => return Checkpoint::hashed(content).save(self.app, self.upload, head).await,
                    }
                }
            };
            let published = self.app.tables.publish(self.upload, &outcome, clock::now()).await?;
            if !matches!(published, Published::ContentKnown | Published::ContentGone) {
                wrote |= content.packs.any_saved();
                return self.clear(head, published, &outcome, wrote).await;
            }
        }
        Err(DedupError::ContentCondemned(content.digest.sha256))
    }

    async fn reject(&self, head: &ObjectHead, reason: RejectReason) -> Result<(), DedupError> {
        let outcome = Outcome::Rejected(reason);
        let published = self.app.tables.publish(self.upload, &outcome, clock::now()).await?;
        self.clear(head, published, &outcome, self.begun).await
    }

    /// Clears away what the outcome leaves: nothing but the landed object, if the vault holds the content now or
    /// nothing was written to it.
    async fn clear(
        &self,
        head: &ObjectHead,
        published: Published,
        outcome: &Outcome,
        wrote: bool,
    ) -> Result<(), DedupError> {
        let (app, upload) = (self.app, self.upload);
        tracing::info!(upload = %upload.upload_id, bytes = upload.size, ?published, "published");
        match (published, outcome) {
            (Published::Ended(_), _) => return self.bytes_missing().await,
            (Published::Available, Outcome::Adopted(_)) => {}
            _ if wrote => leftovers::clear_vault(app, upload, head).await?,
            _ => {}
        }
        if self.begun {
            leftovers::clear_checkpoint(app, upload, head).await?;
        }
        Ok(leftovers::clear_landing(app, upload).await?)
    }

    /// Another worker has published, and may have cleared away what this one was reading; or the bytes are lost.
    async fn bytes_missing(&self) -> Result<(), DedupError> {
        let upload = self.app.tables.upload(self.upload.upload_id).await?;
        match upload.filter(|upload| upload.state.is_final()) {
            Some(upload) => Ok(leftovers::clear_all(self.app, &upload).await?),
            None => Err(DedupError::BytesMissing(self.upload.landing_key())),
        }
    }
}
