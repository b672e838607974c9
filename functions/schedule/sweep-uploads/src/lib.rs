//! Finishes uploads that are stuck or expired.
//!
//! An upload that has landed is enqueued again if its event or its worker was lost. An expired upload is
//! aborted and its reservation released. An upload whose bytes are gone is rejected.
//! [`sluice_domain::sweep`] decides.

use futures::stream::{self, StreamExt};
use sluice_contracts::event::UploadEvent;
use sluice_deployment::{ConfigError, Deployment};
use sluice_domain::id::UploadId;
use sluice_domain::publication::Outcome;
use sluice_domain::sweep::{ENQUEUE_PAUSE_MAX, Sweep, decide, enqueue_backoff, is_stuck};
use sluice_domain::time::Timestamp;
use sluice_domain::upload::{Upload, UploadState};
use sluice_domain::version::RejectReason;
use sluice_lambda::metrics::{self, Metric};
use sluice_storage::tables::{DUE_SHARDS, Ending, Update};
use sluice_storage::{Bucket, Chain, ErrorKind, GetOptions, Queue, StorageError, Tables, found};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

/// A run begins no more after this time: the function is ended after 300 seconds, and a page may take long.
/// The next run continues.
const RUN_MAX: Duration = Duration::from_secs(200);

/// How many uploads of all shards are handled at once: they may be of one account, whose row each changes.
const UPLOADS_IN_FLIGHT: usize = 16;

#[derive(Debug)]
pub struct App {
    tables: Tables,
    landing: Bucket,
    queue: Queue,
}

impl App {
    pub fn new(deployment: &Deployment) -> Result<Self, ConfigError> {
        Ok(Self {
            tables: deployment.tables()?,
            landing: deployment.landing()?,
            queue: deployment.landing_queue()?,
        })
    }
}

/// Sweeps all uploads that are due, or as many as there is time for. If one fails, the run continues with the
/// others and fails at its end.
pub async fn sweep(app: Arc<App>, now: Timestamp) -> Result<(), StorageError> {
    let permits = Semaphore::new(UPLOADS_IN_FLIGHT);
    let run = Run { app: &app, now, begun: Instant::now(), permits };
    let shards = stream::iter(0..DUE_SHARDS).map(|shard| run.sweep_shard(shard));
    let results: Vec<_> = shards.buffer_unordered(DUE_SHARDS.into()).collect().await;
    results.into_iter().collect()
}

/// One run.
struct Run<'a> {
    app: &'a App,
    now: Timestamp,
    begun: Instant,
    /// One an upload that is being swept.
    permits: Semaphore,
}

impl Run<'_> {
    /// Sweeps page by page, because what was swept may still be in the index.
    async fn sweep_shard(&self, shard: u8) -> Result<(), StorageError> {
        let mut result = Ok(());
        let mut after = None;
        while self.begun.elapsed() < RUN_MAX {
            let (due, next) = match self.app.tables.due_uploads(shard, self.now, after).await {
                Ok(page) => page,
                Err(error) => {
                    tracing::error!(error = %Chain(&error), shard, "a shard could not be read");
                    return Err(error);
                }
            };
            result = result.and(self.sweep_all(due).await);
            after = next;
            if after.is_none() {
                break;
            }
        }
        result
    }

    async fn sweep_all(&self, due: Vec<Upload>) -> Result<(), StorageError> {
        let mut swept = stream::iter(due)
            .map(|due| async move { (due.upload_id, self.sweep_in_turn(due.upload_id).await) })
            .buffer_unordered(UPLOADS_IN_FLIGHT);
        let mut failure = None;
        while let Some((upload_id, result)) = swept.next().await {
            match result {
                Ok(Some(decision)) => tracing::info!(upload = %upload_id, ?decision, "swept"),
                Ok(None) => {}
                Err(error) if error.kind == ErrorKind::Throttled => {
                    tracing::warn!(error = %Chain(&error), upload = %upload_id, "left to the next run");
                }
                Err(error) => {
                    tracing::error!(error = %Chain(&error), upload = %upload_id, "could not be swept");
                    failure = Some(error);
                }
            }
        }
        failure.map_or(Ok(()), Err)
    }

    /// Sweeps an upload once few enough others are being swept, unless time is up by then.
    async fn sweep_in_turn(&self, upload_id: UploadId) -> Result<Option<Sweep>, StorageError> {
        let permit = self.permits.acquire().await;
        let _permit = permit.map_err(|closed| StorageError::unavailable("wait for others", closed))?;
        if self.begun.elapsed() >= RUN_MAX {
            return Ok(None);
        }
        sweep_one(self.app, upload_id, self.now).await.map(Some)
    }
}

fn count(decision: &Sweep, upload: &Upload) {
    match decision {
        Sweep::Enqueue if is_stuck(upload) => {
            tracing::error!(upload = %upload.upload_id, count = upload.enqueue_count, "an upload is stuck");
            metrics::write(&[Metric::count("UploadsStuck", 1)]);
        }
        // Of a pending upload no event was lost: its worker is late.
        Sweep::Enqueue if upload.state == UploadState::Open => {
            metrics::write(&[Metric::count("EventsRecovered", 1)]);
        }
        Sweep::Expire => metrics::write(&[Metric::count("UploadsExpired", 1)]),
        Sweep::Reject(_) => metrics::write(&[Metric::count("UploadsRejected", 1)]),
        Sweep::Nothing | Sweep::Wait(_) | Sweep::Enqueue | Sweep::CleanUp | Sweep::DeleteLate => {}
    }
}

async fn sweep_one(app: &App, upload_id: UploadId, now: Timestamp) -> Result<Sweep, StorageError> {
    // The index may be stale; only the row decides.
    let Some(upload) = app.tables.upload(upload_id).await? else { return Ok(Sweep::Nothing) };
    if upload.due_at > now {
        return Ok(Sweep::Wait(upload.due_at));
    }
    let key = upload.delivered_key();
    // Not a HEAD: its 404 does not distinguish a missing object from a missing bucket.
    let landed = found(app.landing.get(&key, GetOptions::start(1)).await)?.is_some();
    let decision = decide(&upload, landed, now);
    match decision {
        Sweep::Nothing => {}
        Sweep::Wait(until) => {
            app.tables.postpone(&upload, until, upload.enqueue_count).await?;
        }
        Sweep::Enqueue => enqueue(app, &upload, now).await?,
        Sweep::Expire => expire(app, &upload, now).await?,
        Sweep::Reject(reason) => reject(app, &upload, reason, now).await?,
        Sweep::CleanUp => {
            send_message(app, &upload).await?;
            app.tables.sweep_again(&upload, now.after(ENQUEUE_PAUSE_MAX)).await?;
        }
        Sweep::DeleteLate => {
            app.landing.delete_all(upload.landed_keys()).await?;
            app.tables.sweep_no_more(&upload).await?;
        }
    }
    count(&decision, &upload);
    Ok(decision)
}

async fn send_message(app: &App, upload: &Upload) -> Result<(), StorageError> {
    let Upload { account_id, upload_id, .. } = *upload;
    app.queue.send(&UploadEvent::UploadReceived { account_id, upload_id }.to_json()).await
}

/// Sends the message first and counts it second: if the run dies in between, the message is only sent once
/// more.
async fn enqueue(app: &App, upload: &Upload, now: Timestamp) -> Result<(), StorageError> {
    send_message(app, upload).await?;
    app.tables
        .postpone(upload, now.after(enqueue_backoff(upload.enqueue_count)), upload.enqueue_count + 1)
        .await?;
    Ok(())
}

/// Rejects the version, and enqueues the upload so that the worker cleans up.
async fn reject(
    app: &App,
    upload: &Upload,
    reason: RejectReason,
    now: Timestamp,
) -> Result<(), StorageError> {
    app.tables.publish(upload, &Outcome::Rejected(reason), now).await?;
    send_message(app, upload).await
}

/// Frees the parts first: a later run repeats this while the upload is open, and the store itself lets only
/// one of merge and abort happen. Deletes packs last, because the upload may be completed until it has ended;
/// those that are left are deleted when packs can no longer arrive.
async fn expire(app: &App, upload: &Upload, now: Timestamp) -> Result<(), StorageError> {
    if let Some(multipart_id) = &upload.multipart_id {
        app.landing.abort_multipart(&upload.landing_key().object_key(), multipart_id).await?;
    }
    let ended = app.tables.end_upload(upload, Ending::Expired, now).await?;
    if ended == Update::Done && upload.packs.is_some() {
        app.landing.delete_all(upload.landed_keys()).await?;
    }
    Ok(())
}
