//! Moving files from Ceph to an OSS double by migrate-pack, beside rclone.

mod content;
mod outcome;
mod rclone;
mod stores;

use clap::Args;

use crate::Failure;
use crate::table::Table;
use content::Files;
use outcome::{Outcome, Outcomes};
use rclone::Rclone;
use stores::{PLAIN_BUCKET, Stores, TARGET, remove_objects};

/// What to measure.
#[derive(Debug, Args)]
pub struct MigrateOptions {
    /// How many small files are moved; 0 to leave them out
    #[arg(long, default_value_t = 10_000, value_name = "COUNT")]
    small_objects: u32,
    /// Size of each small file that is moved, in KiB
    #[arg(long, default_value_t = 10, value_name = "KIB")]
    small_object_kib: usize,
    /// How many large files are moved; 0 to leave them out
    #[arg(long, default_value_t = 8, value_name = "COUNT")]
    large_objects: u32,
    /// Size of each large file that is moved, in MiB
    #[arg(long, default_value_t = 256, value_name = "MIB")]
    large_object_mib: usize,
    /// How often each contender moves each of the two
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..))]
    migrations: u32,
    /// How many invocations of migrate-pack work side by side
    #[arg(long, default_value_t = 2, value_name = "COUNT")]
    invocations: usize,
}

/// Files of one size.
#[derive(Debug, Clone, Copy)]
pub struct Workload {
    objects: u32,
    object_bytes: usize,
}

/// Who moves them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contender {
    /// migrate-pack, with a message for each content.
    Blobs,
    /// migrate-pack, with messages that name packs.
    Packs,
    /// `rclone copy`, then `rclone check`.
    Rclone,
}

impl Contender {
    /// Naming packs makes no difference where each content has its own. rclone comes last.
    fn all(workload: Workload, files: &Files) -> Vec<Self> {
        if files.pack_count() < workload.objects as usize {
            vec![Self::Blobs, Self::Packs, Self::Rclone]
        } else {
            vec![Self::Blobs, Self::Rclone]
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Blobs => "migrate-pack, a message for each content",
            Self::Packs => "migrate-pack, messages that name 100 packs",
            Self::Rclone => "`rclone copy`, then `rclone check`",
        }
    }
}

impl Workload {
    fn name(self) -> String {
        let size = if self.object_bytes < 1 << 20 {
            format!("{} KiB", self.object_bytes >> 10)
        } else {
            format!("{} MiB", self.object_bytes >> 20)
        };
        format!("{} files of {size}", self.objects)
    }

    fn size_bytes(self) -> u64 {
        u64::from(self.objects) * self.object_bytes as u64
    }

    fn prefix(self) -> String {
        format!("{}/", self.object_bytes)
    }

    fn key(self, number: u32) -> String {
        format!("{}{number:06}", self.prefix())
    }
}

/// Times the contenders in turn, and prints a table for each workload.
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
    let contenders = Contender::all(workload, files);
    let mut outcomes: Vec<_> = contenders.iter().map(|_| Outcomes::new()).collect();
    for round in 1..=options.migrations {
        for turn in 0..contenders.len() {
            // Nobody always comes first.
            let place = (turn + round as usize) % contenders.len();
            let (contender, rounds) = (contenders[place], options.migrations);
            eprintln!("· {}, round {round} of {rounds}: {}", workload.name(), contender.name());
            let outcome = time(stores, rclone, workload, files, contender, options.invocations).await?;
            eprintln!("· {outcome:?}");
            outcomes[place].push(outcome);
        }
    }
    let mut table = Table::new(&[&[""][..], &Outcomes::COLUMNS].concat());
    for (contender, of_contender) in contenders.iter().zip(&outcomes) {
        let cells = of_contender.cells(workload, &outcomes[outcomes.len() - 1]);
        table.row(&[&[contender.name().to_owned()][..], &cells].concat());
    }
    Ok(table)
}

/// Lets one contender move everything to a bucket of its own, and undoes it.
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
        files.bring_home(&stores.deployed(bucket), invocations).await?;
    }
    let (_, held_bytes) = stores.remove_target(bucket).await?;
    if contender == Contender::Rclone && held_bytes != workload.size_bytes() {
        return Err(format!("rclone has left {held_bytes} bytes, not {}", workload.size_bytes()).into());
    }
    Ok(outcome)
}
