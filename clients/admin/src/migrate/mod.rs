//! `migrate`: the packs of contents go to another store, or home.

mod contents;
mod here;
mod wait;

use serde::Serialize;
use sluice_contracts::pack_event::{PackEvent, Subject};
use sluice_domain::content::{Content, VAULT};
use sluice_domain::hash::Sha256;
use sluice_domain::id::AccountId;
use sluice_storage::Queue;
use sluice_storage::stores::Role;

use crate::arguments::MigrateArguments;
use crate::error::{Error, Result};
use crate::output::{Output, size};
use crate::settings::{Place, Site};

/// A content that is to be moved.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Order {
    account_id: AccountId,
    sha256: Sha256,
    size: u64,
}

#[derive(Default, Serialize)]
struct Tally<'a> {
    to: &'a str,
    contents: u64,
    bytes: u64,
    done: &'static str,
}

impl Order {
    fn of(content: &Content) -> Self {
        Self { account_id: content.account_id, sha256: content.sha256, size: content.size }
    }

    /// The event that asks for it.
    fn event(&self, to: &str) -> String {
        let (account_id, of, to) = (self.account_id, Subject::Content(self.sha256), to.to_owned());
        PackEvent::MigrationRequested { account_id, of, to }.to_json()
    }
}

/// What happens to the contents that are meant.
enum Way {
    /// They are listed.
    DryRun,
    /// They are moved in this process.
    Here(here::Here),
    /// The worker is asked to move them.
    Ask(Queue),
}

impl Way {
    async fn new(arguments: &MigrateArguments, site: &Site) -> Result<Self> {
        if arguments.dry_run {
            return Ok(Self::DryRun);
        }
        if arguments.here {
            return Ok(Self::Here(here::Here::new(site, arguments.jobs.into()).await?));
        }
        Ok(Self::Ask(site.deployment.migrate_queue()?))
    }

    /// What has become of the contents then.
    fn done(&self) -> &'static str {
        match self {
            Self::DryRun => "would be moved",
            Self::Here(_) => "moved",
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
            Self::Here(here) => return Ok(here.work_off(orders, to, output).await),
            Self::Ask(queue) => {
                for order in orders {
                    queue.send(&order.event(to)).await?;
                }
            }
        }
        Ok(0)
    }
}

/// Lists the contents that are meant, and moves them or has them moved.
pub async fn run(arguments: &MigrateArguments, site: &Site, output: &Output) -> Result<()> {
    let (to, tables) = (target(arguments, site)?, site.deployment.tables()?);
    let way = Way::new(arguments, site).await?;
    let mut pages = contents::Pages::new(arguments, site, to).await?;
    let mut tally = Tally { to, done: way.done(), ..Tally::default() };
    let (mut waiting, mut failed, bar) = (Vec::new(), 0, output.bar(way.done()));
    while let Some(orders) = pages.next(&tables).await? {
        failed += way.go(&orders, to, output).await?;
        for order in orders {
            tally.contents += 1;
            tally.bytes += order.size;
            waiting.extend(arguments.wait.then_some(order));
        }
        bar.set_position(tally.bytes);
        bar.set_message(format!("{} contents", tally.contents));
    }
    bar.finish_and_clear();
    output.result(&tally, || tally.text())?;
    if failed > 0 {
        return Err(Error::Left(format!("{failed} of {} contents could not be moved", tally.contents)));
    }
    wait::until_moved(waiting, to, arguments.patience, &tables, output).await
}

/// The name of the store to which they go.
fn target<'a>(arguments: &'a MigrateArguments, site: &Site) -> Result<&'a str> {
    let to = arguments.to.as_deref().unwrap_or(VAULT);
    match site.place(to)? {
        Place::Store(store) if store.bucket(Role::Cold).is_none() => {
            Err(Error::Usage(format!("the store {to} has no cold bucket")))
        }
        Place::Own(_) | Place::Store(_) => Ok(to),
    }
}

impl Order {
    fn text(&self) -> String {
        format!("{} {} {}", self.account_id, self.sha256, size(self.size))
    }
}

impl Tally<'_> {
    fn text(&self) -> String {
        format!("{} contents of {} {} to {}", self.contents, size(self.bytes), self.done, self.to)
    }
}
