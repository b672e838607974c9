//! migrate-pack: moves packs to another store or back to the vault, and signs a receipt for each.
//!
//! A rule without a waiting time applies as soon as packs are compressed. Other rules, and operators, send
//! `MigrationRequested`. [`sluice_packs::mover`] moves one pack completely: after a run that was killed or
//! ran out of time, the next one finds the packs that are left. A pack that fails does not keep the others
//! from being moved.

mod target;

use futures::FutureExt;
use futures::stream::{self, StreamExt};
use sluice_contracts::pack_event::{PackEvent, Subject};
use sluice_domain::blob::Pack;
use sluice_domain::id::AccountId;
use sluice_domain::migration::Rule;
use sluice_lambda::Deployment;
use sluice_lambda::batch::{Acknowledger, Message, OutOfTime, Processed, Redelivered};
use sluice_lambda::config::ConfigError;
use sluice_lambda::metrics::{self, Metric};
use sluice_packs::read::read_index;
use sluice_packs::subject::{self, Packs};
use sluice_packs::{Form, IN_TRANSIT_BYTES, Move, Moved, Mover, Pace, PackError, Signer};
use sluice_storage::{Chain, Queue};
use std::sync::Arc;
use target::Target;
use tokio::sync::Semaphore;

/// How many MiB of packs are held in memory at once, including copies in transit.
const MEMORY_MIB: u32 = 144;

#[derive(Debug)]
pub struct App {
    mover: Mover,
    rules: Vec<Rule>,
    packs_in_flight: usize,
    /// One permit a MiB.
    memory: Semaphore,
    queue: Queue,
    acknowledger: Acknowledger,
}

impl App {
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

/// Tells whether the time of the invocation is up.
type TimeCheck = dyn Fn() -> bool + Send + Sync;

/// Processes a batch. Returns the messages that are to be received again.
pub async fn process(app: Arc<App>, messages: Vec<Message>, out_of_time: OutOfTime) -> Redelivered {
    let mut failed = Vec::new();
    for message in messages {
        let processed = if out_of_time() {
            Processed::NotTried
        } else {
            match process_message(&app, &message, &*out_of_time).boxed().await {
                Ok(()) => Processed::Done,
                Err(error) => Processed::Failed(error),
            }
        };
        if app.acknowledger.acknowledge(&message, processed).await.is_redelivered() {
            failed.push(message.id);
        }
    }
    failed
}

async fn process_message(app: &App, message: &Message, out_of_time: &TimeCheck) -> Result<(), PackError> {
    let event = PackEvent::parse(&message.body)?;
    let (account_id, subject, requested) = match &event {
        PackEvent::PackWritten { account_id, of } | PackEvent::CompressionFinished { account_id, of } => {
            (*account_id, of, None)
        }
        PackEvent::MigrationRequested { account_id, of, to } => (*account_id, of, Some(&**to)),
    };
    let migration = Migration { app, account_id, attempt: &message.id, out_of_time };
    if migration.run(subject, requested).await? == MigrationProgress::OutOfTime {
        tracing::info!(account = %account_id, "out of time; another invocation continues");
        app.queue.send(&message.body).await?;
    }
    Ok(())
}

/// The migration that one message asks for.
struct Migration<'a> {
    app: &'a App,
    account_id: AccountId,
    attempt: &'a str,
    out_of_time: &'a TimeCheck,
}

/// How far the packs of a message were moved.
#[derive(Debug, PartialEq, Eq)]
enum MigrationProgress {
    Complete,
    OutOfTime,
}

impl Migration<'_> {
    /// Moves the packs to the `requested` store, or to those that the rules say.
    async fn run(&self, subject: &Subject, requested: Option<&str>) -> Result<MigrationProgress, PackError> {
        let mover = &self.app.mover;
        let packs = subject::find(&mover.tables, &mover.buckets, self.account_id, subject).await?;
        let target = Target::choose(requested, &self.app.rules, packs.blob.as_ref());
        if self.move_all(&packs, &target).await? == MigrationProgress::OutOfTime {
            return Ok(MigrationProgress::OutOfTime);
        }
        if let (Some(blob), Target::Store(store)) = (&packs.blob, target) {
            mover.release(blob, &packs).await?;
            mover.tables.mark_migrated(blob, store).await?;
        }
        Ok(MigrationProgress::Complete)
    }

    /// Moves all packs that are elsewhere. If some fail, the others are moved all the same, and the last
    /// error is returned.
    async fn move_all(&self, packs: &Packs, target: &Target<'_>) -> Result<MigrationProgress, PackError> {
        let mut progress = MigrationProgress::Complete;
        let mut failure = None;
        for batch in packs.batches() {
            let rows = subject::rows(&self.app.mover.tables, self.account_id, batch).await?;
            let orders = rows.into_iter().filter_map(|pack| {
                let store = target.store_for(pack.size).filter(|store| *store != pack.placement.store)?;
                Some((pack, store.to_owned()))
            });
            let mut moves = stream::iter(orders)
                .map(|(pack, store)| async move {
                    if (self.out_of_time)() {
                        return Ok(MigrationProgress::OutOfTime);
                    }
                    self.move_pack(&pack, &store).await.map(|()| MigrationProgress::Complete)
                })
                .buffer_unordered(self.app.packs_in_flight);
            while let Some(moved) = moves.next().await {
                match moved {
                    Ok(MigrationProgress::Complete) => {}
                    Ok(MigrationProgress::OutOfTime) => progress = MigrationProgress::OutOfTime,
                    Err(error) => {
                        tracing::warn!(error = %Chain(&error), "a pack could not be moved");
                        failure = Some(error);
                    }
                }
            }
        }
        failure.map_or(Ok(progress), Err)
    }

    async fn move_pack(&self, pack: &Pack, store: &str) -> Result<(), PackError> {
        let mover = &self.app.mover;
        let _memory = self.app.memory.acquire_many(memory_mib(pack.placement.length)).await;
        let index = read_index(&mover.buckets, pack).await?;
        let order = Move { pack, index: &index, store, form: Form::Unchanged, attempt: self.attempt };
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

/// How much memory a pack of `length_bytes` needs while it is moved. One that needs more than there is gets
/// all of it.
fn memory_mib(length_bytes: u64) -> u32 {
    let held_bytes = length_bytes + length_bytes.min(IN_TRANSIT_BYTES);
    let mebibytes = u32::try_from(held_bytes >> 20).unwrap_or(MEMORY_MIB) + 1;
    mebibytes.min(MEMORY_MIB)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_pack_asks_for_less_memory_than_it_takes_nor_for_more_than_there_is() {
        assert_eq!(memory_mib(0), 1);
        assert_eq!(memory_mib(u64::MAX / 2), MEMORY_MIB);
        for length_bytes in [1, 1 << 20, IN_TRANSIT_BYTES, IN_TRANSIT_BYTES + 1, 64 << 20] {
            let needed_bytes = length_bytes + length_bytes.min(IN_TRANSIT_BYTES);
            assert!(
                u64::from(memory_mib(length_bytes)) << 20 >= needed_bytes.min(u64::from(MEMORY_MIB) << 20)
            );
        }
    }
}
