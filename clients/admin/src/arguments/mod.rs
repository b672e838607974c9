//! The command line.

mod import;
mod value;

use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum};
use sluice_storage::stores::Role;
use std::path::PathBuf;

use crate::account::AccountArguments;
use crate::output::Format;
pub use import::{ImportArguments, Location};
pub use value::{bytes, role};

const EVERYWHERE: &str = "Options of every command";

const MORE: &str = "\
Which deployment is meant says `--settings FILE`, or the environment variables SLUICE_... that its functions have. The file is
  aws lambda get-function-configuration --function-name sluice-migrate-pack \\
    --query Environment.Variables > settings.json
Region and credentials are those of the AWS SDK (AWS_PROFILE, AWS_REGION and so on). Secrets that SLUICE_STORES refers to as
env:PREFIX are looked for in the file and in the environment.

Exit codes:
  0  done
  1  what was checked is wrong: an unsafe store, a receipt that is not genuine, a damaged pack
  2  the command line or the settings make no sense
  3  reading or writing here failed
  5  done, but some objects could not be moved; each was reported, and the same command goes on with them
  6  a store, a table or a queue does not answer; worth repeating
  9  a store, a table or a queue refused

Begin with:
  sluice-admin --settings settings.json doctor --all
  sluice-admin --settings settings.json migrate --to oss --account ada --dry-run
  sluice-admin --settings settings.json verify --all --sample 1";

/// What the operator of a Sluice deployment does: check stores, move packs, import buckets, check receipts.
#[derive(Debug, Parser)]
#[command(name = "sluice-admin", version, after_help = MORE, max_term_width = 110)]
pub struct Arguments {
    /// What every command takes.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What every command takes.
#[derive(Debug, Args)]
pub struct Global {
    /// The settings of the deployment's functions, as a JSON object
    #[arg(long, global = true, help_heading = EVERYWHERE, env = "SLUICE_SETTINGS", value_name = "FILE")]
    pub settings: Option<PathBuf>,
    /// Print one JSON document a line
    #[arg(long, global = true, help_heading = EVERYWHERE)]
    pub json: bool,
    /// Print nothing but errors
    #[arg(long, short, global = true, help_heading = EVERYWHERE, conflicts_with = "json")]
    pub quiet: bool,
}

impl Global {
    /// How results are printed.
    pub fn format(&self) -> Format {
        match (self.json, self.quiet) {
            (true, _) => Format::Json,
            (false, true) => Format::Quiet,
            (false, false) => Format::Human,
        }
    }
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Find out what a store can do, and compare it with what is configured
    Doctor(DoctorArguments),
    /// Move the packs of blobs to another store, or home
    Migrate(MigrateArguments),
    /// List the receipts of moves, and check their signatures
    Receipts(ReceiptsArguments),
    /// Read packs where they lie, and check every byte
    Verify(VerifyArguments),
    /// Bring a whole bucket of other objects into a store, and prove it
    Import(ImportArguments),
    /// List the messages that a worker gave up, and have it try them again
    Redrive(RedriveArguments),
}

/// What `doctor` takes.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("which").required(true), after_help = "\
It writes some small objects under sluice-doctor/ and deletes them again.

Examples:
  sluice-admin doctor --all
  sluice-admin doctor --store oss --bucket-role cold --json")]
pub struct DoctorArguments {
    /// The store with this name; `vault` stands for the deployment's own buckets
    #[arg(long, value_name = "NAME", group = "which")]
    pub store: Option<String>,
    /// All stores of `SLUICE_STORES`
    #[arg(long, group = "which")]
    pub all: bool,
    /// Only the bucket that the store has for this: landing, vault, cache or cold
    #[arg(long, value_name = "ROLE", value_parser = role)]
    pub bucket_role: Option<Role>,
}

/// What `migrate` takes.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
#[derive(Debug, Args)]
#[command(
    group = ArgGroup::new("where").required(true),
    group = ArgGroup::new("whose").required(true).args(["account", "account_id", "all"]),
    after_help = "\
Without --in-process the worker migrate-pack does it, which must not be paused. Asking twice does no harm.

Examples:
  sluice-admin migrate --to oss --account ada --prefix photos/2019/ --dry-run
  sluice-admin migrate --to oss --all --rule --wait
  sluice-admin migrate --rollback --account ada --in-process"
)]
pub struct MigrateArguments {
    /// The store to which they go
    #[arg(long, value_name = "STORE", group = "where")]
    pub to: Option<String>,
    /// Bring them home: the same as `--to vault`
    #[arg(long, group = "where")]
    pub rollback: bool,
    /// Whose blobs.
    #[command(flatten)]
    pub account: AccountArguments,
    /// Only blobs of files whose paths begin with this
    #[arg(long, value_name = "PATH", conflicts_with = "all")]
    pub prefix: Option<String>,
    /// The blobs of all accounts
    #[arg(long)]
    pub all: bool,
    /// Only blobs that a rule of `SLUICE_MIGRATION_RULES` sends to this store
    #[arg(long, conflicts_with = "rollback")]
    pub rule: bool,
    /// Also blobs that are marked as moved there
    #[arg(long)]
    pub again: bool,
    /// List what would be moved, and move nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Wait until all are there
    #[arg(long, conflicts_with_all = ["dry_run", "in_process"])]
    pub wait: bool,
    /// How many seconds to wait without anything moving
    #[arg(long, value_name = "SECONDS", default_value_t = 900)]
    pub timeout_seconds: u64,
    /// Move them in this process rather than asking the worker to
    #[arg(long, conflicts_with = "dry_run")]
    pub in_process: bool,
    /// With `--in-process`: how many blobs to move at once
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub jobs: u16,
}

/// What `receipts` takes.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
Examples:
  sluice-admin receipts key
  sluice-admin receipts --account ada
  sluice-admin receipts --import ceph/photos --verify-with 3b6a27bc... --json"
)]
pub struct ReceiptsArguments {
    /// What else to do.
    #[command(subcommand)]
    pub command: Option<ReceiptsCommand>,
    /// Whose receipts; without any, all.
    #[command(flatten)]
    pub account: AccountArguments,
    /// Those of the import of this bucket
    #[arg(long, value_name = "STORE/BUCKET", conflicts_with_all = ["account", "account_id"])]
    pub import: Option<String>,
    /// Check them with this public key, rather than the deployment's own
    #[arg(long, value_name = "PUBLIC_KEY_HEX", value_parser = value::public_key)]
    pub verify_with: Option<String>,
}

/// What else to do with receipts.
#[derive(Debug, Subcommand)]
pub enum ReceiptsCommand {
    /// Print the public key that checks the deployment's receipts
    Key,
}

/// A queue with a worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum WorkQueue {
    /// Of dedup-upload
    Landing,
    /// Of materialize-blob
    Materialize,
    /// Of compress-pack
    Compress,
    /// Of migrate-pack
    Migrate,
}

/// What `redrive` takes.
#[derive(Debug, Args)]
#[command(after_help = "\
The settings are those of the queue's worker. Trying again is always safe: a message whose work is done changes nothing.
docs/OPERATIONS.md says what each code means and what to mend first.

Examples:
  sluice-admin redrive landing --dry-run
  sluice-admin redrive landing --code throttled --code unavailable")]
pub struct RedriveArguments {
    /// Whose messages
    #[arg(value_enum)]
    pub queue: WorkQueue,
    /// Only messages that were given up for this; may be repeated
    #[arg(long, value_name = "CODE")]
    pub code: Vec<String>,
    /// List them and leave them where they are
    #[arg(long)]
    pub dry_run: bool,
}

/// What `verify` takes.
#[derive(Debug, Args)]
#[command(
    group = ArgGroup::new("whose").required(true).args(["account", "account_id", "all"]),
    after_help = "\
Examples:
  sluice-admin verify --account ada
  sluice-admin verify --all --store oss --sample 1.5"
)]
pub struct VerifyArguments {
    /// Whose packs.
    #[command(flatten)]
    pub account: AccountArguments,
    /// The packs of all accounts
    #[arg(long)]
    pub all: bool,
    /// Only so many hundredths of the packs, drawn anew each time
    #[arg(long, value_name = "PERCENT", default_value_t = 100.0, value_parser = value::percent)]
    pub sample: f64,
    /// Only packs that lie in this store
    #[arg(long, value_name = "NAME")]
    pub store: Option<String>,
    /// How many packs to read at once
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub jobs: u16,
    /// At most so many bytes a second; k, m and g stand for KiB, MiB and GiB
    #[arg(long, value_name = "BYTES_PER_SECOND", value_parser = bytes)]
    pub bandwidth: Option<u64>,
}

#[cfg(test)]
mod tests;
