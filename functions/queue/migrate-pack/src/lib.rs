//! migrate-pack: moves packs to another store, or home, and signs a receipt for each.
//!
//! A rule that waits for nothing takes packs as soon as they are settled; any other rule, and an operator, ask for it by
//! `MigrationRequested`. Moving is [`sluice_packs::mover`], of which each move is complete by itself: a run that is killed,
//! or out of time, is followed by one that finds what is left to do. A pack that fails does not keep the others.

use futures::FutureExt;
use futures::stream::{self, StreamExt};
use sluice_contracts::pack_event::{PackEvent, Subject};
use sluice_domain::blob::Pack;
use sluice_domain::id::AccountId;
use sluice_domain::migration::Rule;
use sluice_lambda::Deployment;
use sluice_lambda::batch::{Acknowledger, Failed, Message, OutOfTime, Processed};
use sluice_lambda::config::ConfigError;
use sluice_lambda::metrics::{self, Metric};
use sluice_packs::read::read_index;
use sluice_packs::subject::{self, Packs};
use sluice_packs::{Form, IN_TRANSIT_BYTES, Move, Moved, Mover, Pace, PackError, Signer};
use sluice_storage::Queue;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// How many MiB of packs are held in memory at once, with what of them is in transit.
const MEMORY_MIB: u32 = 144;

/// What the function works with.
#[derive(Debug)]
pub struct App {
    mover: Mover,
    rules: Vec<Rule>,
    packs_in_flight: usize,
    memory: Semaphore,
    queue: Queue,
    acknowledger: Acknowledger,
}

impl App {
    /// The app of a deployment.
    pub async fn new(deployment: &Deployment) -> Result<Self, ConfigError> {
        let seed = deployment.receipt_seed().await?;
        Ok(Self {
            mover: Mover {
                signer: seed.as_ref().map(Signer::new),
                pace: Pace::new(deployment.migration_bytes_per_second()?),
                ..deployment.mover()?
            },
            rules: deployment.migration_rules()?,
            packs_in_flight: deployment.migration_packs_in_flight()?,
            memory: Semaphore::new(MEMORY_MIB as usize),
            queue: deployment.migrate_queue()?,
            acknowledger: deployment.migrate_acknowledger()?,
        })
    }
}

/// Whether the time of the invocation is up.
type TimeCheck = dyn Fn() -> bool + Send + Sync;

/// Processes a batch, and gives the messages that are to be received again.
pub async fn process(app: Arc<App>, messages: Vec<Message>, out_of_time: OutOfTime) -> Failed {
    let mut failed = Vec::new();
    for message in messages {
        let worked = match process_one(&app, &message, &*out_of_time).boxed().await {
            Ok(true) => Processed::Done,
            Ok(false) => Processed::NotTried,
            Err(error) => Processed::Failed(error),
        };
        if app.acknowledger.acknowledge(&message, worked).await.receives_again() {
            failed.push(message.id);
        }
    }
    failed
}

/// Processes one message; false if there was no time for it.
async fn process_one(app: &App, message: &Message, out_of_time: &TimeCheck) -> Result<bool, PackError> {
    if out_of_time() {
        return Ok(false);
    }
    let event = PackEvent::parse(&message.body)?;
    let (account_id, of, to) = match &event {
        PackEvent::PackWritten { account_id, of } | PackEvent::CompressionFinished { account_id, of } => {
            (*account_id, of, None)
        }
        PackEvent::MigrationRequested { account_id, of, to } => (*account_id, of, Some(&**to)),
    };
    let work = Work { app, account_id, attempt: &message.id, out_of_time };
    if !work.migrate(of, to).await? {
        tracing::info!(account = %account_id, "out of time; another invocation goes on");
        app.queue.send(&message.body).await?;
    }
    Ok(true)
}

/// One message that is being processed.
struct Work<'a> {
    app: &'a App,
    account_id: AccountId,
    attempt: &'a str,
    out_of_time: &'a TimeCheck,
}

impl Work<'_> {
    /// Moves what is not where it shall be, `to` a store or by the rules; false if time ran out.
    async fn migrate(&self, of: &Subject, to: Option<&str>) -> Result<bool, PackError> {
        let mover = &self.app.mover;
        let packs = subject::find(&mover.tables, &mover.buckets, self.account_id, of).await?;
        let immediate =
            |size| self.app.rules.iter().find(|rule| rule.is_immediate() && rule.allows_size(size));
        // The packs of one blob go together.
        let of_blob = packs.blob.as_ref().and_then(|blob| immediate(blob.size));
        let is_blob = packs.blob.is_some();
        let to = to.or(of_blob.map(|rule| &*rule.to));
        let target = |pack: &Pack| match to {
            Some(to) => Some(to.to_owned()),
            None if is_blob => None,
            None => immediate(pack.size).map(|rule| rule.to.clone()),
        };
        if !self.move_all(&packs, target).await? {
            return Ok(false);
        }
        if let (Some(blob), Some(to)) = (&packs.blob, to) {
            mover.release(blob, &packs).await?;
            mover.tables.mark_migrated(blob, to).await?;
        }
        Ok(true)
    }

    async fn move_all(
        &self,
        packs: &Packs,
        target: impl Fn(&Pack) -> Option<String>,
    ) -> Result<bool, PackError> {
        let (mut in_time, mut failure) = (true, None);
        for batch in packs.batches() {
            let rows = subject::rows(&self.app.mover.tables, self.account_id, batch).await?;
            let orders = rows.into_iter().filter_map(|pack| {
                let store = target(&pack).filter(|store| *store != pack.placement.store)?;
                Some((pack, store))
            });
            let mut moves = stream::iter(orders)
                .map(|(pack, store)| async move {
                    if (self.out_of_time)() {
                        return Ok(false);
                    }
                    self.move_pack(&pack, &store).await.map(|()| true)
                })
                .buffer_unordered(self.app.packs_in_flight);
            while let Some(moved) = moves.next().await {
                match moved {
                    Ok(done) => in_time &= done,
                    Err(error) => {
                        tracing::warn!(%error, "a pack could not be moved");
                        failure = Some(error);
                    }
                }
            }
        }
        failure.map_or(Ok(in_time), Err)
    }

    async fn move_pack(&self, pack: &Pack, store: &str) -> Result<(), PackError> {
        let mover = &self.app.mover;
        let length = pack.placement.length;
        let held_bytes = length + length.min(IN_TRANSIT_BYTES);
        let mebibytes = u32::try_from(held_bytes >> 20).unwrap_or(MEMORY_MIB) + 1;
        let _memory = self.app.memory.acquire_many(mebibytes.min(MEMORY_MIB)).await;
        let index = read_index(&mover.buckets, pack).await?;
        let (form, attempt) = (Form::Unchanged, self.attempt);
        let order = Move { pack, index: &index, store, form, attempt };
        if let Moved::Done { stored_bytes } = mover.move_pack(order).boxed().await? {
            let from = &*pack.placement.store;
            tracing::info!(
                pack = %pack.pack_id, account = %self.account_id, from, to = store, stored_bytes, "migrated"
            );
            metrics::write(&[
                Metric::count("PacksMigrated", 1),
                Metric::bytes("MigratedBytes", stored_bytes),
            ]);
        }
        Ok(())
    }
}
