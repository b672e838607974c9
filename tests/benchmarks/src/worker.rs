//! Measures speed and memory of dedup-upload on one core, for a large object that is new, known or edited.

use clap::Args;
use serde_json::json;
use sluice_contracts::event::UploadEvent;
use sluice_contracts::files::VersionView;
use sluice_localstack::{Settings, Stack};
use sluice_tests::{Client, Deployed, available, bytes};

use crate::Failure;
use crate::invocation::{Function, ResourceUsage, process_alone};
use crate::table::Table;

/// The system counts hundredths of a second, so shorter times are meaningless.
const MEASURABLE_SECONDS: f64 = 0.1;

#[derive(Debug, Args)]
pub struct WorkerOptions {
    /// Size of the object that dedup-upload verifies, in MiB
    #[arg(long, default_value_t = 1024, value_name = "MIB")]
    object_mib: usize,
}

/// Runs the worker on each kind of object and prints a table.
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

/// Changes one per cent of the bytes, spread evenly.
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

fn row(table: &mut Table, name: &str, size: usize, (spent, version): &(ResourceUsage, VersionView)) {
    #[expect(clippy::cast_precision_loss, reason = "two digits are printed")]
    let rate = (spent.processor_seconds >= MEASURABLE_SECONDS)
        .then(|| format!("{:.2}", size as f64 / spent.processor_seconds / 1e9));
    table.row(&[
        name.to_owned(),
        version.new_bytes.to_string(),
        format!("{:.2}", spent.processor_seconds),
        rate.unwrap_or_else(|| "–".to_owned()),
        format!("{} MiB", spent.peak_resident_kib.div_ceil(1024)),
    ]);
}

/// Uploads bytes without their hash, so that the upload is not instant, and runs the worker.
async fn verify(
    deployed: &Deployed,
    user: &Client,
    name: &str,
    content: Vec<u8>,
) -> Result<(ResourceUsage, VersionView), Failure> {
    eprintln!("· dedup-upload, {name}");
    let plan = user.post("/uploads", &json!({ "path": name, "size": content.len() })).await.plan();
    let completion = user.send_parts(&plan, &content).await;
    user.complete(plan.upload_id, &completion).await.expect(202);
    let account_id = user.account().await.account_id;
    let event = UploadEvent::UploadReceived { account_id, upload_id: plan.upload_id };
    let spent = process_alone(deployed, Function::DedupUpload, &[event.to_json()]).await?;
    Ok((spent, available(user.show_upload(plan.upload_id).await)))
}
