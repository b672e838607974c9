//! Processes an upload that was sent as one object: reads it, decides, stores its blob and publishes the
//! version.

use sluice_domain::id::PackId;
use sluice_domain::publication::Outcome;
use sluice_domain::version::RejectReason;
use sluice_storage::tables::Counted;
use sluice_storage::{GetOptions, Object, found};
use std::collections::BTreeSet;

use crate::app::RANGE_BYTES;
use crate::error::DedupError;
use crate::publish::{self, PublishRequest, PublishResult};
use crate::read::checkpoint::Checkpoint;
use crate::read::hashed_object::HashedObject;
use crate::read::scan::{Scan, Scanned};
use crate::store::small_files::{SmallUpload, is_small};
use crate::verdict::{self, Verdict};
use crate::work::{LandedObject, StoreResult, StoredUpload, UploadWork};
use crate::{allowance, cleanup, store, vault};

/// Processes the upload as far as time allows. With `in_batch`, a small file that is new to the account is
/// returned, to be stored with others of its batch.
pub async fn process(work: &UploadWork<'_>, in_batch: bool) -> Result<Option<SmallUpload>, DedupError> {
    let UploadWork { app, upload, resumed, out_of_time, .. } = *work;
    let start = app.landing.get(&upload.landing_key().object_key(), GetOptions::start(RANGE_BYTES)).await;
    let Some(Object { head, bytes: first, .. }) = found(start)? else {
        cleanup::clean_up_if_finished(app, upload).await?;
        return Ok(None);
    };
    if head.size != upload.size {
        let outcome = Outcome::Rejected(RejectReason::SizeMismatch);
        let request =
            PublishRequest { head: &head, outcome: &outcome, stored: None, adoption_begun: resumed };
        publish::publish(work, request).await?;
        return Ok(None);
    }
    let checkpoint = if resumed { Checkpoint::load(app, upload, &head).await? } else { None };
    // What follows a checkpoint was counted when it was first begun.
    if checkpoint.is_none() && allowance::count(work, upload.size).await? == Counted::UsedUp {
        return Ok(None);
    }
    let bytes = (first.len() as u64 == head.size).then(|| first.clone());
    let scan = Scan { app, upload, head: &head, out_of_time };
    let hashed = match scan.run(checkpoint, first).await? {
        Scanned::Complete(hashed) => *hashed,
        Scanned::OutOfTime(checkpoint) => {
            checkpoint.save(work, &head).await?;
            return Ok(None);
        }
    };
    if let Some(bytes) = &bytes
        && in_batch
        && is_small(head.size)
        && verdict::decide(app, upload, &hashed.digest).await? == Verdict::Store
    {
        let upload = upload.clone();
        let bytes = bytes.clone();
        return Ok(Some(SmallUpload { upload, resumed, head, bytes, hashed }));
    }
    let object = LandedObject { head: &head, bytes: bytes.as_ref() };
    store_and_publish(work, object, hashed).await?;
    Ok(None)
}

/// Stores the blob, if the account does not have it, and publishes the version. Saves a checkpoint if time
/// runs out.
pub async fn store_and_publish(
    work: &UploadWork<'_>,
    object: LandedObject<'_>,
    mut hashed: HashedObject,
) -> Result<(), DedupError> {
    let UploadWork { app, upload, .. } = *work;
    let mut adoption_begun = work.resumed;
    let mut unused_packs: BTreeSet<PackId> = hashed.unused_packs.iter().copied().collect();
    for _ in 0..publish::ATTEMPTS {
        let (outcome, stored) = match verdict::decide(app, upload, &hashed.digest).await? {
            Verdict::Reject(reason) => (Outcome::Rejected(reason), None),
            Verdict::Link => (Outcome::linked(&hashed.digest), None),
            Verdict::Store => match store::store(work, object, &mut hashed).await? {
                StoreResult::Stored(stored) => (Outcome::Stored(Box::new(stored.blob.clone())), Some(stored)),
                StoreResult::OutOfTime => {
                    return Checkpoint::Hashed(Box::new(hashed)).save(work, object.head).await;
                }
            },
        };
        let stored = stored.as_deref();
        let written_packs = stored.map(|stored| &stored.written_packs[..]).unwrap_or_default();
        adoption_begun |= hashed.packs.any_saved() || stored.is_some_and(StoredUpload::is_adopted);
        unused_packs.extend(written_packs.iter().copied());
        let request = PublishRequest { head: object.head, outcome: &outcome, stored, adoption_begun };
        match publish::publish(work, request).await? {
            PublishResult::Retry => continue,
            PublishResult::Stored => unused_packs.retain(|pack| !written_packs.contains(pack)),
            PublishResult::Ended => {}
        }
        // Not earlier: until the upload has finished, another worker may be about to refer to them.
        return Ok(vault::discard_unreferenced(app, upload.account_id, &unused_packs).await?);
    }
    Err(DedupError::BlobCondemned(hashed.digest.sha256))
}
