//! How fast dedup-upload is on one core, and how much memory it takes, for a large object that is new, known or edited.

use aws_credential_types::provider::ProvideCredentials as _;
use clap::Args;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sluice_contracts::event::UploadEvent;
use sluice_lambda::Deployment;
use sluice_lambda::batch::Message;
use sluice_localstack::{Settings, Stack};
use sluice_tests::{Client, Deployed, bytes, text};
use std::sync::Arc;
use tokio::process::Command;

use crate::table::Table;
use crate::{Failure, command, own_process};

/// The system counts hundredths: less says nothing.
const MEASURABLE_SECONDS: f64 = 0.1;

/// What to measure.
#[derive(Debug, Args)]
pub struct WorkerOptions {
    /// Size of the object that dedup-upload verifies, in MiB
    #[arg(long, default_value_t = 1024, value_name = "MIB")]
    object_mib: usize,
}

/// Works off one message in a process of its own.
#[derive(Debug, Args)]
pub struct WorkOff {
    body: String,
}

/// What a process that has worked off a message says of itself.
#[derive(Debug, Serialize, Deserialize)]
struct Spent {
    processor_seconds: f64,
    peak_resident_kib: u64,
}

/// Works off the message and prints what it took.
pub async fn work_off(work: WorkOff) -> Result<(), Failure> {
    let deployment = Deployment::from_environment().await?;
    let app = Arc::new(dedup_upload::App::new(&deployment)?);
    let receipt_handle = String::new();
    let message = Message { id: "1".to_owned(), body: work.body, receive_count: 1, receipt_handle };
    let failed = dedup_upload::work_off(app, vec![message], Arc::new(|| false)).await;
    if !failed.is_empty() {
        return Err("the message could not be worked off".into());
    }
    let processor_seconds = own_process::own_processor_seconds().ok_or("no times in /proc/self/stat")?;
    let peak_resident_kib = own_process::own_peak_resident_kib().ok_or("no VmHWM in /proc/self/status")?;
    println!("{}", serde_json::to_string(&Spent { processor_seconds, peak_resident_kib })?);
    Ok(())
}

/// Has the worker verify each kind of object and prints a table.
pub async fn measure(options: &WorkerOptions) -> Result<(), Failure> {
    let size = options.object_mib << 20;
    let state = tempfile::tempdir()?;
    let mut settings = Settings::new(state.path()).parameter("WorkersEnabled", "false");
    settings.report = |step| eprintln!("· {step}");
    let stack = Stack::start(settings).await?;
    let deployed = Deployed::of(&stack);
    let user = Client::register(&deployed).await;

    let mut table =
        Table::new(&["object", "new bytes", "processor seconds", "GB/s on one core", "peak memory"]);
    let small = verify(&deployed, &user, "10 KiB", bytes(1, 10 << 10)).await?;
    row(&mut table, "10 KiB", 10 << 10, &small);
    let new = bytes(2, size);
    let edited = edit(&new);
    let mib = options.object_mib;
    for (name, content) in [("new", new.clone()), ("known already", new), ("one per cent edited", edited)] {
        let verified = verify(&deployed, &user, name, content).await?;
        row(&mut table, &format!("{mib} MiB, {name}"), size, &verified);
    }
    println!("### dedup-upload\n\n{table}");
    stack.shutdown().await;
    Ok(())
}

/// Every hundredth MiB is another, spread evenly.
fn edit(content: &[u8]) -> Vec<u8> {
    let mut edited = content.to_vec();
    let edits = content.len().div_ceil(100 << 20);
    let length = content.len() / 100 / edits;
    for number in 0..edits {
        let start = number * (content.len() / edits);
        edited[start..start + length].copy_from_slice(&bytes(100 + number as u64, length));
    }
    edited
}

fn row(table: &mut Table, name: &str, size: usize, (spent, version): &(Spent, Value)) {
    #[expect(clippy::cast_precision_loss, reason = "two digits are printed")]
    let rate = (spent.processor_seconds >= MEASURABLE_SECONDS)
        .then(|| format!("{:.2}", size as f64 / spent.processor_seconds / 1e9));
    table.row(&[
        name.to_owned(),
        version["new_bytes"].to_string(),
        format!("{:.2}", spent.processor_seconds),
        rate.unwrap_or_else(|| "–".to_owned()),
        format!("{} MiB", spent.peak_resident_kib.div_ceil(1024)),
    ]);
}

/// Uploads the content without its hash, so that it is not known before, and has it worked off.
async fn verify(
    deployed: &Deployed,
    user: &Client,
    name: &str,
    content: Vec<u8>,
) -> Result<(Spent, Value), Failure> {
    eprintln!("· dedup-upload, {name}");
    let plan = user.post("/uploads", &json!({ "path": name, "size": content.len() })).await.expect(201);
    let id = text(&plan["upload_id"]).to_owned();
    let completion = user.send_parts(&plan, &content).await;
    user.post(&format!("/uploads/{id}/complete"), &completion).await.expect(202);
    let account = user.get("/accounts/me").await.expect(200);
    let event = UploadEvent::UploadAnnounced {
        account_id: text(&account["account_id"]).parse()?,
        upload_id: id.parse()?,
    };
    let spent = in_own_process(deployed, &event.to_json()).await?;
    let upload = user.get(&format!("/uploads/{id}")).await.expect(200);
    if upload["state"] != "available" {
        return Err(format!("the upload is {}", upload["state"]).into());
    }
    Ok((spent, upload["version"].clone()))
}

async fn in_own_process(deployed: &Deployed, body: &str) -> Result<Spent, Failure> {
    let provider = deployed.sdk.credentials_provider().ok_or("the stack has no credentials")?;
    let credentials = provider.provide_credentials().await?;
    let region = deployed.sdk.region().ok_or("the stack has no region")?;
    let mut command = Command::new(std::env::current_exe()?);
    command
        .args(["work-off", body])
        .envs(&deployed.settings)
        .env("SLUICE_LOG", "error")
        .env("AWS_ENDPOINT_URL", &deployed.aws)
        .env("AWS_REGION", region.as_ref())
        .env("AWS_ACCESS_KEY_ID", credentials.access_key_id())
        .env("AWS_SECRET_ACCESS_KEY", credentials.secret_access_key());
    Ok(serde_json::from_str(&command::run(command).await?.output)?)
}
