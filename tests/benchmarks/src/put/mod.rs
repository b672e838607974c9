//! Measures `sluice put` beside commands that copy files to a bucket, without accounts, hashes or versions.

mod contender;
pub mod data;

use clap::Args;
use std::time::Duration;
use tokio::process::Command;

use crate::bench_stack::BenchStack;
use crate::samples::{Samples, ratio};
use crate::table::Table;
use crate::{Failure, builds, command};
use contender::{Contender, Peers};
use data::Workload;

#[derive(Debug, Args)]
pub struct PutOptions {
    /// Size of the large file, in MiB
    #[arg(long, default_value_t = 256, value_name = "MIB")]
    large_mib: u64,
    /// Number of small files
    #[arg(long, default_value_t = 2000, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(2..))]
    small_files: u32,
    /// Size of each small file, in KiB
    #[arg(long, default_value_t = 10, value_name = "KIB")]
    small_kib: u64,
    /// Number of times that each contender uploads each of the two
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
}

/// Times the contenders in turn and prints a table for each workload.
pub async fn measure(options: &PutOptions, builds: &builds::BuildOptions) -> Result<(), Failure> {
    let bench = BenchStack::start(builds).await?;
    let peers = Peers::install(&bench).await?;
    let versions = versions(&peers).await?;
    // Starts the functions and fills caches.
    let warm_up = Workload { file_count: 20, file_size_bytes: 10 << 10 };
    for contender in Contender::ALL {
        time(contender, &bench, &peers, warm_up, "warm-up").await?;
    }
    println!("### Uploads\n\nPeers: {versions}.\n");
    let large = Workload { file_count: 1, file_size_bytes: options.large_mib << 20 };
    let small = Workload { file_count: options.small_files, file_size_bytes: options.small_kib << 10 };
    for workload in [large, small] {
        let table = compare(&bench, &peers, workload, options.rounds).await?;
        println!("#### {}\n\n{table}", workload.name());
    }
    bench.shutdown().await;
    Ok(())
}

async fn compare(
    bench: &BenchStack,
    peers: &Peers,
    workload: Workload,
    rounds: u32,
) -> Result<Table, Failure> {
    let mut samples = Contender::ALL.map(|_| Samples::new());
    for round in 1..=rounds {
        for turn in 0..Contender::ALL.len() {
            // The order rotates, so that no contender always comes first.
            let index = (turn + round as usize) % Contender::ALL.len();
            let contender = Contender::ALL[index];
            eprintln!("· {}, round {round} of {rounds}: {}", workload.name(), contender.name());
            let run = format!("{}-{round}", if workload.is_folder() { "small" } else { "large" });
            samples[index].push(time(contender, bench, peers, workload, &run).await?);
        }
    }
    let [stored, ..] = &samples;
    let mut table = Table::new(&["", "seconds", rate_unit(workload), "time, `sluice put --no-wait` = 1"]);
    for (contender, samples_of) in Contender::ALL.iter().zip(&samples) {
        let rate = format!("{:.0}", rate(workload, samples_of.median()));
        let relative = format!("{:.2}", ratio(samples_of, stored));
        table.row(&[contender.name(), &samples_of.seconds(), &rate, &relative]);
    }
    Ok(table)
}

/// Times one contender that uploads new files.
async fn time(
    contender: Contender,
    bench: &BenchStack,
    peers: &Peers,
    workload: Workload,
    run: &str,
) -> Result<Duration, Failure> {
    let folder = tempfile::tempdir_in(bench.folder.path())?;
    let local = workload.make(folder.path())?;
    // This contender must not wait for earlier writes to reach the disk.
    command::run(Command::new("sync")).await?;
    let run = format!("{run}-{contender:?}");
    let upload = contender::upload(contender, bench, peers, workload, &local, &run);
    let elapsed = command::run(upload).await?.elapsed;
    if contender.is_sluice() {
        bench.wait_until_idle().await?;
    } else {
        peers.check(workload, &run).await?;
    }
    Ok(elapsed)
}

async fn versions(peers: &Peers) -> Result<String, Failure> {
    let aws = command::run(peers.aws(&["--version"])).await?.output;
    let s5cmd = command::run(peers.s5cmd(&["version"])).await?.output;
    let aws = aws.split(' ').next().unwrap_or_default().replace('/', " ");
    Ok(format!("{aws}, s5cmd {}", s5cmd.trim()))
}

fn rate_unit(workload: Workload) -> &'static str {
    if workload.is_folder() { "files/s" } else { "MiB/s" }
}

#[expect(clippy::cast_precision_loss, reason = "whole numbers are printed")]
fn rate(workload: Workload, elapsed: Duration) -> f64 {
    let amount =
        if workload.is_folder() { u64::from(workload.file_count) } else { workload.size_bytes() >> 20 };
    amount as f64 / elapsed.as_secs_f64()
}
