//! Functions behind an SQS queue, with partial batch failures.

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent};
use futures::FutureExt;
use lambda_runtime::{Context, Error, LambdaEvent, service_fn};
use sluice_domain::time::Timestamp;
use sluice_packs::PackError;
use sluice_storage::{Queue, StorageError, trace};
use std::sync::Arc;
use std::time::Duration;
use tracing::Instrument as _;

use crate::metrics::{self, Metric};
use crate::{StartError, clock};

/// How long before Lambda's deadline a worker stops taking on more: time for a checkpoint and for the writes in flight.
pub const DEADLINE_MARGIN: Duration = Duration::from_secs(20);

/// One message of a batch.
#[derive(Debug, Clone)]
pub struct Message {
    /// SQS's id of it.
    pub id: String,
    /// The body.
    pub body: String,
    /// How often it has been received, this time included.
    pub receive_count: u32,
    /// Names this receipt of it to SQS.
    pub receipt_handle: String,
}

/// Tells whether the time of this invocation is up.
pub type OutOfTime = Arc<dyn Fn() -> bool + Send + Sync>;

/// The ids of messages to be received again.
pub type Failed = Vec<String>;

/// How long a failed message rests before it is received again, times how often it has been.
const RETRY_PAUSE: Duration = Duration::from_secs(15);

/// Why a message could not be processed.
pub trait ProcessError: std::fmt::Display {
    /// Whether no retry will help.
    fn is_permanent(&self) -> bool;

    /// A stable word for it, in the dead-letter queue.
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

/// What came of a message.
#[derive(Debug)]
pub enum Processed<E> {
    /// It is done with.
    Done,
    /// There was no time for it.
    NotTried,
    /// It failed.
    Failed(E),
}

/// Where the messages of a batch go that are not done with.
#[derive(Debug)]
pub struct Acknowledger {
    /// The queue they come from.
    pub queue: Queue,
    /// Where those go that cannot be processed, with the reason.
    pub dead_letters: Queue,
    /// After how many receives that is, whatever the reason.
    pub max_receive_count: u32,
}

impl Acknowledger {
    /// Settles what becomes of a message. True if it is to be received again.
    pub async fn settle<E: ProcessError>(&self, message: &Message, worked: Processed<E>) -> bool {
        let settled = match worked {
            Processed::Done => return false,
            Processed::NotTried => self.put_back(message).await,
            Processed::Failed(error) => self.failed(message, &error).await,
        };
        settled.unwrap_or_else(|error| {
            tracing::error!(%error, message_id = message.id, "a message could not be settled");
            true
        })
    }

    /// A fresh copy of a message that has not been tried: it must not count as if it had.
    async fn put_back(&self, message: &Message) -> Result<bool, StorageError> {
        if message.receive_count > 1 {
            return Ok(true);
        }
        self.queue.send(&message.body).await.map(|()| false)
    }

    async fn failed<E: ProcessError>(&self, message: &Message, error: &E) -> Result<bool, StorageError> {
        let count = message.receive_count;
        tracing::warn!(%error, message_id = message.id, receive_count = count, "a message failed");
        if error.is_permanent() || count >= self.max_receive_count {
            let attributes = [
                ("reason", error.to_string()),
                ("code", error.code().to_owned()),
                ("receive_count", count.to_string()),
                ("source_message_id", message.id.clone()),
            ];
            self.dead_letters.send_with(&message.body, &attributes).await?;
            metrics::write(&[Metric::count("DeadLetters", 1)]);
            return Ok(false);
        }
        self.queue.retry_after(&message.receipt_handle, RETRY_PAUSE * count).await.map(|()| true)
    }
}

/// Processes batches until Lambda ends the process.
pub async fn serve<App, Work>(
    app: App,
    work: fn(Arc<App>, Vec<Message>, OutOfTime) -> Work,
) -> Result<(), StartError>
where
    App: Send + Sync + 'static,
    Work: Future<Output = Failed> + Send + 'static,
{
    let app = Arc::new(app);
    lambda_runtime::run(service_fn(move |event: LambdaEvent<SqsEvent>| {
        let deadline = Timestamp::from_unix_milliseconds(event.context.deadline);
        let out_of_time: OutOfTime = Arc::new(move || clock::now().after(DEADLINE_MARGIN) >= deadline);
        if let Some(age) = queue_age(&event.payload) {
            metrics::write(&[Metric::duration("QueueAge", age)]);
        }
        // Boxed: all of a worker in one future is deeper than the compiler lays out.
        let work = work(app.clone(), messages(event.payload), out_of_time).boxed();
        let Context { request_id, xray_trace_id: trace_id, .. } = event.context;
        let span = tracing::info_span!("batch", request_id, trace_id);
        trace::scope(trace_id, async move { Ok::<_, Error>(response(work.await)) }.instrument(span))
    }))
    .await
}

/// How long the oldest message of a batch has waited.
fn queue_age(event: &SqsEvent) -> Option<Duration> {
    let sent = event
        .records
        .iter()
        .filter_map(|record| record.attributes.get("SentTimestamp")?.parse().ok())
        .min()?;
    Some(Timestamp::from_unix_milliseconds(sent).until(clock::now()))
}

fn messages(event: SqsEvent) -> Vec<Message> {
    let messages = event.records.into_iter().map(|record| Message {
        id: record.message_id.unwrap_or_default(),
        body: record.body.unwrap_or_default(),
        receive_count: record
            .attributes
            .get("ApproximateReceiveCount")
            .and_then(|count| count.parse().ok())
            .unwrap_or(1),
        receipt_handle: record.receipt_handle.unwrap_or_default(),
    });
    messages.collect()
}

fn response(failed: Failed) -> SqsBatchResponse {
    let mut response = SqsBatchResponse::default();
    response.batch_item_failures = failed
        .into_iter()
        .map(|id| {
            let mut failure = BatchItemFailure::default();
            failure.item_identifier = id;
            failure
        })
        .collect();
    response
}
