//! dedup-upload: reads every byte that has landed, once, and makes its version available or rejects it.
//!
//! The messages of a batch are processed side by side. For each upload: [`scan`] streams the object through SHA-1,
//! SHA-256 and the chunker; [`verdict`] compares with what was declared and looks whether the account holds the blob;
//! [`store`] brings new blob into the vault: [`lookup`] says which chunks the account has, and [`adopt`] has the store
//! copy an object that is mostly new while [`rewrite`] writes the new chunks of any other; one transaction makes the
//! version available and takes the references; [`leftovers`] go last. New small files of a batch are stored [`together`].
//! [`delta`] does the same for clients that cut chunks themselves. When the invocation's time is up, [`checkpoint`] says
//! where the next one goes on.

mod adopt;
mod checkpoint;
mod delta;
mod error;
mod known;
mod leftovers;
mod lookup;
mod packs;
mod report;
mod rewrite;
mod scan;
mod sent;
mod store;
mod together;
mod upload;
mod verdict;
mod verify;
mod writer;

use futures::FutureExt;
use futures::stream::{self, StreamExt};
use sluice_contracts::event::{LandingMessage, UploadEvent};
use sluice_domain::key::LandingKey;
use sluice_lambda::Deployment;
use sluice_lambda::batch::{Acknowledger, Failed, Message, OutOfTime, Processed};
use sluice_lambda::config::ConfigError;
use sluice_storage::copy::CopyLimits;
use sluice_storage::stores::PackBuckets;
use sluice_storage::{Bucket, Queue, Tables};
use std::sync::Arc;
use tokio::sync::Semaphore;

use error::DedupError;
use known::KnownPacks;
use together::Small;
use upload::Task;

/// How many messages are processed at once.
const MESSAGES_IN_FLIGHT: usize = 4;

/// How many ranges of objects are held in memory at once, over all messages.
const RANGES_IN_MEMORY: usize = 6;

/// What the function works with.
#[derive(Debug)]
pub struct App {
    tables: Tables,
    landing: Bucket,
    vault: Bucket,
    packs: PackBuckets,
    queue: Queue,
    compress: Queue,
    acknowledger: Acknowledger,
    copy_limits: CopyLimits,
    ranges: Arc<Semaphore>,
    known: KnownPacks,
}

impl App {
    /// The app of a deployment.
    pub fn new(deployment: &Deployment) -> Result<Self, ConfigError> {
        Ok(Self {
            tables: deployment.tables()?,
            landing: deployment.landing()?,
            vault: deployment.vault()?,
            packs: deployment.pack_buckets()?,
            queue: deployment.landing_queue()?,
            compress: deployment.compress_queue()?,
            acknowledger: deployment.landing_acknowledger()?,
            copy_limits: CopyLimits::default(),
            ranges: Arc::new(Semaphore::new(RANGES_IN_MEMORY)),
            known: KnownPacks::new(),
        })
    }

    /// The app with other limits for server-side copies.
    #[must_use]
    pub fn with_copy_limits(self, copy_limits: CopyLimits) -> Self {
        Self { copy_limits, ..self }
    }
}

/// Processes a batch, and gives the messages that are to be received again.
pub async fn process(app: Arc<App>, messages: Vec<Message>, out_of_time: OutOfTime) -> Failed {
    let (app, out_of_time) = (&*app, &*out_of_time);
    let in_company = messages.len() > 1;
    let worked: Vec<(Message, Result<Work, DedupError>)> = stream::iter(messages)
        .map(|message| async move {
            // Boxed, here and below: all of it in one future is deeper than the compiler lays out.
            let worked = begin(app, &message, in_company, out_of_time).boxed().await;
            (message, worked)
        })
        .buffer_unordered(MESSAGES_IN_FLIGHT)
        .collect()
        .await;
    let (mut smalls, mut results) = (Vec::new(), Vec::new());
    for (number, (message, worked)) in worked.into_iter().enumerate() {
        let result = worked.map(|work| match work {
            Work::NotTried => Processed::NotTried,
            Work::Done(rest) => {
                smalls.extend(rest.into_iter().map(|small| (number, small)));
                Processed::Done
            }
        });
        results.push((message, result.unwrap_or_else(Processed::Failed)));
    }
    for (number, result) in together::store_together(app, smalls, out_of_time).boxed().await {
        if let Err(error) = result {
            results[number].1 = Processed::Failed(error);
        }
    }
    let mut failed = Vec::new();
    for (message, worked) in results {
        if app.acknowledger.acknowledge(&message, worked).boxed().await.receives_again() {
            failed.push(message.id);
        }
    }
    failed
}

/// Whether the time of the invocation is up.
type TimeCheck = dyn Fn() -> bool + Send + Sync;

/// How far a message has come.
enum Work {
    /// There was no time for it.
    NotTried,
    /// Done, but for small files that wait to be stored together.
    Done(Vec<Small>),
}

/// Processes one message, up to what its small files share with others.
async fn begin(
    app: &App,
    message: &Message,
    in_company: bool,
    out_of_time: &TimeCheck,
) -> Result<Work, DedupError> {
    if out_of_time() {
        return Ok(Work::NotTried);
    }
    let repeated = message.receive_count > 1;
    let (keys, begun) = match LandingMessage::parse(&message.body)? {
        LandingMessage::Nothing => (Vec::new(), false),
        LandingMessage::ObjectsCreated(keys) => (keys, repeated),
        LandingMessage::Upload(
            UploadEvent::UploadReceived { account_id, upload_id }
            | UploadEvent::UploadCheckpointed { account_id, upload_id },
        ) => (vec![LandingKey { account_id, upload_id }], true),
    };
    let mut smalls = Vec::new();
    for key in keys {
        let task = Task { key, begun, in_company, out_of_time };
        smalls.extend(upload::process(app, task).await?);
    }
    Ok(Work::Done(smalls))
}
