//! Decides what happens to messages after a worker has tried them.

use futures::future::{self, BoxFuture};
use futures::stream::{self, StreamExt};
use futures::{FutureExt, TryFutureExt};
use sluice_deployment::WorkerQueue;
use sluice_domain::time::TimeCheck;
use sluice_storage::{Chain, StorageError};
use std::time::Duration;

use crate::heartbeat::Heartbeat;
use crate::message::{Message, ProcessError, Processed, Redelivered};
use crate::metrics::{self, Metric};
use crate::panicked::catch_panic;

/// How long a failed message waits before the next delivery, multiplied by its receive count.
const RETRY_PAUSE: Duration = Duration::from_secs(15);

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

    /// Begins a batch: keeps its messages hidden from other workers until the value is dropped.
    pub fn begin(&self, messages: &[Message]) -> Batch<'_> {
        Batch { acknowledger: self, heartbeat: Heartbeat::start(&self.queue, messages) }
    }

    /// Processes each message with `process`, up to `in_flight` at once, and acknowledges it.
    pub async fn process_each<'a, E: ProcessError + 'static>(
        &'a self,
        messages: &'a [Message],
        in_flight: usize,
        out_of_time: &'a TimeCheck,
        process: impl Fn(&'a Message) -> BoxFuture<'a, Result<(), E>>,
    ) -> Redelivered {
        let batch = &self.begin(messages);
        // Boxed and in a Vec: the compiler finds closures over borrowed messages not general enough in a
        // stream.
        let tries: Vec<BoxFuture<'_, Option<String>>> = messages
            .iter()
            .map(|message| batch.process_one(message, out_of_time, process(message)).boxed())
            .collect();
        stream::iter(tries).buffer_unordered(in_flight).filter_map(future::ready).collect().await
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

    async fn failed(
        &self,
        message: &Message,
        error: &dyn ProcessError,
        heartbeat: &Heartbeat,
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
        // Only now: a dead letter is deleted after the whole batch, and stays hidden until then.
        heartbeat.release(message).await;
        self.queue.queue.retry_after(&message.receipt_handle, RETRY_PAUSE * count).await?;
        Ok(Acknowledgement::Redeliver)
    }
}

/// The messages of one invocation, hidden from other workers.
pub struct Batch<'a> {
    acknowledger: &'a Acknowledger,
    heartbeat: Heartbeat,
}

impl Batch<'_> {
    /// Returns the message's id if it is to be received again.
    async fn process_one<E: ProcessError + 'static>(
        &self,
        message: &Message,
        out_of_time: &TimeCheck,
        work: BoxFuture<'_, Result<(), E>>,
    ) -> Option<String> {
        let processed = if out_of_time() {
            Processed::NotTried
        } else {
            let work = work.map_err(|error| Box::new(error) as Box<dyn ProcessError>);
            catch_panic(work).await.map_or_else(Processed::Failed, |()| Processed::Done)
        };
        self.acknowledge(message, processed).await.is_redelivered().then(|| message.id.clone())
    }

    /// A message that is done, was sent afresh or is a dead letter stays hidden: the queue deletes it after
    /// the whole batch.
    pub async fn acknowledge(&self, message: &Message, processed: Processed) -> Acknowledgement {
        let acknowledged = match processed {
            Processed::Done => return Acknowledgement::Delete,
            Processed::NotTried => self.acknowledger.put_back(message).await,
            Processed::Failed(error) => self.acknowledger.failed(message, &*error, &self.heartbeat).await,
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
}
