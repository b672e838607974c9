//! Measures migrate-pack with files from Ceph to an OSS double, beside rclone.

mod files;
mod outcome;
mod rclone;
mod stores;
mod workload;

use clap::Args;

use crate::Failure;
use crate::table::Table;
use files::Files;
use outcome::{Outcome, Outcomes};
use rclone::Rclone;
use stores::{PLAIN_BUCKET, Stores, TARGET, remove_objects};
use workload::{Contender, Workload};

#[derive(Debug, Args)]
pub struct MigrateOptions {
    /// Number of small files to move; 0 to skip them
    #[arg(long, default_value_t = 10_000, value_name = "COUNT")]
    small_objects: u32,
    /// Size of each small file, in KiB
    #[arg(long, default_value_t = 10, value_name = "KIB")]
    small_object_kib: usize,
    /// Number of large files to move; 0 to skip them
    #[arg(long, default_value_t = 8, value_name = "COUNT")]
    large_objects: u32,
    /// Size of each large file, in MiB
    #[arg(long, default_value_t = 256, value_name = "MIB")]
    large_object_mib: usize,
    /// Number of times that each contender moves each of the two
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..))]
    migrations: u32,
    /// Number of concurrent invocations of migrate-pack
    #[arg(long, default_value_t = 2, value_name = "COUNT")]
    invocations: usize,
}

/// Times the contenders in turn and prints a table for each workload.
pub async fn measure(options: &MigrateOptions) -> Result<(), Failure> {
    let stores = Stores::start().await?;
    let rclone = Rclone::install(&stores).await?;
    println!("### Migration\n\nPeer: {}.\n", rclone.version().await?);
    let small = Workload { objects: options.small_objects, object_bytes: options.small_object_kib << 10 };
    let large = Workload { objects: options.large_objects, object_bytes: options.large_object_mib << 20 };
    for workload in [small, large].into_iter().filter(|workload| workload.objects > 0) {
        let files = Files::prepare(&stores, workload).await?;
        let table = compare(&stores, &rclone, workload, &files, options).await?;
        println!("**{}, in {} packs**\n\n{table}", workload.name(), files.pack_count());
        remove_objects(&stores.ceph, PLAIN_BUCKET, &workload.prefix()).await?;
    }
    stores.shutdown().await;
    Ok(())
}

async fn compare(
    stores: &Stores,
    rclone: &Rclone,
    workload: Workload,
    files: &Files,
    options: &MigrateOptions,
) -> Result<Table, Failure> {
    let contenders = Contender::all(workload, files.pack_count());
    let mut outcomes: Vec<_> = contenders.iter().map(|_| Outcomes::new()).collect();
    for round in 1..=options.migrations {
        for turn in 0..contenders.len() {
            // The order rotates, so that no contender always comes first.
            let index = (turn + round as usize) % contenders.len();
            let contender = contenders[index];
            let rounds = options.migrations;
            eprintln!("· {}, round {round} of {rounds}: {}", workload.name(), contender.name());
            let outcome = time(stores, rclone, workload, files, contender, options.invocations).await?;
            eprintln!("· {outcome:?}");
            outcomes[index].push(outcome);
        }
    }
    let mut table = Table::new(&[&[""][..], &Outcomes::COLUMNS].concat());
    for (contender, of_contender) in contenders.iter().zip(&outcomes) {
        let cells = of_contender.cells(workload, &outcomes[outcomes.len() - 1]);
        table.row(&[&[contender.name().to_owned()][..], &cells].concat());
    }
    Ok(table)
}

/// Times one contender that moves everything to a bucket of its own, and undoes the move.
async fn time(
    stores: &Stores,
    rclone: &Rclone,
    workload: Workload,
    files: &Files,
    contender: Contender,
    invocations: usize,
) -> Result<Outcome, Failure> {
    let bucket = TARGET;
    stores.create_target(bucket).await?;
    let requests_before = stores.double.all_requests();
    let outcome = if contender == Contender::Rclone {
        rclone.migrate(&workload.prefix(), bucket).await?
    } else {
        let outcome = files.migrate(&stores.deployed(bucket), contender, invocations).await?;
        files.check_moved(&stores.deployed(bucket)).await?;
        outcome
    };
    for (operation, count) in stores.double.all_requests() {
        let count = count - requests_before.get(&operation).copied().unwrap_or(0);
        if count > 0 {
            eprintln!("·   {count} {operation:?}");
        }
    }
    if contender != Contender::Rclone {
        files.move_back(&stores.deployed(bucket), invocations).await?;
    }
    let (_, stored_bytes) = stores.remove_target(bucket).await?;
    if contender == Contender::Rclone && stored_bytes != workload.size_bytes() {
        return Err(format!("rclone has stored {stored_bytes} bytes, not {}", workload.size_bytes()).into());
    }
    Ok(outcome)
}
