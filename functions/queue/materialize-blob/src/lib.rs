//! materialize-blob: builds a blob as one object of the cache, for plain HTTP readers.
//!
//! Where enough of the blob's bytes are contiguous in one stored object, the store copies them; other bytes
//! are read, checked chunk by chunk, and uploaded ([`sluice_domain::materialize`]). The parts that the cache
//! has received are the checkpoint. A lease on the blob's row keeps other builders away. Readers see the
//! object only once it is complete.

mod app;
mod build;
mod error;
mod packs;

use futures::FutureExt;
use sluice_contracts::event::BlobEvent;
use sluice_deployment::clock;
use sluice_domain::hash::Sha256;
use sluice_domain::id::AccountId;
use sluice_domain::key::ObjectKey;
use sluice_domain::time::TimeCheck;
use sluice_lambda::batch::{Message, OutOfTime, Redelivered};
use sluice_storage::tables::Lease;
use std::sync::Arc;
use std::time::Duration;

pub use app::App;
use build::{Build, BuildProgress};
use error::MaterializeError;

/// How many blobs are materialized at once.
const BLOBS_IN_FLIGHT: usize = 2;

/// How long a builder that was killed keeps others away. It is longer than an invocation can last.
const LEASE: Duration = Duration::from_mins(16);

/// Processes a batch. Returns the messages that are to be received again.
pub async fn process(app: Arc<App>, messages: Vec<Message>, out_of_time: OutOfTime) -> Redelivered {
    let app = &*app;
    let out_of_time = &*out_of_time;
    let process = |message| process_message(app, message, out_of_time).boxed();
    app.acknowledger.process_each(&messages, BLOBS_IN_FLIGHT, out_of_time, process).await
}

async fn process_message(
    app: &App,
    message: &Message,
    out_of_time: &TimeCheck,
) -> Result<(), MaterializeError> {
    let BlobEvent::BlobRequested { account_id, sha256 } = BlobEvent::parse(&message.body)?;
    materialize(app, account_id, sha256, &message.id, out_of_time).await
}

/// Materializes a blob, unless the cache has it or another builder is at work. `holder` names this builder.
async fn materialize(
    app: &App,
    account: AccountId,
    sha256: Sha256,
    holder: &str,
    out_of_time: &TimeCheck,
) -> Result<(), MaterializeError> {
    let key = ObjectKey::materialized(account, &sha256);
    if let Some(made_at) = app.cache.head(&key).await?.and_then(|head| head.modified_at)
        && made_at.after(app.cache_life) > clock::now()
    {
        return Ok(());
    }
    let lease = Lease { holder, now: clock::now(), life: LEASE };
    let leased = app.tables.lease_blob(account, &sha256, lease).await?;
    let Some(building) = leased else {
        tracing::info!(%account, "another builder is at work, or the blob is gone");
        return Ok(());
    };
    let result = Build { app, key, holder, building: &building, out_of_time }.run().await;
    let is_complete = matches!(result, Ok(BuildProgress::Complete));
    app.tables.release_blob(account, &sha256, holder, is_complete).await?;
    if result? == BuildProgress::OutOfTime {
        tracing::info!(%account, "out of time; another invocation continues");
        app.queue.send(&BlobEvent::BlobRequested { account_id: account, sha256 }.to_json()).await?;
    }
    Ok(())
}
