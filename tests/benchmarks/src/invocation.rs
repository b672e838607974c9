//! Functions in processes of their own, each of which processes batches of messages one after the other, as Lambda has it.

use aws_credential_types::provider::ProvideCredentials as _;
use clap::{Args, ValueEnum};
use futures::future;
use serde::{Deserialize, Serialize};
use sluice_lambda::Deployment;
use sluice_lambda::batch::{Failed, Message, OutOfTime};
use sluice_tests::Deployed;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::process::Command;
use tokio::time::Instant;

use crate::{Failure, command, own_process};

/// How many messages a function gets at once, as `infra/template/` has it.
pub const BATCH_MESSAGES: usize = 10;

/// Processes batches, which are read from standard input, and prints what it took.
#[derive(Debug, Args)]
pub struct Invocation {
    function: Function,
}

/// A function that processes messages.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Function {
    /// Verifies uploads and stores their chunks.
    DedupUpload,
    /// Compresses packs.
    CompressPack,
    /// Moves packs to another store.
    MigratePack,
}

/// What processes that have processed messages say of themselves.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Spent {
    /// The time of all processors for all processes.
    pub processor_seconds: f64,
    /// That of the process that has had most.
    pub peak_resident_kib: u64,
}

/// Processes the batches and prints what it took.
pub async fn run(invocation: Invocation) -> Result<(), Failure> {
    let batches: Vec<Vec<String>> = serde_json::from_reader(io::stdin().lock())?;
    let deployment = Deployment::from_environment().await?;
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
    println!("{}", serde_json::to_string(&Spent { processor_seconds, peak_resident_kib })?);
    Ok(())
}

async fn process<App, Work: Future<Output = Failed>>(
    app: App,
    batches: Vec<Vec<String>>,
    work: fn(Arc<App>, Vec<Message>, OutOfTime) -> Work,
) -> Result<(), Failure> {
    let app = Arc::new(app);
    for batch in batches {
        let failed = work(app.clone(), messages(batch), Arc::new(|| false)).await;
        if !failed.is_empty() {
            return Err(format!("{} messages could not be processed", failed.len()).into());
        }
    }
    Ok(())
}

/// Messages of these bodies, received for the first time.
pub fn messages(bodies: Vec<String>) -> Vec<Message> {
    let message = |(number, body): (usize, String)| {
        // As every message that is sent, it has a name that no other has.
        let id = format!("{number}-{}", sluice_domain::hash::Sha256::of(body.as_bytes()));
        Message { id, body, receive_count: 1, receipt_handle: String::new() }
    };
    bodies.into_iter().enumerate().map(message).collect()
}

/// Has one process process the messages, which come in batches.
pub async fn process_alone(
    deployed: &Deployed,
    function: Function,
    bodies: &[String],
) -> Result<Spent, Failure> {
    Ok(process_beside(deployed, function, bodies, 1).await?.1)
}

/// Has several processes process the messages side by side, and gives the time from before the first was started to the
/// end of the last.
pub async fn process_beside(
    deployed: &Deployed,
    function: Function,
    bodies: &[String],
    processes: usize,
) -> Result<(Duration, Spent), Failure> {
    let begin = Instant::now();
    let mut running = Vec::new();
    let batch_messages = BATCH_MESSAGES.min(bodies.len().div_ceil(processes)).max(1);
    for number in 0..processes {
        // A queue hands out batches in turn, and leaves nobody without.
        let batches: Vec<_> = bodies.chunks(batch_messages).skip(number).step_by(processes).collect();
        let input = serde_json::to_string(&batches)?;
        let process = command_of(deployed, function).await?;
        running.push(async move { command::run_with_input(process, &input).await });
    }
    let mut spent = Spent { processor_seconds: 0.0, peak_resident_kib: 0 };
    for finished in future::join_all(running).await {
        let own: Spent = serde_json::from_str(&finished?.output)?;
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
