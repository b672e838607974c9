//! `redrive`: sends messages that a worker gave up back to its queue.

use serde_json::json;
use sluice_deployment::{WorkerQueue, clock};
use sluice_storage::Received;
use std::time::Duration;

use crate::arguments::{RedriveArguments, WorkQueue};
use crate::error::Result;
use crate::output::Output;
use crate::settings::DeploymentAccess;

/// Long enough that one run does not receive a message twice.
const HIDDEN_FOR: Duration = Duration::from_mins(10);
/// SQS samples its servers for each answer. After this many empty answers, the queue is taken to be empty.
const EMPTY_ANSWERS: u32 = 3;

/// Sends each message back before deleting it, so that none is lost.
pub async fn run(arguments: &RedriveArguments, access: &DeploymentAccess, output: &Output) -> Result<()> {
    let WorkerQueue { queue, dead_letters, .. } = worker_queue(arguments.queue, access)?;
    let began = clock::now();
    let mut empty = 0;
    let mut redriven = 0_u64;
    let mut kept = Vec::new();
    while empty < EMPTY_ANSWERS {
        let messages = dead_letters.receive(HIDDEN_FOR).await?;
        empty = if messages.is_empty() { empty + 1 } else { 0 };
        for message in messages {
            // Skip messages that were sent back by this run and given up again.
            let chosen = message.sent_at < began && is_chosen(arguments, &message);
            if !chosen || arguments.dry_run {
                kept.push(message.receipt_handle.clone());
            }
            if !chosen {
                continue;
            }
            show(&message, output)?;
            if !arguments.dry_run {
                queue.send(&message.body).await?;
                dead_letters.delete(&message.receipt_handle).await?;
                redriven += 1;
            }
        }
    }
    for handle in &kept {
        dead_letters.retry_after(handle, Duration::ZERO).await?;
    }
    output.line(&format!("{redriven} sent back, {} left", kept.len()))
}

fn worker_queue(queue: WorkQueue, access: &DeploymentAccess) -> Result<WorkerQueue> {
    let deployment = &access.deployment;
    Ok(match queue {
        WorkQueue::Landing => deployment.landing_worker_queue()?,
        WorkQueue::Materialize => deployment.materialize_worker_queue()?,
        WorkQueue::Compress => deployment.compress_worker_queue()?,
        WorkQueue::Migrate => deployment.migrate_worker_queue()?,
    })
}

fn attribute<'a>(message: &'a Received, name: &str) -> Option<&'a str> {
    message.attributes.get(name).map(String::as_str)
}

fn is_chosen(arguments: &RedriveArguments, message: &Received) -> bool {
    let code = attribute(message, "code");
    arguments.code.is_empty() || arguments.code.iter().any(|chosen| Some(&**chosen) == code)
}

fn show(message: &Received, output: &Output) -> Result<()> {
    let code = attribute(message, "code");
    let reason = attribute(message, "reason");
    let shown = json!({ "sent_at": message.sent_at, "code": code, "reason": reason, "body": message.body });
    let code = code.unwrap_or("no code");
    let reason = reason.unwrap_or("the worker crashed each time");
    output.result(&shown, || format!("{} {code}: {reason}\n  {}", message.sent_at, message.body))
}
