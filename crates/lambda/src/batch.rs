//! Runs a worker as a Lambda function behind an SQS queue, with partial batch failures.

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent};
use futures::FutureExt;
use lambda_runtime::{Context, Error, LambdaEvent, service_fn};
use sluice_deployment::clock;
use sluice_domain::time::Timestamp;
use sluice_storage::trace;
use std::sync::Arc;
use std::time::Duration;
use tracing::Instrument as _;

use crate::StartError;
use crate::metrics::{self, Metric};

pub use crate::acknowledger::{Acknowledgement, Acknowledger, Batch};
pub use crate::message::{Message, OutOfTime, ProcessError, Processed, Redelivered};
pub use crate::panicked::{Panicked, catch_panic};

/// A worker stops taking on work this long before Lambda's deadline, so that it can write a checkpoint.
pub const DEADLINE_MARGIN: Duration = Duration::from_secs(20);

/// Processes batches with `work` until Lambda ends the process.
pub async fn serve<App, Work>(
    app: App,
    work: fn(Arc<App>, Vec<Message>, OutOfTime) -> Work,
) -> Result<(), StartError>
where
    App: Send + Sync + 'static,
    Work: Future<Output = Redelivered> + Send + 'static,
{
    let app = Arc::new(app);
    lambda_runtime::run(service_fn(move |event: LambdaEvent<SqsEvent>| {
        let deadline = Timestamp::from_unix_milliseconds(event.context.deadline);
        let out_of_time: OutOfTime = Arc::new(move || clock::now().after(DEADLINE_MARGIN) >= deadline);
        if let Some(age) = queue_age(&event.payload) {
            metrics::write(&[Metric::duration("QueueAge", age)]);
        }
        // Boxed: the compiler cannot handle a whole worker as one future.
        let work = work(app.clone(), messages(event.payload), out_of_time).boxed();
        let Context { request_id, xray_trace_id: trace_id, .. } = event.context;
        let span = tracing::info_span!("batch", request_id, trace_id);
        trace::scope(trace_id, async move { Ok::<_, Error>(response(work.await)) }.instrument(span))
    }))
    .await
}

/// How long the oldest message of a batch has waited on the queue.
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

fn response(failed: Redelivered) -> SqsBatchResponse {
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
