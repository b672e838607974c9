//! `migrate`: moves the packs of blobs to another store, or back to the vault.

mod blob_to_move;
mod in_process;
mod selection;
mod wait;

use serde::Serialize;
use sluice_domain::blob::VAULT;
use sluice_storage::Queue;
use sluice_storage::stores::Role;

use crate::arguments::MigrateArguments;
use crate::error::{Error, Result};
use crate::output::{Output, size};
use crate::settings::{DeploymentAccess, StoreAccess};
use blob_to_move::BlobToMove;
use in_process::InProcess;
use selection::Selection;
use wait::Waiting;

#[derive(Default, Serialize)]
struct Tally<'a> {
    to: &'a str,
    blobs: u64,
    bytes: u64,
    done: &'static str,
}

/// What to do with the selected blobs.
enum Mode {
    DryRun,
    InProcess(Box<InProcess>),
    /// Asks the worker to move them.
    Enqueue(Queue),
}

impl Mode {
    async fn new(arguments: &MigrateArguments, access: &DeploymentAccess) -> Result<Self> {
        if arguments.dry_run {
            return Ok(Self::DryRun);
        }
        if arguments.in_process {
            return Ok(Self::InProcess(Box::new(InProcess::new(access, arguments.jobs.into()).await?)));
        }
        Ok(Self::Enqueue(access.deployment.migrate_queue()?))
    }

    /// A verb for the summary.
    fn done(&self) -> &'static str {
        match self {
            Self::DryRun => "would be moved",
            Self::InProcess(_) => "moved",
            Self::Enqueue(_) => "asked for",
        }
    }

    /// Processes these blobs and returns how many could not be moved.
    async fn process(&self, blobs: &[BlobToMove], to: &str, output: &Output) -> Result<u64> {
        match self {
            Self::DryRun => {
                for blob in blobs {
                    output.result(blob, || blob.text())?;
                }
            }
            Self::InProcess(worker) => return Ok(worker.process(blobs, to, output).await),
            Self::Enqueue(queue) => {
                for blob in blobs {
                    queue.send(&blob.event(to)).await?;
                }
            }
        }
        Ok(0)
    }
}

/// Moves the selected blobs, asks the worker to move them, or lists them.
pub async fn run(arguments: &MigrateArguments, access: &DeploymentAccess, output: &Output) -> Result<()> {
    let to = target(arguments, access)?;
    let tables = access.deployment.tables()?;
    let mode = Mode::new(arguments, access).await?;
    let mut selection = Selection::new(arguments, access, to).await?;
    let mut tally = Tally { to, done: mode.done(), ..Tally::default() };
    let bar = output.bar(mode.done());
    let mut waiting = Vec::new();
    let mut failed = 0;
    while let Some(page) = selection.next_page(&tables).await? {
        failed += mode.process(&page, to, output).await?;
        for blob in page {
            tally.blobs += 1;
            tally.bytes += blob.size;
            waiting.extend(arguments.wait.then_some(blob));
        }
        bar.set_position(tally.bytes);
        bar.set_message(format!("{} blobs", tally.blobs));
    }
    bar.finish_and_clear();
    output.result(&tally, || tally.text())?;
    if failed > 0 {
        return Err(Error::Left(format!("{failed} of {} blobs could not be moved", tally.blobs)));
    }
    let waiting = Waiting { blobs: waiting, to, timeout_seconds: arguments.timeout_seconds };
    waiting.until_moved(&tables, output).await
}

/// The name of the target store. Fails if the store cannot hold packs.
fn target<'a>(arguments: &'a MigrateArguments, access: &DeploymentAccess) -> Result<&'a str> {
    let to = arguments.to.as_deref().unwrap_or(VAULT);
    match access.store(to)? {
        StoreAccess::Store(store) if store.bucket(Role::Cold).is_none() => {
            Err(Error::Usage(format!("the store {to} has no cold bucket")))
        }
        StoreAccess::Own(_) | StoreAccess::Store(_) => Ok(to),
    }
}

impl Tally<'_> {
    fn text(&self) -> String {
        format!("{} blobs of {} {} to {}", self.blobs, size(self.bytes), self.done, self.to)
    }
}
