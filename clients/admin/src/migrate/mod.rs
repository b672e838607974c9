//! `migrate`: the packs of blobs go to another store, or home.

mod blobs;
mod in_process;
mod wait;

use serde::Serialize;
use sluice_contracts::pack_event::{PackEvent, Subject};
use sluice_domain::blob::{Blob, VAULT};
use sluice_domain::hash::Sha256;
use sluice_domain::id::AccountId;
use sluice_storage::Queue;
use sluice_storage::stores::Role;

use crate::arguments::MigrateArguments;
use crate::error::{Error, Result};
use crate::output::{Output, size};
use crate::settings::{DeploymentAccess, StoreAccess};

/// A blob that is to be moved.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Order {
    account_id: AccountId,
    sha256: Sha256,
    size: u64,
}

#[derive(Default, Serialize)]
struct Tally<'a> {
    to: &'a str,
    blobs: u64,
    bytes: u64,
    done: &'static str,
}

impl Order {
    fn of(blob: &Blob) -> Self {
        Self { account_id: blob.account_id, sha256: blob.sha256, size: blob.size }
    }

    /// The event that asks for it.
    fn event(&self, to: &str) -> String {
        let (account_id, of, to) = (self.account_id, Subject::Blob(self.sha256), to.to_owned());
        PackEvent::MigrationRequested { account_id, of, to }.to_json()
    }
}

/// What happens to the blobs that are meant.
enum Mode {
    /// They are listed.
    DryRun,
    /// They are moved in this process.
    InProcess(in_process::InProcess),
    /// The worker is asked to move them.
    Ask(Queue),
}

impl Mode {
    async fn new(arguments: &MigrateArguments, access: &DeploymentAccess) -> Result<Self> {
        if arguments.dry_run {
            return Ok(Self::DryRun);
        }
        if arguments.in_process {
            return Ok(Self::InProcess(in_process::InProcess::new(access, arguments.jobs.into()).await?));
        }
        Ok(Self::Ask(access.deployment.migrate_queue()?))
    }

    /// What has become of the blobs then.
    fn done(&self) -> &'static str {
        match self {
            Self::DryRun => "would be moved",
            Self::InProcess(_) => "moved",
            Self::Ask(_) => "asked for",
        }
    }

    /// Does it, and gives how many could not be moved.
    async fn go(&self, orders: &[Order], to: &str, output: &Output) -> Result<u64> {
        match self {
            Self::DryRun => {
                for order in orders {
                    output.result(order, || order.text())?;
                }
            }
            Self::InProcess(worker) => return Ok(worker.process(orders, to, output).await),
            Self::Ask(queue) => {
                for order in orders {
                    queue.send(&order.event(to)).await?;
                }
            }
        }
        Ok(0)
    }
}

/// Lists the blobs that are meant, and moves them or has them moved.
pub async fn run(arguments: &MigrateArguments, access: &DeploymentAccess, output: &Output) -> Result<()> {
    let (to, tables) = (target(arguments, access)?, access.deployment.tables()?);
    let mode = Mode::new(arguments, access).await?;
    let mut pages = blobs::Pages::new(arguments, access, to).await?;
    let mut tally = Tally { to, done: mode.done(), ..Tally::default() };
    let (mut waiting, mut failed, bar) = (Vec::new(), 0, output.bar(mode.done()));
    while let Some(orders) = pages.next(&tables).await? {
        failed += mode.go(&orders, to, output).await?;
        for order in orders {
            tally.blobs += 1;
            tally.bytes += order.size;
            waiting.extend(arguments.wait.then_some(order));
        }
        bar.set_position(tally.bytes);
        bar.set_message(format!("{} contents", tally.blobs));
    }
    bar.finish_and_clear();
    output.result(&tally, || tally.text())?;
    if failed > 0 {
        return Err(Error::Left(format!("{failed} of {} blobs could not be moved", tally.blobs)));
    }
    wait::until_moved(waiting, to, arguments.timeout_seconds, &tables, output).await
}

/// The name of the store to which they go.
fn target<'a>(arguments: &'a MigrateArguments, access: &DeploymentAccess) -> Result<&'a str> {
    let to = arguments.to.as_deref().unwrap_or(VAULT);
    match access.store(to)? {
        StoreAccess::Store(store) if store.bucket(Role::Cold).is_none() => {
            Err(Error::Usage(format!("the store {to} has no cold bucket")))
        }
        StoreAccess::Own(_) | StoreAccess::Store(_) => Ok(to),
    }
}

impl Order {
    fn text(&self) -> String {
        format!("{} {} {}", self.account_id, self.sha256, size(self.size))
    }
}

impl Tally<'_> {
    fn text(&self) -> String {
        format!("{} blobs of {} {} to {}", self.blobs, size(self.bytes), self.done, self.to)
    }
}
