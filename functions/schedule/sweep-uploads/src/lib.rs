//! sweep-uploads: looks after uploads that nobody else will.
//!
//! An upload whose bytes have landed is announced again, whatever became of its event or of the worker; one whose time
//! is over is aborted and its quota released; one that can never become available is rejected. What to do is decided in
//! [`sluice_domain::sweep`].

use futures::stream::{self, StreamExt};
use sluice_contracts::event::UploadEvent;
use sluice_domain::id::UploadId;
use sluice_domain::sweep::{Sweep, decide, patience};
use sluice_domain::time::Timestamp;
use sluice_domain::upload::{Upload, UploadState};
use sluice_domain::version::RejectReason;
use sluice_lambda::Deployment;
use sluice_lambda::config::ConfigError;
use sluice_lambda::metrics::{self, Metric};
use sluice_storage::tables::{DUE_SHARDS, Ending, Outcome};
use sluice_storage::{Bucket, Queue, StorageError, Tables};
use std::sync::Arc;

/// How many uploads of a shard one run looks at; the next run goes on.
const SHARD_LIMIT: usize = 500;

/// How many uploads are looked at side by side.
const UPLOADS_IN_FLIGHT: usize = 8;

/// What the function works with.
#[derive(Debug)]
pub struct App {
    tables: Tables,
    landing: Bucket,
    queue: Queue,
}

impl App {
    /// The app of a deployment.
    pub fn new(deployment: &Deployment) -> Result<Self, ConfigError> {
        Ok(Self {
            tables: deployment.tables()?,
            landing: deployment.landing()?,
            queue: deployment.landing_queue()?,
        })
    }
}

/// One run. One upload that fails does not keep the others waiting: the run goes on and fails at its end.
pub async fn sweep(app: Arc<App>, now: Timestamp) -> Result<(), StorageError> {
    let mut failure = None;
    for shard in 0..DUE_SHARDS {
        let app = &*app;
        let due = match app.tables.due_uploads(shard, now, SHARD_LIMIT).await {
            Ok(due) => due,
            Err(error) => {
                tracing::error!(%error, shard, "a shard could not be read");
                failure = Some(error);
                continue;
            }
        };
        let mut swept = stream::iter(due)
            .map(|due| async move { (due.upload_id, sweep_one(app, due.upload_id, now).await) })
            .buffer_unordered(UPLOADS_IN_FLIGHT);
        while let Some((upload_id, result)) = swept.next().await {
            match result {
                Ok(decision) => tracing::info!(upload = %upload_id, ?decision, "swept"),
                Err(error) => {
                    tracing::error!(%error, upload = %upload_id, "an upload could not be swept");
                    failure = Some(error);
                }
            }
        }
    }
    failure.map_or(Ok(()), Err)
}

fn count(decision: &Sweep, upload: &Upload) {
    match decision {
        // A pending one was known: its worker is late.
        Sweep::Enqueue if upload.state == UploadState::Open => {
            metrics::write(&[Metric::count("EventsRecovered", 1)]);
        }
        Sweep::Expire => metrics::write(&[Metric::count("UploadsExpired", 1)]),
        Sweep::Reject(_) => metrics::write(&[Metric::count("UploadsRejected", 1)]),
        Sweep::Nothing | Sweep::Wait(_) | Sweep::Enqueue => {}
    }
}

async fn sweep_one(app: &App, upload_id: UploadId, now: Timestamp) -> Result<Sweep, StorageError> {
    // The index shows the past; only the row decides.
    let Some(upload) = app.tables.upload(upload_id).await? else { return Ok(Sweep::Nothing) };
    if upload.due_at > now {
        return Ok(Sweep::Wait(upload.due_at));
    }
    let key = upload.delivered_key();
    // Not a HEAD, whose 404 would not tell a missing object from a missing bucket.
    let landed = app.landing.get_start(&key, 1).await?.is_some();
    let decision = decide(&upload, landed, now);
    match decision {
        Sweep::Nothing => {}
        Sweep::Wait(until) => {
            app.tables.postpone(&upload, until, upload.enqueue_count).await?;
        }
        Sweep::Enqueue => enqueue(app, &upload, now).await?,
        Sweep::Expire => expire(app, &upload, now).await?,
        Sweep::Reject(reason) => reject(app, &upload, reason, now).await?,
    }
    count(&decision, &upload);
    Ok(decision)
}

async fn send_word(app: &App, upload: &Upload) -> Result<(), StorageError> {
    let Upload { account_id, upload_id, .. } = *upload;
    app.queue.send(&UploadEvent::UploadReceived { account_id, upload_id }.to_json()).await
}

/// Sends word first and counts it second: a run that dies in between only sends word once more.
async fn enqueue(app: &App, upload: &Upload, now: Timestamp) -> Result<(), StorageError> {
    send_word(app, upload).await?;
    app.tables.postpone(upload, now.after(patience(upload.enqueue_count)), upload.enqueue_count + 1).await?;
    Ok(())
}

/// The worker clears away what there is of a rejected upload.
async fn reject(
    app: &App,
    upload: &Upload,
    reason: RejectReason,
    now: Timestamp,
) -> Result<(), StorageError> {
    app.tables.publish(upload, &Outcome::Rejected(reason), now).await?;
    send_word(app, upload).await
}

/// Frees the parts first and the quota second: as long as the upload is open, a later run comes back to it.
async fn expire(app: &App, upload: &Upload, now: Timestamp) -> Result<(), StorageError> {
    if let Some(multipart_id) = &upload.multipart_id {
        app.landing.abort_multipart(&upload.landing_key().object_key(), multipart_id).await?;
    }
    if upload.packs.is_some() {
        app.landing.delete_all(upload.landed_keys()).await?;
    }
    app.tables.end_upload(upload, Ending::Expired, now).await?;
    Ok(())
}
