//! Measures what a small change to a large file costs on the wire, beside rsync.

mod edit;
mod relay;
mod request;
mod rsync;

use clap::Args;
use serde::Deserialize;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::bench_stack::BenchStack;
use crate::debian::Program;
use crate::figure::{grouped, times};
use crate::table::Table;
use crate::{Failure, builds, command, put};
use edit::Edit;
use relay::{Relay, Target};
use rsync::Rsync;

const RSYNC: Program = Program { name: "rsync", package: "rsync", version_argument: "--version" };

#[derive(Debug, Args)]
pub struct DeltaOptions {
    /// Size of the file that is edited, in MiB
    #[arg(long, default_value_t = 256, value_name = "MIB", value_parser = clap::value_parser!(u64).range(1..))]
    edited_mib: u64,
}

const COSTS: [&str; 6] = [
    "edit",
    "Sluice, bytes",
    "rsync, bytes",
    "bytes, rsync = 1",
    "time until stored, rsync = 1",
    "time until available, rsync = 1",
];
const REPORTS: [&str; 6] =
    ["edit", "API, counted", "`api_bytes`", "bucket, counted", "`bytes_sent`", "`requests`"];

/// The traffic of sending the second version of a file with Sluice, counted both ways.
struct Put {
    elapsed: Duration,
    api_bytes: u64,
    bucket_bytes: u64,
    report: Report,
}

impl Put {
    fn size_bytes(&self) -> u64 {
        self.api_bytes + self.bucket_bytes
    }
}

/// The report of `sluice put` about a file.
#[derive(Deserialize)]
struct Report {
    outcome: String,
    bytes_sent: u64,
    api_bytes: u64,
    requests: u64,
}

struct Files {
    base: PathBuf,
    edited: PathBuf,
    size_bytes: u64,
}

impl Files {
    /// Makes both versions from new random bytes.
    fn make(&self, edit: Edit) -> Result<(), Failure> {
        put::data::write_random(&self.base, self.size_bytes)?;
        Ok(edit.apply(&self.base, &self.edited)?)
    }
}

/// An edit, sent by Sluice and by rsync.
struct Comparison {
    edit: Edit,
    /// With `--no-wait`: until the bytes are stored.
    stored: Put,
    /// Until the version is available.
    available: Put,
    rsync: rsync::Sent,
}

/// Edits a file in several ways and prints what each edit sends.
pub async fn measure(options: &DeltaOptions, builds: &builds::BuildOptions) -> Result<(), Failure> {
    let version = RSYNC.version().await?;
    let bench = BenchStack::start(builds).await?;
    let folder = bench.folder.path().join("delta");
    fs::create_dir(&folder)?;
    let rsync = Rsync::start(&folder).await?;
    let size_bytes = options.edited_mib << 20;
    let files = Files { base: folder.join("base"), edited: folder.join("edited"), size_bytes };

    let mut costs = Table::new(&COSTS);
    let mut reports = Table::new(&REPORTS);
    for edit in Edit::ALL {
        eprintln!("· {} MiB, {}", options.edited_mib, edit.name());
        let comparison = compare(&bench, &rsync, &files, edit).await?;
        costs.row(&comparison.costs());
        reports.row(&comparison.reports());
    }
    bench.shutdown().await;
    println!("### Edits of a file of {} MiB\n\nPeer: {version}.\n\n{costs}", options.edited_mib);
    println!("What `sluice put --json` reports, beside what was counted:\n\n{reports}");
    Ok(())
}

/// Sends the same edit with both.
async fn compare(
    bench: &BenchStack,
    rsync: &Rsync,
    files: &Files,
    edit: Edit,
) -> Result<Comparison, Failure> {
    files.make(edit)?;
    let stored = put_both(bench, files, &format!("{edit:?}-stored"), Until::Stored).await?;
    files.make(edit)?;
    let available = put_both(bench, files, &format!("{edit:?}-available"), Until::Available).await?;
    rsync.send(&files.base).await?;
    let rsync = rsync.send(&files.edited).await?;
    Ok(Comparison { edit, stored, available, rsync })
}

impl Comparison {
    fn costs(&self) -> [String; COSTS.len()] {
        let time = |put: &Put| {
            let ratio = put.elapsed.as_secs_f64() / self.rsync.elapsed.as_secs_f64();
            format!("{ratio:.1}")
        };
        let sluice_bytes = self.available.size_bytes();
        let rsync_bytes = self.rsync.size_bytes;
        [
            self.edit.name().to_owned(),
            grouped(sluice_bytes),
            grouped(rsync_bytes),
            times(sluice_bytes, rsync_bytes),
            time(&self.stored),
            time(&self.available),
        ]
    }

    fn reports(&self) -> [String; REPORTS.len()] {
        let Put { api_bytes, bucket_bytes, report, .. } = &self.available;
        [
            self.edit.name().to_owned(),
            grouped(*api_bytes),
            grouped(report.api_bytes),
            grouped(*bucket_bytes),
            grouped(report.bytes_sent),
            grouped(report.requests),
        ]
    }
}

/// What a command waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Until {
    Stored,
    Available,
}

/// Puts both versions to one path, the second after the first is available, and counts the second.
async fn put_both(bench: &BenchStack, files: &Files, remote: &str, until: Until) -> Result<Put, Failure> {
    let put = |local: &Path| {
        let mut command = bench.sluice(&["put", "--json", "--to", remote]);
        command.arg(local);
        command
    };
    command::run(put(&files.base)).await?;
    bench.wait_until_idle().await?;
    let relay = Relay::start(Target::AsRequested).await?;
    let mut edited = put(&files.edited);
    edited
        .env("http_proxy", format!("http://{}", relay.address()))
        .args((until == Until::Stored).then_some("--no-wait"));
    let finished = command::run(edited).await?;
    let mut traffic = relay.finish().await?;
    bench.wait_until_idle().await?;
    let report: Report = serde_json::from_str(&finished.output)?;
    if report.outcome == "instant" {
        return Err("the edited file was known already".into());
    }
    let api = bench.stack.api_url().trim_start_matches("http://");
    let api_bytes = traffic.remove(api).ok_or("sluice did not use the relay")?;
    Ok(Put { elapsed: finished.elapsed, api_bytes, bucket_bytes: traffic.values().sum(), report })
}
