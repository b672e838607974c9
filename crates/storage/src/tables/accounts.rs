//! Accounts and their quota.

use sluice_domain::account::{Account, Username};

use super::Tables;
use crate::error::StorageError;
use crate::transaction::{Cancelled, Transaction, Values, key, row};

impl Tables {
    /// Registers an account. False if the user name is taken.
    pub async fn create_account(&self, account: &Account) -> Result<bool, StorageError> {
        let transaction = Transaction::new().put(
            &self.names.accounts,
            row(account)?,
            "attribute_not_exists(#username)",
            Values::new(),
        )?;
        match transaction.commit(&self.client).await {
            Ok(()) => Ok(true),
            Err(Cancelled::Conditions(_)) => Ok(false),
            Err(Cancelled::Error(error)) => Err(error),
        }
    }

    /// The account with this user name.
    pub async fn account(&self, username: &Username) -> Result<Option<Account>, StorageError> {
        self.get(&self.names.accounts, key([("username", username.as_str())])).await
    }
}

impl Transaction {
    /// Reserves `size_bytes` of quota; the condition fails if they are not available.
    pub(super) fn reserve(
        self,
        tables: &Tables,
        user: &Username,
        size_bytes: u64,
    ) -> Result<Self, StorageError> {
        self.update(
            &tables.names.accounts,
            key([("username", user.as_str())]),
            "SET #available_bytes = #available_bytes - :size, #reserved_bytes = #reserved_bytes + :size",
            "#available_bytes >= :size",
            Values::new().with(":size", &size_bytes)?,
        )
    }

    /// Ends the reservation of `size_bytes`, of which `used_bytes` (all or nothing) stay in use.
    pub(super) fn settle(
        self,
        tables: &Tables,
        user: &Username,
        size_bytes: u64,
        used_bytes: u64,
    ) -> Result<Self, StorageError> {
        self.update(
            &tables.names.accounts,
            key([("username", user.as_str())]),
            "SET #available_bytes = #available_bytes + :freed, #reserved_bytes = #reserved_bytes - :size, \
             #used_bytes = #used_bytes + :used",
            "attribute_exists(#username)",
            Values::new()
                .with(":freed", &(size_bytes - used_bytes))?
                .with(":size", &size_bytes)?
                .with(":used", &used_bytes)?,
        )
    }
}
