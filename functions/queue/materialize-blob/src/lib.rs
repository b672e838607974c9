//! materialize-blob: puts a blob that lies in packs together as one object of the cache, for plain HTTP readers.
//!
//! What lies long enough in one stored object is copied by the store, range by range; the rest is read, every chunk
//! checked, and sent ([`sluice_domain::materialize`]). The parts that the cache has received are the checkpoint. A lease on
//! the blob's row keeps a second builder away. The object appears at once, when it is whole.

mod build;
mod error;
mod packs;

use futures::FutureExt;
use futures::stream::{self, StreamExt};
use sluice_contracts::event::BlobEvent;
use sluice_domain::hash::Sha256;
use sluice_domain::id::AccountId;
use sluice_domain::key::ObjectKey;
use sluice_lambda::batch::{Acknowledger, Failed, Message, OutOfTime, Processed};
use sluice_lambda::config::ConfigError;
use sluice_lambda::{Deployment, clock};
use sluice_storage::stores::PackBuckets;
use sluice_storage::tables::Lease;
use sluice_storage::{Bucket, Queue, Tables};
use std::sync::Arc;
use std::time::Duration;

use build::{Build, Built};
use error::MaterializeError;

/// How many blobs are put together at once.
const BLOBS_IN_FLIGHT: usize = 2;

/// How long a builder that was killed keeps others away: longer than an invocation can last.
const LEASE: Duration = Duration::from_mins(16);

/// What the function works with.
#[derive(Debug)]
pub struct App {
    tables: Tables,
    packs: PackBuckets,
    cache: Bucket,
    cache_life: Duration,
    queue: Queue,
    acknowledger: Acknowledger,
}

impl App {
    /// The app of a deployment.
    pub fn new(deployment: &Deployment) -> Result<Self, ConfigError> {
        Ok(Self {
            tables: deployment.tables()?,
            packs: deployment.pack_buckets()?,
            cache: deployment.cache()?,
            cache_life: deployment.cache_life()?,
            queue: deployment.materialize_queue()?,
            acknowledger: deployment.materialize_acknowledger()?,
        })
    }
}

/// Whether the time of the invocation is up.
type TimeCheck = dyn Fn() -> bool + Send + Sync;

/// Processes a batch, and gives the messages that are to be received again.
pub async fn process(app: Arc<App>, messages: Vec<Message>, out_of_time: OutOfTime) -> Failed {
    let (app, out_of_time) = (&*app, &*out_of_time);
    stream::iter(messages)
        .map(|message| {
            async move {
                let worked = match process_one(app, &message, out_of_time).await {
                    Ok(true) => Processed::Done,
                    Ok(false) => Processed::NotTried,
                    Err(error) => Processed::Failed(error),
                };
                app.acknowledger.acknowledge(&message, worked).await.receives_again().then_some(message.id)
            }
            .boxed()
        })
        .buffer_unordered(BLOBS_IN_FLIGHT)
        .filter_map(|failed| async move { failed })
        .collect()
        .await
}

/// Processes one message; false if there was no time for it.
async fn process_one(
    app: &App,
    message: &Message,
    out_of_time: &TimeCheck,
) -> Result<bool, MaterializeError> {
    if out_of_time() {
        return Ok(false);
    }
    let BlobEvent::BlobRequested { account_id, sha256 } = BlobEvent::parse(&message.body)?;
    materialize(app, account_id, sha256, &message.id, out_of_time).await?;
    Ok(true)
}

/// Puts a blob together, unless it lies there, or somebody else is at it. `holder` names this builder.
async fn materialize(
    app: &App,
    account: AccountId,
    sha256: Sha256,
    holder: &str,
    out_of_time: &TimeCheck,
) -> Result<(), MaterializeError> {
    let key = ObjectKey::materialized(account, &sha256);
    if let Some(made_at) = app.cache.modified_at(&key).await?
        && made_at.after(app.cache_life) > clock::now()
    {
        return Ok(());
    }
    let lease = Lease { holder, now: clock::now(), life: LEASE };
    let leased = app.tables.lease_blob(account, &sha256, lease).await?;
    let Some(building) = leased else {
        tracing::info!(%account, "somebody else is building the blob, or it is gone");
        return Ok(());
    };
    let end = Build { app, key, holder, building: &building, out_of_time }.run().await;
    app.tables.release_blob(account, &sha256, holder, matches!(end, Ok(Built::Whole))).await?;
    if end? == Built::OutOfTime {
        tracing::info!(%account, "out of time; another invocation goes on");
        app.queue.send(&BlobEvent::BlobRequested { account_id: account, sha256 }.to_json()).await?;
    }
    Ok(())
}
