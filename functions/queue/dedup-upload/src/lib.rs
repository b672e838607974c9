//! dedup-upload: reads every byte that has landed, once, and makes its version available or rejects it.
//!
//! The messages of a batch are worked off side by side. For each upload: [`scan`] streams the object through SHA-1,
//! SHA-256 and the chunker; [`verdict`] compares with what was declared and looks whether the account holds the content;
//! [`adopt`] moves new content into the vault with its packs and manifest; one transaction makes the version available;
//! [`leftovers`] go last. When the invocation's time is up, [`checkpoint`] says where the next one goes on.

mod adopt;
mod checkpoint;
mod error;
mod leftovers;
mod packs;
mod scan;
mod upload;
mod verdict;

use futures::stream::{self, StreamExt};
use sluice_contracts::event::{LandingMessage, UploadEvent};
use sluice_domain::key::LandingKey;
use sluice_lambda::Deployment;
use sluice_lambda::batch::{Failed, Message, OutOfTime};
use sluice_lambda::config::ConfigError;
use sluice_storage::copy::CopyLimits;
use sluice_storage::{Bucket, Queue, StorageError, Tables};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

use error::DedupError;

/// How many messages are worked off at once.
const MESSAGES_IN_FLIGHT: usize = 4;

/// How many ranges of objects are held in memory at once, over all messages.
const RANGES_IN_MEMORY: usize = 6;

/// How long a failed message rests before it is received again, times how often it has been.
const RETRY_PAUSE: Duration = Duration::from_secs(15);

/// What the function works with.
#[derive(Debug)]
pub struct App {
    tables: Tables,
    landing: Bucket,
    vault: Bucket,
    queue: Queue,
    dead_letters: Queue,
    max_receive_count: u32,
    copy_limits: CopyLimits,
    ranges: Arc<Semaphore>,
}

impl App {
    /// The app of a deployment.
    pub fn new(deployment: &Deployment) -> Result<Self, ConfigError> {
        Ok(Self {
            tables: deployment.tables()?,
            landing: deployment.landing()?,
            vault: deployment.vault()?,
            queue: deployment.landing_queue()?,
            dead_letters: deployment.landing_dead_letter_queue()?,
            max_receive_count: deployment.max_receive_count()?,
            copy_limits: CopyLimits::default(),
            ranges: Arc::new(Semaphore::new(RANGES_IN_MEMORY)),
        })
    }

    /// The app with other limits for server-side copies.
    #[must_use]
    pub fn with_copy_limits(self, copy_limits: CopyLimits) -> Self {
        Self { copy_limits, ..self }
    }
}

/// Works off a batch, and gives the messages that are to be received again.
pub async fn work_off(app: Arc<App>, messages: Vec<Message>, out_of_time: OutOfTime) -> Failed {
    let (app, out_of_time) = (&*app, &*out_of_time);
    stream::iter(messages)
        .map(|message| async move {
            let fate = work_off_one(app, &message, out_of_time).await.unwrap_or_else(|error| {
                tracing::error!(%error, message_id = message.id, "a message could not be settled");
                Fate::Retry
            });
            (fate == Fate::Retry).then_some(message.id)
        })
        .buffer_unordered(MESSAGES_IN_FLIGHT)
        .filter_map(|failed| async move { failed })
        .collect()
        .await
}

/// Whether the time of the invocation is up.
type TimeCheck = dyn Fn() -> bool + Send + Sync;

/// What becomes of a message.
#[derive(Debug, PartialEq, Eq)]
enum Fate {
    /// It is done with, here or in the dead-letter queue.
    Settled,
    /// It is to be received again.
    Retry,
}

/// Works off one message and settles what becomes of it.
async fn work_off_one(app: &App, message: &Message, out_of_time: &TimeCheck) -> Result<Fate, StorageError> {
    if out_of_time() {
        // A fresh copy of a message that has not been tried: it must not count as if it had.
        if message.receive_count > 1 {
            return Ok(Fate::Retry);
        }
        app.queue.send(&message.body).await?;
        return Ok(Fate::Settled);
    }
    let Err(error) = handle(app, message, out_of_time).await else { return Ok(Fate::Settled) };
    let last = message.receive_count >= app.max_receive_count;
    tracing::warn!(%error, message_id = message.id, receive_count = message.receive_count, "a message failed");
    if error.is_permanent() || last {
        let attributes = [
            ("reason", error.to_string()),
            ("code", error.code().to_owned()),
            ("receive_count", message.receive_count.to_string()),
            ("source_message_id", message.id.clone()),
        ];
        app.dead_letters.send_with(&message.body, &attributes).await?;
        return Ok(Fate::Settled);
    }
    let pause = RETRY_PAUSE * message.receive_count;
    app.queue.retry_after(&message.receipt_handle, pause).await?;
    Ok(Fate::Retry)
}

async fn handle(app: &App, message: &Message, out_of_time: &TimeCheck) -> Result<(), DedupError> {
    let repeated = message.receive_count > 1;
    let (keys, begun) = match LandingMessage::parse(&message.body)? {
        LandingMessage::Nothing => return Ok(()),
        LandingMessage::ObjectsCreated(keys) => (keys, repeated),
        LandingMessage::Upload(
            UploadEvent::UploadAnnounced { account_id, upload_id }
            | UploadEvent::UploadCheckpointed { account_id, upload_id },
        ) => (vec![LandingKey { account_id, upload_id }], true),
    };
    for key in keys {
        upload::work_off(app, key, begun, out_of_time).await?;
    }
    Ok(())
}
