//! Runs functions in processes of their own. Each processes batches of messages one after the other, as on
//! Lambda.

use aws_credential_types::provider::ProvideCredentials as _;
use clap::{Args, ValueEnum};
use futures::future;
use serde::{Deserialize, Serialize};
use sluice_lambda::batch::{Message, OutOfTime, Redelivered};
use sluice_tests::Deployed;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::process::Command;
use tokio::time::Instant;

use crate::{Failure, command, own_process};

/// The batch size of the functions in `infra/template/`.
pub const BATCH_MESSAGES: usize = 10;

/// Processes batches from standard input and prints the resources it used.
#[derive(Debug, Args)]
pub struct Invocation {
    function: Function,
}

/// A function that processes messages.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Function {
    /// Verifies uploads and stores their chunks.
    DedupUpload,
    CompressPack,
    /// Moves packs to another store.
    MigratePack,
}

/// The resources that one or more processes used.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct ResourceUsage {
    /// The processor time of all processes.
    pub processor_seconds: f64,
    /// The peak memory of the largest process.
    pub peak_resident_kib: u64,
}

/// Processes the batches and prints the resources it used.
pub async fn run(invocation: Invocation) -> Result<(), Failure> {
    let batches: Vec<Vec<String>> = serde_json::from_reader(io::stdin().lock())?;
    let deployment = sluice_lambda::start().await?;
    match invocation.function {
        Function::DedupUpload => {
            process(dedup_upload::App::new(&deployment)?, batches, dedup_upload::process).await
        }
        Function::CompressPack => {
            process(compress_pack::App::new(&deployment)?, batches, compress_pack::process).await
        }
        Function::MigratePack => {
            process(migrate_pack::App::new(&deployment).await?, batches, migrate_pack::process).await
        }
    }?;
    let processor_seconds = own_process::own_processor_seconds().ok_or("no times in /proc/self/stat")?;
    let peak_resident_kib = own_process::own_peak_resident_kib().ok_or("no VmHWM in /proc/self/status")?;
    println!("{}", serde_json::to_string(&ResourceUsage { processor_seconds, peak_resident_kib })?);
    Ok(())
}

async fn process<App, Processing: Future<Output = Redelivered>>(
    app: App,
    batches: Vec<Vec<String>>,
    process_batch: fn(Arc<App>, Vec<Message>, OutOfTime) -> Processing,
) -> Result<(), Failure> {
    let app = Arc::new(app);
    for batch in batches {
        let failed = process_batch(app.clone(), messages(batch), Arc::new(|| false)).await;
        if !failed.is_empty() {
            return Err(format!("{} messages could not be processed", failed.len()).into());
        }
    }
    Ok(())
}

/// Messages with these bodies that are received for the first time.
pub fn messages(bodies: Vec<String>) -> Vec<Message> {
    let message = |(number, body): (usize, String)| {
        // The id must be unique, as that of every message.
        let id = format!("{number}-{}", sluice_domain::hash::Sha256::of(body.as_bytes()));
        Message { id, body, receive_count: 1, receipt_handle: String::new() }
    };
    bodies.into_iter().enumerate().map(message).collect()
}

/// Processes the messages in batches in one process.
pub async fn process_alone(
    deployed: &Deployed,
    function: Function,
    bodies: &[String],
) -> Result<ResourceUsage, Failure> {
    Ok(process_beside(deployed, function, bodies, 1).await?.1)
}

/// Processes the messages in several concurrent processes. Returns the time from before the first start to
/// the last end.
pub async fn process_beside(
    deployed: &Deployed,
    function: Function,
    bodies: &[String],
    processes: usize,
) -> Result<(Duration, ResourceUsage), Failure> {
    let begin = Instant::now();
    let mut running = Vec::new();
    let batch_messages = BATCH_MESSAGES.min(bodies.len().div_ceil(processes)).max(1);
    for number in 0..processes {
        // Like a queue, hand out batches in turn, so that every process gets some.
        let batches: Vec<_> = bodies.chunks(batch_messages).skip(number).step_by(processes).collect();
        let input = serde_json::to_string(&batches)?;
        let process = command_of(deployed, function).await?;
        running.push(async move { command::run_with_input(process, &input).await });
    }
    let mut spent = ResourceUsage { processor_seconds: 0.0, peak_resident_kib: 0 };
    for finished in future::join_all(running).await {
        let own: ResourceUsage = serde_json::from_str(&finished?.output)?;
        spent.processor_seconds += own.processor_seconds;
        spent.peak_resident_kib = spent.peak_resident_kib.max(own.peak_resident_kib);
    }
    Ok((begin.elapsed(), spent))
}

async fn command_of(deployed: &Deployed, function: Function) -> Result<Command, Failure> {
    let provider = deployed.sdk.credentials_provider().ok_or("the stack has no credentials")?;
    let credentials = provider.provide_credentials().await?;
    let region = deployed.sdk.region().ok_or("the stack has no region")?;
    let function = function.to_possible_value().ok_or("a function without a name")?;
    let mut command = Command::new(std::env::current_exe()?);
    command
        .args(["invoke", function.get_name()])
        .envs(&deployed.settings)
        .env("SLUICE_LOG_LEVEL", "error")
        .env("AWS_ENDPOINT_URL", &deployed.aws)
        .env("AWS_REGION", region.as_ref())
        .env("AWS_ACCESS_KEY_ID", credentials.access_key_id())
        .env("AWS_SECRET_ACCESS_KEY", credentials.secret_access_key());
    Ok(command)
}
