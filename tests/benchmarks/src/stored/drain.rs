//! Waits until all packs are compressed, and deletes retired objects.

use aws_sdk_sqs::types::QueueAttributeName;
use sluice_deployment::{Deployment, clock};
use sluice_storage::tables::DUE_SHARDS;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep};

use crate::Failure;
use crate::bench_stack::BenchStack;

const QUEUES: [&str; 2] = ["CompressQueueUrl", "MigrateQueueUrl"];
const COUNTS: [QueueAttributeName; 2] = [
    QueueAttributeName::ApproximateNumberOfMessages,
    QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
];
const COMPRESSION_TIMEOUT: Duration = Duration::from_mins(15);
/// Consecutive empty polls. A worker may be about to send a message when another has just finished.
const EMPTY_POLLS: u32 = 3;
/// Longer than any grace period, and longer than the sweeper spares objects that are being written.
const LONG_AFTER: Duration = Duration::from_hours(48);

/// Waits until the workers have no messages left.
pub async fn wait_until_compressed(bench: &BenchStack) -> Result<(), Failure> {
    let client = aws_sdk_sqs::Client::new(bench.stack.sdk_config());
    let deadline = Instant::now() + COMPRESSION_TIMEOUT;
    let mut empty_polls = 0;
    while empty_polls < EMPTY_POLLS {
        if Instant::now() >= deadline {
            return Err(format!("packs are still being compressed after {COMPRESSION_TIMEOUT:?}").into());
        }
        sleep(Duration::from_secs(1)).await;
        empty_polls = if messages(bench, &client).await? == 0 { empty_polls + 1 } else { 0 };
    }
    Ok(())
}

async fn messages(bench: &BenchStack, client: &aws_sdk_sqs::Client) -> Result<u64, Failure> {
    let mut messages = 0;
    for output in QUEUES {
        let url = bench.stack.output(output).ok_or_else(|| format!("the stack has no {output}"))?;
        let request = client.get_queue_attributes().queue_url(url).set_attribute_names(Some(COUNTS.into()));
        for count in request.send().await?.attributes.unwrap_or_default().into_values() {
            messages += count.parse::<u64>()?;
        }
    }
    Ok(messages)
}

/// Deletes every retired object, as if its grace period were over.
pub async fn sweep(deployment: &Deployment) -> Result<(), Failure> {
    let app = Arc::new(sweep_objects::App::new(deployment)?);
    let tables = deployment.tables()?;
    let later = clock::now().after(LONG_AFTER);
    loop {
        sweep_objects::sweep(app.clone(), later).await?;
        let mut is_done = true;
        for shard in 0..DUE_SHARDS {
            is_done &= tables.due_objects(shard, later, 1).await?.is_empty();
        }
        if is_done {
            return Ok(());
        }
    }
}
