//! Waiting until everything is as small as it will be.

use aws_sdk_sqs::types::QueueAttributeName;
use sluice_lambda::{Deployment, clock};
use sluice_storage::tables::DUE_SHARDS;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep};

use crate::Failure;
use crate::site::Site;

const QUEUES: [&str; 2] = ["CompressQueueUrl", "MigrateQueueUrl"];
const COUNTS: [QueueAttributeName; 2] = [
    QueueAttributeName::ApproximateNumberOfMessages,
    QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
];
const LIMIT: Duration = Duration::from_mins(15);
/// A worker may be about to send when another has just ended.
const QUIET_LOOKS: u32 = 3;
/// Longer than any grace, and than any object that is being written is left alone.
const LATER: Duration = Duration::from_hours(48);

/// Waits until no worker has anything left to do.
pub async fn wait_until_compressed(site: &Site) -> Result<(), Failure> {
    let client = aws_sdk_sqs::Client::new(site.stack.sdk_config());
    let give_up = Instant::now() + LIMIT;
    let mut quiet_looks = 0;
    while quiet_looks < QUIET_LOOKS {
        if Instant::now() >= give_up {
            return Err(format!("packs are still being compressed after {LIMIT:?}").into());
        }
        sleep(Duration::from_secs(1)).await;
        quiet_looks = if messages(site, &client).await? == 0 { quiet_looks + 1 } else { 0 };
    }
    Ok(())
}

async fn messages(site: &Site, client: &aws_sdk_sqs::Client) -> Result<u64, Failure> {
    let mut messages = 0;
    for output in QUEUES {
        let url = site.stack.output(output).ok_or_else(|| format!("the stack has no {output}"))?;
        let request = client.get_queue_attributes().queue_url(url).set_attribute_names(Some(COUNTS.into()));
        for count in request.send().await?.attributes.unwrap_or_default().into_values() {
            messages += count.parse::<u64>()?;
        }
    }
    Ok(messages)
}

/// Deletes every object that nothing lies in any more, as if its grace were over.
pub async fn sweep(deployment: &Deployment) -> Result<(), Failure> {
    let (app, tables) = (Arc::new(sweep_objects::App::new(deployment)?), deployment.tables()?);
    let later = clock::now().after(LATER);
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
