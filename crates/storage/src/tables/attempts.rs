//! Counts attempts to log in. The rows go a day after the last.

use serde::{Deserialize, Serialize};
use sluice_domain::guessing::{CounterKeys, Counters, Failures, MEMORY};
use sluice_domain::time::Timestamp;
use std::time::Duration;

use super::Tables;
use super::batch::Consistency;
use crate::error::StorageError;
use crate::transaction::{Cancelled, Change, Condition, Row, Transaction, key};

/// How often an attempt is counted anew, if others are made at the same time.
const COUNTS_MAX: usize = 8;

/// What came of [`Tables::count_attempt`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attempt {
    Allowed,
    /// The attempt was not counted. It may be made after this long.
    Wait(Duration),
}

/// The row of a counter.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct AttemptRow {
    attempt_id: String,
    /// May be below zero, if DynamoDB removed the row between an attempt and its forgiving.
    failures: i64,
    /// When the next attempt may be made, in milliseconds since 1970.
    free_at: u64,
    /// When the row is forgotten, in seconds since 1970.
    expires_at: u64,
}

impl AttemptRow {
    fn counted(&self, now: Timestamp) -> Failures {
        if self.expires_at <= now.unix_seconds() {
            return Failures::NONE;
        }
        Failures {
            count: u32::try_from(self.failures.max(0)).unwrap_or(u32::MAX),
            free_at: Timestamp::from_unix_milliseconds(self.free_at),
        }
    }
}

fn attempt_key(id: &str) -> Row {
    key([("attempt_id", id)])
}

impl Tables {
    /// Counts an attempt with a password, as if it failed, before the password is compared. So attempts that
    /// are made at once cannot pass the limits together.
    pub async fn count_attempt(&self, keys: &CounterKeys, now: Timestamp) -> Result<Attempt, StorageError> {
        for _ in 0..COUNTS_MAX {
            let rows = self.attempt_rows(keys).await?;
            let find = |id: &str| rows.iter().find(|row| row.attempt_id == id);
            let failures = |id: &str| find(id).map_or(Failures::NONE, |row| row.counted(now));
            let counters = Counters {
                address: keys.address.as_deref().map_or(Failures::NONE, failures),
                site: keys.site.as_deref().map_or(Failures::NONE, failures),
                pair: failures(&keys.pair),
                name: failures(&keys.name),
            };
            let next = match counters.attempt(now) {
                Ok(next) => next,
                Err(wait) => return Ok(Attempt::Wait(wait)),
            };
            let count = |id, next| Count { id, read: find(id), next, now };
            let mut transaction = Transaction::new()
                .count(self, &count(&keys.pair, next.pair))?
                .count(self, &count(&keys.name, next.name))?;
            for (id, next) in [(&keys.address, next.address), (&keys.site, next.site)] {
                if let Some(id) = id {
                    transaction = transaction.count(self, &count(id, next))?;
                }
            }
            match transaction.commit(&self.client).await {
                Ok(()) => return Ok(Attempt::Allowed),
                Err(Cancelled::Conditions(_)) => {}
                Err(Cancelled::Error(error)) => return Err(error),
            }
        }
        Ok(Attempt::Wait(Duration::from_secs(1)))
    }

    async fn attempt_rows(&self, keys: &CounterKeys) -> Result<Vec<AttemptRow>, StorageError> {
        let ids = [Some(&keys.pair), Some(&keys.name), keys.address.as_ref(), keys.site.as_ref()];
        let keys = ids.into_iter().flatten().map(|id| attempt_key(id)).collect();
        self.get_many(&self.names.attempts, keys, Consistency::Strong).await
    }
}

/// One more attempt of a counter.
struct Count<'a> {
    id: &'a str,
    /// The row as it was read.
    read: Option<&'a AttemptRow>,
    next: Failures,
    now: Timestamp,
}

impl Transaction {
    /// Writes a counter, which must be as it was read.
    fn count(self, tables: &Tables, count: &Count<'_>) -> Result<Self, StorageError> {
        let Count { id, read, next, now } = *count;
        let change = Change::new("SET #failures = :failures, #free_at = :free_at, #expires_at = :expires_at")
            .with(":failures", &next.count)?
            .with(":free_at", &next.free_at.unix_milliseconds())?
            .with(":expires_at", &now.after(MEMORY).unix_seconds())?;
        let unchanged = match read {
            None => Condition::AttemptsUnchanged.when("attribute_not_exists(#attempt_id)"),
            Some(read) => Condition::AttemptsUnchanged
                .when("#failures = :read_failures AND #free_at = :read_free_at")
                .with(":read_failures", &read.failures)?
                .with(":read_free_at", &read.free_at)?,
        };
        self.update(&tables.names.attempts, attempt_key(id), change, unchanged)
    }

    /// Takes an attempt back that succeeded. Forgets the failures of its address with its name, but not those
    /// with other names, or whoever has an account could guess for ever.
    pub(super) fn forgive(
        self,
        tables: &Tables,
        keys: &CounterKeys,
        now: Timestamp,
    ) -> Result<Self, StorageError> {
        let table = &tables.names.attempts;
        let expires_at = now.after(MEMORY).unix_seconds();
        let none = Change::new("SET #failures = :none, #free_at = :now, #expires_at = :expires_at")
            .with(":none", &0)?
            .with(":now", &now.unix_milliseconds())?
            .with(":expires_at", &expires_at)?;
        let mut transaction = self.upsert(table, attempt_key(&keys.pair), none)?;
        for id in [Some(&keys.name), keys.address.as_ref(), keys.site.as_ref()].into_iter().flatten() {
            let one_less =
                Change::new("SET #free_at = :now, #expires_at = :expires_at ADD #failures :one_less")
                    .with(":one_less", &-1)?
                    .with(":now", &now.unix_milliseconds())?
                    .with(":expires_at", &expires_at)?;
            transaction = transaction.upsert(table, attempt_key(id), one_less)?;
        }
        Ok(transaction)
    }
}
