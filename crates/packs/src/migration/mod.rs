//! Moves the packs of an event to another store or back to the vault.
//!
//! The worker migrate-pack and the operator's command run the same [`Migrator`]. [`Mover`] moves one pack
//! completely: after a run that was killed or ran out of time, the next one finds the packs that are left. A
//! pack that fails does not keep the others from being moved.

mod target;

use futures::FutureExt;
use futures::stream::{self, StreamExt};
use sluice_contracts::pack_event::Subject;
use sluice_domain::blob::Pack;
use sluice_domain::id::AccountId;
use sluice_domain::migration::Rule;
use sluice_domain::time::TimeCheck;
use sluice_storage::Chain;
use tokio::sync::Semaphore;

use crate::encode::{Form, IN_TRANSIT_BYTES};
use crate::error::PackError;
use crate::mover::{Move, Moved, Mover};
use crate::read::read_index;
use crate::subject::{self, Packs};
use target::Target;

/// How many MiB of packs are held in memory at once, including copies in transit.
const MEMORY_MIB: u32 = 144;

/// Moves packs, several at once in bounded memory.
#[derive(Debug)]
pub struct Migrator {
    mover: Mover,
    rules: Vec<Rule>,
    options: MigratorOptions,
    /// One permit a MiB.
    memory: Semaphore,
}

#[derive(Debug, Clone, Copy)]
pub struct MigrationOrder<'a> {
    pub account_id: AccountId,
    pub of: &'a Subject,
    /// The store to move to; none to follow the rules.
    pub to: Option<&'a str>,
    /// Names this attempt. A repetition after a kill has the same name, any other attempt has another.
    pub attempt: &'a str,
}

/// How far the packs of an order were moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    Complete,
    OutOfTime,
}

/// Limits of a migrator, and what it does beside moving.
#[derive(Debug)]
pub struct MigratorOptions {
    /// How many packs of an order are moved at once.
    pub packs_in_flight: usize,
    /// Called with the stored bytes of each pack that was moved.
    pub on_moved: fn(u64),
}

impl Migrator {
    /// `rules` say where packs go that are ordered to no store.
    pub fn new(mover: Mover, rules: Vec<Rule>, options: MigratorOptions) -> Self {
        Self { mover, rules, options, memory: Semaphore::new(MEMORY_MIB as usize) }
    }

    /// Moves the packs that are elsewhere.
    pub async fn run(
        &self,
        order: MigrationOrder<'_>,
        out_of_time: &TimeCheck,
    ) -> Result<Progress, PackError> {
        let mover = &self.mover;
        let packs = subject::find(&mover.tables, &mover.buckets, order.account_id, order.of).await?;
        let target = Target::choose(order.to, &self.rules, packs.blob.as_ref());
        if self.move_all(order, &packs, &target, out_of_time).await? == Progress::OutOfTime {
            return Ok(Progress::OutOfTime);
        }
        if let (Some(blob), Target::Store(store)) = (&packs.blob, target) {
            mover.release(blob, &packs).await?;
            mover.tables.mark_migrated(blob, store).await?;
        }
        Ok(Progress::Complete)
    }

    /// Moves all packs that are elsewhere. If some fail, the others are moved all the same, and the last
    /// error is returned. The first is moved without a look at the clock, so that every run gets on.
    async fn move_all(
        &self,
        order: MigrationOrder<'_>,
        packs: &Packs,
        target: &Target<'_>,
        out_of_time: &TimeCheck,
    ) -> Result<Progress, PackError> {
        let mut progress = Progress::Complete;
        let mut failure = None;
        let mut begun = false;
        for batch in packs.batches() {
            let rows = subject::rows(&self.mover.tables, order.account_id, batch).await?;
            let placed = rows.into_iter().filter_map(|pack| {
                let store = target.store_for(pack.size).filter(|store| *store != pack.placement.store)?;
                Some((pack, store.to_owned()))
            });
            let mut moves = stream::iter(placed)
                .map(|(pack, store)| {
                    let may_stop = std::mem::replace(&mut begun, true);
                    async move {
                        if may_stop && out_of_time() {
                            return Ok(Progress::OutOfTime);
                        }
                        self.move_pack(&pack, &store, order.attempt).await.map(|()| Progress::Complete)
                    }
                })
                .buffer_unordered(self.options.packs_in_flight);
            while let Some(moved) = moves.next().await {
                match moved {
                    Ok(Progress::Complete) => {}
                    Ok(Progress::OutOfTime) => progress = Progress::OutOfTime,
                    Err(error) => {
                        tracing::warn!(error = %Chain(&error), "a pack could not be moved");
                        failure = Some(error);
                    }
                }
            }
        }
        failure.map_or(Ok(progress), Err)
    }

    async fn move_pack(&self, pack: &Pack, store: &str, attempt: &str) -> Result<(), PackError> {
        let _memory = self.memory.acquire_many(memory_mib(pack.placement.length)).await;
        let index = read_index(&self.mover.buckets, pack).await?;
        let order = Move { pack, index: &index, store, form: Form::Unchanged, attempt };
        if let Moved::Done { stored_bytes } = self.mover.move_pack(order).boxed().await? {
            let from = &*pack.placement.store;
            tracing::info!(
                pack = %pack.pack_id, account = %pack.account_id, from, to = store, stored_bytes, "migrated"
            );
            (self.options.on_moved)(stored_bytes);
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
