//! Messages of a queue, and what happens to them after a worker has tried them.

use futures::FutureExt;
use futures::future::{self, BoxFuture};
use futures::stream::{self, StreamExt};
use sluice_deployment::WorkerQueue;
use sluice_domain::time::TimeCheck;
use sluice_packs::PackError;
use sluice_storage::{Chain, StorageError};
use std::sync::Arc;
use std::time::Duration;

use crate::metrics::{self, Metric};

/// One message of a batch.
#[derive(Debug, Clone)]
pub struct Message {
    /// The message id that SQS gave.
    pub id: String,
    pub body: String,
    /// How often it has been received, this time included.
    pub receive_count: u32,
    /// Identifies this receipt of the message to SQS.
    pub receipt_handle: String,
}

/// Returns true once a worker must take on no more work.
pub type OutOfTime = Arc<TimeCheck>;

/// The ids of the messages that SQS is to deliver again.
pub type Redelivered = Vec<String>;

/// How long a failed message waits before the next delivery, multiplied by its receive count.
const RETRY_PAUSE: Duration = Duration::from_secs(15);

/// Why a message could not be processed.
pub trait ProcessError: std::error::Error {
    /// Whether no retry will help.
    fn is_permanent(&self) -> bool;

    /// A stable code for the dead-letter queue.
    fn code(&self) -> &'static str;
}

impl ProcessError for PackError {
    fn is_permanent(&self) -> bool {
        self.is_permanent()
    }

    fn code(&self) -> &'static str {
        self.code()
    }
}

/// The result of processing one message.
#[derive(Debug)]
pub enum Processed<E> {
    Done,
    /// There was no time for it.
    NotTried,
    Failed(E),
}

/// Whether SQS is to deliver a message again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "a message that is to be received again must be reported to SQS as failed"]
pub enum Acknowledgement {
    /// The queue may delete the message.
    Delete,
    /// The message stays on the queue.
    Redeliver,
}

impl Acknowledgement {
    pub fn is_redelivered(self) -> bool {
        self == Self::Redeliver
    }
}

/// Decides what happens to a message after a try, and moves hopeless ones to the dead-letter queue.
#[derive(Debug)]
pub struct Acknowledger {
    queue: WorkerQueue,
}

impl Acknowledger {
    pub fn new(queue: WorkerQueue) -> Self {
        Self { queue }
    }

    /// Processes each message with `process`, up to `in_flight` at once, and acknowledges it.
    pub async fn process_each<'a, E: ProcessError + Send + Sync + 'a>(
        &'a self,
        messages: &'a [Message],
        in_flight: usize,
        out_of_time: &'a TimeCheck,
        process: impl Fn(&'a Message) -> BoxFuture<'a, Result<(), E>>,
    ) -> Redelivered {
        // Boxed and in a Vec: the compiler finds closures over borrowed messages not general enough in a
        // stream.
        let tries: Vec<BoxFuture<'_, Option<String>>> = messages
            .iter()
            .map(|message| self.process_one(message, out_of_time, process(message)).boxed())
            .collect();
        stream::iter(tries).buffer_unordered(in_flight).filter_map(future::ready).collect().await
    }

    /// Returns the message's id if it is to be received again.
    async fn process_one<E: ProcessError>(
        &self,
        message: &Message,
        out_of_time: &TimeCheck,
        work: BoxFuture<'_, Result<(), E>>,
    ) -> Option<String> {
        let processed = if out_of_time() {
            Processed::NotTried
        } else {
            work.await.map_or_else(Processed::Failed, |()| Processed::Done)
        };
        self.acknowledge(message, processed).await.is_redelivered().then(|| message.id.clone())
    }

    pub async fn acknowledge<E: ProcessError>(
        &self,
        message: &Message,
        processed: Processed<E>,
    ) -> Acknowledgement {
        let acknowledged = match processed {
            Processed::Done => return Acknowledgement::Delete,
            Processed::NotTried => self.put_back(message).await,
            Processed::Failed(error) => self.failed(message, &error).await,
        };
        acknowledged.unwrap_or_else(|error| {
            tracing::error!(
                error = %Chain(&error),
                message_id = message.id,
                "a message could not be acknowledged"
            );
            Acknowledgement::Redeliver
        })
    }

    /// Sends a fresh copy of a message that was not tried, so that this delivery does not count as a failed
    /// one.
    async fn put_back(&self, message: &Message) -> Result<Acknowledgement, StorageError> {
        if message.receive_count > 1 {
            return Ok(Acknowledgement::Redeliver);
        }
        self.queue.queue.send(&message.body).await?;
        Ok(Acknowledgement::Delete)
    }

    async fn failed<E: ProcessError>(
        &self,
        message: &Message,
        error: &E,
    ) -> Result<Acknowledgement, StorageError> {
        let count = message.receive_count;
        tracing::warn!(
            error = %Chain(error),
            message_id = message.id,
            receive_count = count,
            "a message failed"
        );
        if error.is_permanent() || count >= self.queue.max_receive_count {
            let attributes = [
                ("reason", error.to_string()),
                ("code", error.code().to_owned()),
                ("receive_count", count.to_string()),
                ("source_message_id", message.id.clone()),
            ];
            self.queue.dead_letters.send_with(&message.body, &attributes).await?;
            metrics::write(&[Metric::count("DeadLetters", 1)]);
            return Ok(Acknowledgement::Delete);
        }
        self.queue.queue.retry_after(&message.receipt_handle, RETRY_PAUSE * count).await?;
        Ok(Acknowledgement::Redeliver)
    }
}
