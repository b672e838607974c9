//! Stores accounts and their quota.

use serde::Deserialize;
use sluice_domain::account::{Account, Username};
use sluice_domain::id::AccountId;
use sluice_domain::publication::QuotaChange;

use super::Tables;
use crate::error::StorageError;
use crate::transaction::{Cancelled, Change, Condition, Row, Transaction, key, row};

/// The result of [`Tables::create_account`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registered {
    Done,
    UsernameTaken,
}

impl Tables {
    pub async fn create_account(&self, account: &Account) -> Result<Registered, StorageError> {
        let free = Condition::UsernameFree.when("attribute_not_exists(#username)");
        let transaction = Transaction::new().put(&self.names.accounts, row(account)?, free)?;
        match transaction.commit(&self.client).await {
            Ok(()) => Ok(Registered::Done),
            Err(Cancelled::Conditions(_)) => Ok(Registered::UsernameTaken),
            Err(Cancelled::Error(error)) => Err(error),
        }
    }

    pub async fn account(&self, username: &Username) -> Result<Option<Account>, StorageError> {
        self.get(&self.names.accounts, key([("username", username.as_str())])).await
    }

    /// Counts the bytes that an account saves because its packs were moved; fewer than none if they take
    /// more. A mover does not know the user name, so this has a row of its own, outside the transaction that
    /// moves a pack. If a mover dies in between, its bytes are never counted.
    ///
    /// A repeated request must not count twice. Only a transaction is known by a token.
    pub async fn count_saved(&self, account: AccountId, bytes: i64) -> Result<(), StorageError> {
        let saved = Change::new("ADD #saved_bytes :saved").with(":saved", &bytes)?;
        let transaction = Transaction::new().upsert(&self.names.accounts, anonymous_key(account), saved)?;
        transaction.commit(&self.client).await.map_err(Cancelled::into_error)
    }

    /// The bytes counted by [`Tables::count_saved`].
    pub async fn saved_bytes(&self, account: AccountId) -> Result<i64, StorageError> {
        let savings: Option<Savings> = self.get(&self.names.accounts, anonymous_key(account)).await?;
        Ok(savings.map_or(0, |savings| savings.saved_bytes))
    }
}

#[derive(Deserialize)]
struct Savings {
    /// The row may have been made by a waiting read.
    #[serde(default)]
    saved_bytes: i64,
}

/// The key of the row of an account for those who do not know its user name. No user name begins with `#`.
pub(super) fn anonymous_key(account: AccountId) -> Row {
    key([("username", &format!("#{account}"))])
}

impl Transaction {
    /// Reserves `size_bytes` of quota, if they are available.
    pub(super) fn reserve(
        self,
        tables: &Tables,
        user: &Username,
        size_bytes: u64,
    ) -> Result<Self, StorageError> {
        self.update(
            &tables.names.accounts,
            key([("username", user.as_str())]),
            Change::new(
                "SET #available_bytes = #available_bytes - :size, #reserved_bytes = #reserved_bytes + :size",
            )
            .with(":size", &size_bytes)?,
            Condition::QuotaAvailable.when("#available_bytes >= :size").with(":size", &size_bytes)?,
        )
    }

    /// Releases the reservation of an upload that ends, and counts what it uses.
    pub(super) fn release_reservation(
        self,
        tables: &Tables,
        user: &Username,
        quota: QuotaChange,
    ) -> Result<Self, StorageError> {
        self.update(
            &tables.names.accounts,
            key([("username", user.as_str())]),
            Change::new(
                "SET #available_bytes = #available_bytes + :freed, \
                 #reserved_bytes = #reserved_bytes - :size, #used_bytes = #used_bytes + :used, \
                 #stored_bytes = #stored_bytes + :stored",
            )
            .with(":freed", &quota.freed_bytes())?
            .with(":size", &quota.reserved_bytes)?
            .with(":used", &quota.used_bytes)?
            .with(":stored", &quota.stored_bytes)?,
            Condition::AccountExists.when("attribute_exists(#username)"),
        )
    }
}
