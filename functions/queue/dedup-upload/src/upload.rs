//! Processes one upload: chooses between a whole object, a delta upload and cleaning up.

use sluice_domain::key::LandingKey;
use sluice_domain::time::TimeCheck;
use sluice_domain::work::MESSAGE_WORK_MIN_BYTES;
use sluice_storage::tables::Admission;
use sluice_storage::{Chain, ErrorKind};

use crate::admission::{Admissions, LandedUpload, later};
use crate::app::App;
use crate::error::DedupError;
use crate::lease::{VerificationLease, needs_lease};
use crate::store::small_files::SmallUpload;
use crate::work::UploadWork;
use crate::{allowance, cleanup, delta, whole};

/// What a message asks for.
pub struct UploadTask<'a> {
    pub landed: LandedUpload,
    pub message_id: &'a str,
    pub admissions: &'a Admissions,
    /// Whether an earlier run may have left a checkpoint or objects.
    pub resumed: bool,
    /// Whether the batch has other messages, so that small files can share packs.
    pub in_batch: bool,
    pub out_of_time: &'a TimeCheck,
}

/// Processes an upload. Returns it, verified, if it is to be stored with other small files of its batch.
pub async fn process(app: &App, task: UploadTask<'_>) -> Result<Option<SmallUpload>, DedupError> {
    let UploadTask { landed, message_id, admissions, resumed, in_batch, out_of_time } = task;
    let key = landed.key;
    let admission = admissions.of(landed)?;
    if matches!(admission, Admission::Busy) {
        return Ok(None);
    }
    let upload = app.tables.upload(key.upload_id).await?.filter(|upload| upload.account_id == key.account_id);
    let Some(upload) = upload else {
        refuse_unknown_object(app, key).await?;
        return Ok(None);
    };
    if upload.state.is_final() {
        admissions.count_small(upload.account_id, MESSAGE_WORK_MIN_BYTES);
        cleanup::clean_up(app, &upload).await?;
        return Ok(None);
    }
    if matches!(admission, Admission::UsedUp) {
        allowance::put_off(app, &upload).await?;
        return Ok(None);
    }
    let work = UploadWork { app, upload: &upload, resumed, out_of_time, lease: None };
    if !needs_lease(&upload) {
        admissions.count_small(upload.account_id, upload.size.max(MESSAGE_WORK_MIN_BYTES));
        return verify(&work, in_batch).await;
    }
    let Some(lease) = VerificationLease::take(app, &upload, message_id).await? else {
        app.landing_queue.send_delayed(&[later(landed, app.lease_life)]).await?;
        return Ok(None);
    };
    let result = verify(&UploadWork { lease: Some(&lease), ..work }, in_batch).await;
    if result.is_err()
        && let Err(error) = lease.release().await
    {
        tracing::warn!(error = %Chain(&error), "the lease on a verification stays until it expires");
    }
    result
}

async fn verify(work: &UploadWork<'_>, in_batch: bool) -> Result<Option<SmallUpload>, DedupError> {
    let UploadWork { app, upload, .. } = *work;
    let result = match &upload.packs {
        Some(declared) => delta::process(work, declared).await.map(|()| None),
        None => whole::process(work, in_batch).await,
    };
    match result {
        Err(DedupError::Storage(error)) if error.kind == ErrorKind::NotFound => {
            cleanup::clean_up_if_finished(app, upload).await?;
            Ok(None)
        }
        result => result,
    }
}

/// Fails if there is an object that belongs to no upload. If there is none, the message is a late one about
/// an upload that finished long ago.
async fn refuse_unknown_object(app: &App, key: LandingKey) -> Result<(), DedupError> {
    match app.landing.head(&key.object_key()).await? {
        Some(_) => Err(DedupError::UnknownUpload(key)),
        None => Ok(()),
    }
}
