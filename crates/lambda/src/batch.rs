//! Functions behind an SQS queue, with partial batch failures.

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use sluice_domain::time::Timestamp;
use std::sync::Arc;
use std::time::Duration;

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

/// Works off batches until Lambda ends the process.
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
        let work = work(app.clone(), messages(event.payload), out_of_time);
        async move { Ok::<_, Error>(response(work.await)) }
    }))
    .await
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
