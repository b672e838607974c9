//! One upload, from the landed object to the published version.

use bytes::Bytes;
use sluice_domain::key::LandingKey;
use sluice_domain::upload::Upload;
use sluice_domain::version::RejectReason;
use sluice_lambda::clock;
use sluice_storage::ErrorKind;
use sluice_storage::bucket::ObjectHead;
use sluice_storage::tables::{Outcome, Published};
use std::collections::BTreeSet;

use crate::checkpoint::Checkpoint;
use crate::error::DedupError;
use crate::scan::{HashedObject, RANGE_BYTES, Scan, Scanned};
use crate::store::Stored;
use crate::together::{SMALL_MAX_BYTES, Small};
use crate::verdict::{Verdict, verdict};
use crate::{App, TimeCheck, delta, leftovers, report, store, writer};

/// How often the outcome is worked out anew after the blob, or a pack, came or went meanwhile.
const ATTEMPTS: usize = 4;

/// What is asked of the worker.
pub struct Task<'a> {
    /// Where the bytes lie, or would lie if they were sent whole.
    pub key: LandingKey,
    /// Whether it was begun before: a checkpoint and leftovers may be there.
    pub begun: bool,
    /// Whether other uploads of the batch may share packs with this one.
    pub in_company: bool,
    pub out_of_time: &'a TimeCheck,
}

/// Processes an upload. Gives it back, verified, if it is new and small, to be stored together with others.
pub async fn process(app: &App, task: Task<'_>) -> Result<Option<Small>, DedupError> {
    let Task { key, begun, in_company, out_of_time } = task;
    let upload = app.tables.upload(key.upload_id).await?.filter(|upload| upload.account_id == key.account_id);
    let Some(upload) = upload else { return unknown(app, key).await.map(|()| None) };
    if upload.state.is_final() {
        return leftovers::clear_all(app, &upload).await.map(|()| None);
    }
    let work = Work { app, upload: &upload, begun, out_of_time };
    let result = match &upload.packs {
        Some(declared) => delta::process(&work, declared).await.map(|()| None),
        None => work.run(in_company).await,
    };
    match result {
        Err(DedupError::Storage(error)) if error.kind == ErrorKind::NotFound => {
            work.bytes_missing().await.map(|()| None)
        }
        Ok(Some((head, bytes, blob))) => {
            Ok(Some(Small { upload: upload.clone(), begun, head, bytes, blob: *blob }))
        }
        Ok(None) => Ok(None),
        Err(error) => Err(error),
    }
}

/// An object without an upload: one that was here long ago and has been processed, or a stranger's.
async fn unknown(app: &App, key: LandingKey) -> Result<(), DedupError> {
    match app.landing.head(&key.object_key()).await? {
        Some(_) => Err(DedupError::UnknownUpload(key)),
        None => Ok(()),
    }
}

/// One upload that is being processed.
pub struct Work<'a> {
    pub app: &'a App,
    pub upload: &'a Upload,
    pub begun: bool,
    pub out_of_time: &'a TimeCheck,
}

/// How an upload stands after an outcome was published.
#[derive(Debug, PartialEq, Eq)]
pub enum Settled {
    /// The outcome is to be worked out anew: a blob or a pack came or went meanwhile.
    NotYet,
    /// It has ended, and its blob is the one that was stored for it.
    Stored,
    /// It has ended in another way.
    Otherwise,
}

/// An object that was verified, and its bytes.
type Verified = (ObjectHead, Bytes, Box<HashedObject>);

impl Work<'_> {
    async fn run(&self, in_company: bool) -> Result<Option<Verified>, DedupError> {
        let (app, upload) = (self.app, self.upload);
        let start = app.landing.get_start(&upload.landing_key().object_key(), RANGE_BYTES).await?;
        let Some((head, first)) = start else { return self.bytes_missing().await.map(|()| None) };
        if head.size != upload.size {
            return self.reject(&head, RejectReason::SizeMismatch).await.map(|()| None);
        }
        let checkpoint = if self.begun { Checkpoint::load(app, upload, &head).await? } else { None };
        let whole = (first.len() as u64 == head.size).then(|| first.clone());
        let scan = Scan { app, upload, head: &head, out_of_time: self.out_of_time };
        let blob = match scan.run(checkpoint, first).await? {
            Scanned::OutOfTime(checkpoint) => {
                return checkpoint.save(app, upload, &head).await.map(|()| None);
            }
            Scanned::Whole(blob) => blob,
        };
        match whole {
            Some(bytes)
                if in_company
                    && (1..=SMALL_MAX_BYTES).contains(&head.size)
                    && verdict(app, upload, &blob.digest).await? == Verdict::Store =>
            {
                Ok(Some((head, bytes, blob)))
            }
            whole => self.publish(&head, whole.as_ref(), *blob).await.map(|()| None),
        }
    }

    /// Publishes what was read. `whole` has its bytes, if they are few.
    pub async fn publish(
        &self,
        head: &ObjectHead,
        whole: Option<&Bytes>,
        mut blob: HashedObject,
    ) -> Result<(), DedupError> {
        let (mut wrote, mut written) = (self.begun, BTreeSet::new());
        for _ in 0..ATTEMPTS {
            let (outcome, stored) = match verdict(self.app, self.upload, &blob.digest).await? {
                Verdict::Reject(reason) => (Outcome::Rejected(reason), None),
                Verdict::Link => (Outcome::linked(&blob.digest), None),
                Verdict::Store => {
                    let out_of_time = self.out_of_time;
                    match store::store(self.app, self.upload, head, whole, &mut blob, out_of_time).await? {
                        Some(stored) => (Outcome::Stored(Box::new(stored.blob.clone())), Some(stored)),
                        None => return Checkpoint::hashed(blob).save(self.app, self.upload, head).await,
                    }
                }
            };
            wrote |= blob.packs.any_saved() || stored.as_ref().is_some_and(Stored::is_adopted);
            written.extend(stored.iter().flat_map(|stored| &stored.written));
            match self.settle(head, &outcome, stored.as_ref(), wrote).await? {
                Settled::NotYet => continue,
                Settled::Stored => {
                    for used in stored.iter().flat_map(|stored| &stored.written) {
                        written.remove(used);
                    }
                }
                Settled::Otherwise => {}
            }
            // Not before: as long as the upload has not ended, another worker may be about to refer to them.
            return Ok(writer::discard(self.app, self.upload.account_id, &written).await?);
        }
        Err(DedupError::BlobCondemned(blob.digest.sha256))
    }

    async fn reject(&self, head: &ObjectHead, reason: RejectReason) -> Result<(), DedupError> {
        self.settle(head, &Outcome::Rejected(reason), None, self.begun).await.map(|_| ())
    }

    /// Publishes the outcome and clears away what it leaves. With `wrote`, something may lie in the vault of an object that
    /// was adopted, or was to be.
    pub async fn settle(
        &self,
        head: &ObjectHead,
        outcome: &Outcome,
        stored: Option<&Stored>,
        wrote: bool,
    ) -> Result<Settled, DedupError> {
        let (app, upload) = (self.app, self.upload);
        let published = app.tables.publish(upload, outcome, clock::now()).await?;
        tracing::info!(
            upload = %upload.upload_id, account = %upload.account_id, bytes = upload.size, ?published, "published"
        );
        report::count(upload, outcome, published);
        match published {
            Published::BlobExists | Published::BlobGone | Published::PackGone => {
                return Ok(Settled::NotYet);
            }
            Published::Ended(_) => return self.bytes_missing().await.map(|()| Settled::Otherwise),
            Published::Available | Published::Rejected(_) => {}
        }
        let stored = stored.filter(|_| published == Published::Available);
        if let Some(stored) = stored {
            store::index(app, upload.account_id, &stored.hooks).await?;
            if let Some(of) = &stored.to_compress {
                store::enqueue(app, upload.account_id, of.clone()).await?;
            }
        }
        let adopted = stored.is_some_and(Stored::is_adopted);
        if wrote && !adopted {
            leftovers::clear_vault(app, upload, head).await?;
        }
        if self.begun {
            leftovers::clear_begun(app, upload, head, adopted).await?;
        }
        leftovers::clear_landing(app, upload).await?;
        Ok(if stored.is_some() { Settled::Stored } else { Settled::Otherwise })
    }

    /// Another worker has published, and may have cleared away what this one was reading; or the bytes are lost.
    pub async fn bytes_missing(&self) -> Result<(), DedupError> {
        let upload = self.app.tables.upload(self.upload.upload_id).await?;
        match upload.filter(|upload| upload.state.is_final()) {
            Some(upload) => leftovers::clear_all(self.app, &upload).await,
            None => Err(DedupError::BytesMissing(self.upload.landing_key())),
        }
    }
}
