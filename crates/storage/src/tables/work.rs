//! Counts what workers do for an account: each that is at work has a slot, which is a lease, and the bytes
//! that they read and hash are added up for the day.
//!
//! All of it is in the row of [`account_row`], because workers do not know the user name.

use sluice_domain::id::AccountId;
use sluice_domain::time::Timestamp;
use sluice_domain::work::{WORKERS_MAX, WorkLimits, day};

use super::accounts::account_row;
use super::lease::{Lease, LeaseAttribute, held_by};
use super::{RowUpdate, Tables, Update};
use crate::error::StorageError;
use crate::transaction::{Cancelled, Change, Condition, Row, Transaction, Values};

const SLOTS: [LeaseAttribute; WORKERS_MAX] = [
    LeaseAttribute("worker_1"),
    LeaseAttribute("worker_2"),
    LeaseAttribute("worker_3"),
    LeaseAttribute("worker_4"),
    LeaseAttribute("worker_5"),
    LeaseAttribute("worker_6"),
    LeaseAttribute("worker_7"),
    LeaseAttribute("worker_8"),
    LeaseAttribute("worker_9"),
    LeaseAttribute("worker_10"),
    LeaseAttribute("worker_11"),
    LeaseAttribute("worker_12"),
    LeaseAttribute("worker_13"),
    LeaseAttribute("worker_14"),
    LeaseAttribute("worker_15"),
    LeaseAttribute("worker_16"),
];

/// How often a worker tries to get a slot while others take the same ones.
const ATTEMPTS: usize = 4;

/// One worker's right to work for an account.
#[derive(Debug, Clone, Copy)]
pub struct Slot(LeaseAttribute);

/// The answer to a worker that wants to work for an account.
#[derive(Debug, Clone, Copy)]
pub enum Admission {
    Admitted(Slot),
    /// As many workers as are allowed are at work.
    Busy,
    /// The day's bytes are used up.
    UsedUp,
}

/// Whether bytes may be worked on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    Done,
    /// The day's bytes are used up. None were counted.
    UsedUp,
}

/// How the day's bytes are counted: the first of a day begin at nothing.
#[derive(Debug, Clone, Copy)]
enum Count {
    More,
    First,
}

impl Count {
    fn update(self) -> &'static str {
        match self {
            Self::More => "#work_bytes = #work_bytes + :bytes",
            Self::First => "#work_day = :day, #work_bytes = :bytes",
        }
    }

    fn applies(self) -> &'static str {
        match self {
            Self::More => "#work_day = :day",
            Self::First => "(attribute_not_exists(#work_day) OR #work_day < :day)",
        }
    }
}

impl Tables {
    /// Takes a slot of the account for the lease's holder.
    pub async fn admit(
        &self,
        account: AccountId,
        limits: WorkLimits,
        lease: Lease<'_>,
    ) -> Result<Admission, StorageError> {
        let slots = &SLOTS[..limits.workers.clamp(1, WORKERS_MAX)];
        // Mostly it is free. Different workers begin with different ones.
        let first = lease.holder.bytes().map(usize::from).sum::<usize>() % slots.len();
        let mut slot = slots[first];
        for _ in 0..ATTEMPTS {
            if self.take_slot(account, limits, slot, lease).await? == Update::Done {
                return Ok(Admission::Admitted(Slot(slot)));
            }
            let row = self.get_row(&self.names.accounts, account_row(account)).await?.unwrap_or_default();
            if number(&row, "work_day") >= day(lease.now) && number(&row, "work_bytes") >= limits.daily_bytes
            {
                return Ok(Admission::UsedUp);
            }
            let own = slots.iter().find(|slot| text(&row, slot.0) == Some(lease.holder));
            let lapsed = |slot: &&LeaseAttribute| number(&row, &slot.until()) < lease.now.unix_milliseconds();
            let Some(free) = own.or_else(|| slots.iter().find(lapsed)) else { return Ok(Admission::Busy) };
            slot = *free;
        }
        Ok(Admission::Busy)
    }

    async fn take_slot(
        &self,
        account: AccountId,
        limits: WorkLimits,
        slot: LeaseAttribute,
        lease: Lease<'_>,
    ) -> Result<Update, StorageError> {
        let may_work = "(attribute_not_exists(#work_day) OR #work_day < :day OR #work_bytes < :limit)";
        let condition = format!("{may_work} AND {}", slot.free());
        let values = lease.values()?.with(":day", &day(lease.now))?.with(":limit", &limits.daily_bytes)?;
        self.update_counts(account, &slot.take(), &condition, values).await
    }

    /// Prolongs the lease on a slot. Refused if it was given back or another worker has it by now.
    pub async fn keep_slot(
        &self,
        account: AccountId,
        Slot(slot): Slot,
        lease: Lease<'_>,
    ) -> Result<Update, StorageError> {
        let values = held_by(lease.holder)?.with(":until", &lease.until())?;
        self.update_counts(account, &slot.take(), &slot.held(), values).await
    }

    /// Gives a slot back, and counts bytes that were worked on. Refused if it was given back or another
    /// worker has it by now: then they are not counted.
    pub async fn release_slot(
        &self,
        account: AccountId,
        Slot(slot): Slot,
        holder: &str,
        work: Work,
    ) -> Result<Update, StorageError> {
        for count in [Count::More, Count::First] {
            let update = format!("SET {} {}", count.update(), slot.release());
            let condition = format!("{} AND {}", slot.held(), count.applies());
            let values = work.values()?.with(":holder", &holder)?;
            if self.update_counts(account, &update, &condition, values).await? == Update::Done {
                return Ok(Update::Done);
            }
        }
        Ok(Update::Refused)
    }

    /// Counts bytes before they are worked on.
    ///
    /// A repeated request must not count twice. Only a transaction is known by a token.
    pub async fn count_work(
        &self,
        account: AccountId,
        limits: WorkLimits,
        work: Work,
    ) -> Result<Counted, StorageError> {
        // The last is for a day that began in between.
        for count in [Count::More, Count::First, Count::More] {
            let update = format!("SET {}", count.update());
            let condition = match count {
                Count::More => format!("{} AND #work_bytes < :limit", count.applies()),
                Count::First => count.applies().to_owned(),
            };
            let mut guard = Condition::WorkAllowed.when(&condition).with(":day", &day(work.now))?;
            if matches!(count, Count::More) {
                guard = guard.with(":limit", &limits.daily_bytes)?;
            }
            let change = Change::new(&update).with(":bytes", &work.bytes)?;
            let transaction =
                Transaction::new().update(&self.names.accounts, account_row(account), change, guard)?;
            match transaction.commit(&self.client).await {
                Ok(()) => return Ok(Counted::Done),
                Err(Cancelled::Conditions(_)) => {}
                Err(Cancelled::Error(error)) => return Err(error),
            }
        }
        Ok(Counted::UsedUp)
    }

    async fn update_counts(
        &self,
        account: AccountId,
        update: &str,
        condition: &str,
        values: Values,
    ) -> Result<Update, StorageError> {
        let table = &self.names.accounts;
        self.update_if(RowUpdate { table, key: account_row(account), update, condition, values }).await
    }
}

/// Bytes that a worker reads and hashes.
#[derive(Debug, Clone, Copy)]
pub struct Work {
    pub bytes: u64,
    pub now: Timestamp,
}

impl Work {
    fn values(self) -> Result<Values, StorageError> {
        Values::new().with(":bytes", &self.bytes)?.with(":day", &day(self.now))
    }
}

fn text<'a>(row: &'a Row, name: &str) -> Option<&'a str> {
    row.get(name)?.as_s().ok().map(String::as_str)
}

/// A number of a row, or 0.
fn number(row: &Row, name: &str) -> u64 {
    row.get(name).and_then(|value| value.as_n().ok()?.parse().ok()).unwrap_or(0)
}
