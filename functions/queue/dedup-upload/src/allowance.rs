//! Counts the bytes that are worked on for an account, and puts uploads off when its day's are used up.

use sluice_deployment::clock;
use sluice_domain::upload::{Upload, UploadState};
use sluice_domain::work::next_day;
use sluice_lambda::metrics::{self, Metric};
use sluice_storage::tables::{Counted, Work};

use crate::app::App;
use crate::error::DedupError;
use crate::work::UploadWork;

/// Counts bytes of an upload before they are worked on, or puts it off. A small file has no lease, and is
/// counted with its batch.
pub async fn count(work: &UploadWork<'_>, bytes: u64) -> Result<Counted, DedupError> {
    let UploadWork { app, upload, lease, .. } = *work;
    if lease.is_none() {
        return Ok(Counted::Done);
    }
    let counted =
        app.tables.count_work(upload.account_id, app.work_limits, Work { bytes, now: clock::now() }).await?;
    if counted == Counted::UsedUp {
        put_off(app, upload).await?;
    }
    Ok(counted)
}

/// Makes the upload pending until the next day, when the sweeper enqueues it.
pub async fn put_off(app: &App, upload: &Upload) -> Result<(), DedupError> {
    let due_at = next_day(clock::now());
    if upload.state == UploadState::Open {
        app.tables.mark_pending(upload, due_at).await?;
    } else {
        // It is not stuck, however often it waits.
        app.tables.postpone(upload, due_at, 0).await?;
    }
    tracing::warn!(upload = %upload.upload_id, account = %upload.account_id, "put off to the next day");
    metrics::write(&[Metric::count("UploadsDeferred", 1)]);
    Ok(())
}
