//! Parses the command line, and holds its help texts.

mod account;
mod import;
mod value;

use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum};
use sluice_storage::stores::Role;
use std::path::PathBuf;

use crate::account::AccountArguments;
use crate::output::Format;
pub use account::{AccountsArguments, AccountsCommand, NewPassword};
pub use import::{ImportArguments, Location};
pub use value::{bytes, role};

const EVERYWHERE: &str = "Options for every command";

const MORE: &str = "\
The command needs the settings of a deployment: the SLUICE_... variables of its functions. It reads them \
from `--settings FILE`, and from the environment what the file lacks. To write the file:
  aws lambda get-function-configuration --function-name sluice-migrate-pack \\
    --query Environment.Variables > settings.json
The AWS SDK finds region and credentials as usual (AWS_PROFILE, AWS_REGION and so on). Credentials of \
stores that SLUICE_STORES names as env:PREFIX are also read from the file and the environment.

Exit codes:
  0  done
  1  a check failed: an unsafe store, a receipt that is not genuine, a damaged pack
  2  the command line or the settings are invalid
  3  a local file cannot be read or written
  5  some objects could not be moved or copied; each was reported; run the command again to retry
  6  a store, a table or a queue does not answer; try again later
  9  a store, a table or a queue refused the request

Start with:
  sluice-admin --settings settings.json doctor --all
  sluice-admin --settings settings.json migrate --to oss --account ada --dry-run
  sluice-admin --settings settings.json verify --all --sample 1";

/// The operator's command for a Sluice deployment: manages accounts, checks stores, moves packs, imports
/// buckets, checks receipts.
#[derive(Debug, Parser)]
#[command(name = "sluice-admin", version, after_help = MORE, max_term_width = 110)]
pub struct Arguments {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Args)]
pub struct Global {
    /// The settings of the deployment's functions, as a JSON object
    #[arg(long, global = true, help_heading = EVERYWHERE, env = "SLUICE_SETTINGS", value_name = "FILE")]
    pub settings: Option<PathBuf>,
    /// Print one JSON document per line
    #[arg(long, global = true, help_heading = EVERYWHERE)]
    pub json: bool,
    /// Print nothing but errors, invitations and passwords
    #[arg(long, short, global = true, help_heading = EVERYWHERE, conflicts_with = "json")]
    pub quiet: bool,
}

impl Global {
    pub fn format(&self) -> Format {
        match (self.json, self.quiet) {
            (true, _) => Format::Json,
            (false, true) => Format::Quiet,
            (false, false) => Format::Human,
        }
    }
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Test what a store can do, and compare it with the configuration
    Doctor(DoctorArguments),
    /// Move the packs of blobs to another store, or back to the vault
    Migrate(MigrateArguments),
    /// List the receipts of moves and imports, and check their signatures
    Receipts(ReceiptsArguments),
    /// Read packs from their stores, and check every byte
    Verify(VerifyArguments),
    /// Copy a bucket of other objects into a store, with a signed receipt for each object
    Import(ImportArguments),
    /// Invite people, list accounts, change quotas and passwords, suspend
    Account(AccountsArguments),
    /// List the messages that a worker gave up, and send them to the worker again
    Redrive(RedriveArguments),
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("which").required(true), after_help = "\
The command writes a few small objects under sluice-doctor/ and deletes them again. It prints what each \
store can do, what the configuration expects, and what to change.

Examples:
  sluice-admin doctor --all
  sluice-admin doctor --store oss --bucket-role cold --json")]
pub struct DoctorArguments {
    /// Test the store with this name; `vault` stands for the deployment's own buckets
    #[arg(long, value_name = "NAME", group = "which")]
    pub store: Option<String>,
    /// Test all stores of `SLUICE_STORES`
    #[arg(long, group = "which")]
    pub all: bool,
    /// Test only the bucket with this role: landing, vault, cache or cold
    #[arg(long, value_name = "ROLE", value_parser = role)]
    pub bucket_role: Option<Role>,
}

#[expect(clippy::struct_excessive_bools, reason = "each is an independent switch")]
#[derive(Debug, Args)]
#[command(
    group = ArgGroup::new("where").required(true),
    group = ArgGroup::new("whose").required(true).args(["account", "account_id", "all"]),
    after_help = "\
The worker migrate-pack moves the packs, so it must not be paused; with --in-process, this command moves \
them itself. Running the command twice does no harm.

Without --prefix, the command selects all blobs of the account, including those of earlier versions; \
with --prefix, only the blobs of current files.

Examples:
  sluice-admin migrate --to oss --account ada --prefix photos/2019/ --dry-run
  sluice-admin migrate --to oss --all --rule --wait
  sluice-admin migrate --rollback --account ada --in-process"
)]
pub struct MigrateArguments {
    /// The store to move the packs to
    #[arg(long, value_name = "STORE", group = "where")]
    pub to: Option<String>,
    /// Move the packs back to the vault: the same as `--to vault`
    #[arg(long, group = "where")]
    pub rollback: bool,
    #[command(flatten)]
    pub account: AccountArguments,
    /// Select only blobs of files with paths that begin with this text
    #[arg(long, value_name = "PATH", conflicts_with = "all")]
    pub prefix: Option<String>,
    /// Select the blobs of all accounts
    #[arg(long)]
    pub all: bool,
    /// Select only blobs that a rule of `SLUICE_MIGRATION_RULES` sends to this store
    #[arg(long, conflicts_with = "rollback")]
    pub rule: bool,
    /// Select also blobs that are already marked as moved to the store
    #[arg(long)]
    pub again: bool,
    /// List the blobs that would be moved, and move nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Wait until all selected blobs were moved
    #[arg(long, conflicts_with_all = ["dry_run", "in_process"])]
    pub wait: bool,
    /// With `--wait`: give up after this many seconds in which nothing moved
    #[arg(long, value_name = "SECONDS", default_value_t = 900)]
    pub timeout_seconds: u64,
    /// Move the packs in this process instead of asking the worker
    #[arg(long, conflicts_with = "dry_run")]
    pub in_process: bool,
    /// With `--in-process`: how many blobs to move at once
    #[arg(long, value_name = "N", default_value_t = 4)]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=256))]
    pub jobs: u16,
}

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
    #[command(subcommand)]
    pub command: Option<ReceiptsCommand>,
    #[command(flatten)]
    pub account: AccountArguments,
    /// List the receipts of the import of this bucket
    #[arg(long, value_name = "STORE/BUCKET", conflicts_with_all = ["account", "account_id"])]
    pub import: Option<String>,
    /// Check the signatures with this public key, instead of the deployment's own
    #[arg(long, value_name = "PUBLIC_KEY_HEX", value_parser = value::public_key)]
    pub verify_with: Option<String>,
}

#[derive(Debug, Subcommand)]
pub enum ReceiptsCommand {
    /// Print the public key for checking the deployment's receipts
    #[command(after_help = "\
Examples:
  sluice-admin receipts key")]
    Key,
}

/// A queue, by the name of its worker's task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum WorkQueue {
    /// The queue of dedup-upload
    Landing,
    /// The queue of materialize-blob
    Materialize,
    /// The queue of compress-pack
    Compress,
    /// The queue of migrate-pack
    Migrate,
}

#[derive(Debug, Args)]
#[command(after_help = "\
`--settings` must be those of the queue's worker. Sending a message again is always safe: if its work is \
already done, nothing changes. docs/OPERATIONS.md explains each code and what to fix first.

Examples:
  sluice-admin redrive landing --dry-run
  sluice-admin redrive landing --code throttled --code unavailable")]
pub struct RedriveArguments {
    /// The queue from which the messages come
    #[arg(value_enum)]
    pub queue: WorkQueue,
    /// Select only messages that were given up with this code; may be given several times
    #[arg(long, value_name = "CODE")]
    pub code: Vec<String>,
    /// List the messages, and leave them where they are
    #[arg(long)]
    pub dry_run: bool,
}

#[derive(Debug, Args)]
#[command(
    group = ArgGroup::new("whose").required(true).args(["account", "account_id", "all"]),
    after_help = "\
The command checks every chunk of a pack, and compares the whole pack with its latest receipt.

Examples:
  sluice-admin verify --account ada
  sluice-admin verify --all --store oss --sample 1.5"
)]
pub struct VerifyArguments {
    #[command(flatten)]
    pub account: AccountArguments,
    /// Check the packs of all accounts
    #[arg(long)]
    pub all: bool,
    /// Check only a random sample of the packs, of this many percent
    #[arg(long, value_name = "PERCENT", default_value_t = 100.0, value_parser = value::percent)]
    pub sample: f64,
    /// Check only packs in this store
    #[arg(long, value_name = "NAME")]
    pub store: Option<String>,
    /// How many packs to read at once
    #[arg(long, value_name = "N", default_value_t = 8)]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=64))]
    pub jobs: u16,
    /// The most bytes per second to read; k, m and g stand for KiB, MiB and GiB
    #[arg(long, value_name = "BYTES_PER_SECOND", value_parser = bytes)]
    pub bandwidth: Option<u64>,
}

#[cfg(test)]
mod tests;
