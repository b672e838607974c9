//! Accounts and their quota.

use serde::Deserialize;
use sluice_domain::account::{Account, Username};
use sluice_domain::id::AccountId;
use sluice_domain::publication::QuotaChange;

use super::Tables;
use crate::call;
use crate::error::StorageError;
use crate::transaction::{Cancelled, Condition, Row, Transaction, Values, key, names, row};

impl Tables {
    /// Registers an account. False if the user name is taken.
    pub async fn create_account(&self, account: &Account) -> Result<bool, StorageError> {
        let free = Condition::UsernameFree.when("attribute_not_exists(#username)");
        let transaction = Transaction::new().put(&self.names.accounts, row(account)?, free)?;
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

    /// Counts bytes that an account's packs take less, or more, since they were moved. Their mover does not know the user
    /// name, and many movers count at once: hence a row of its own, beside the transaction that moves a pack. What a mover
    /// that dies in between has not counted stays uncounted.
    pub async fn count_saved(&self, account: AccountId, bytes: i64) -> Result<(), StorageError> {
        const UPDATE: &str = "ADD #saved_bytes :saved";
        let request = self
            .client
            .update_item()
            .table_name(&self.names.accounts)
            .set_key(Some(savings_key(account)))
            .update_expression(UPDATE)
            .set_expression_attribute_names(names(&[UPDATE]))
            .set_expression_attribute_values(Values::new().with(":saved", &bytes)?.into_map());
        call::write("dynamodb:UpdateItem", request.send()).await?;
        Ok(())
    }

    /// What has been counted by [`Tables::count_saved`].
    pub async fn saved_bytes(&self, account: AccountId) -> Result<i64, StorageError> {
        let savings: Option<Savings> = self.get(&self.names.accounts, savings_key(account)).await?;
        Ok(savings.map_or(0, |savings| savings.saved_bytes))
    }
}

#[derive(Deserialize)]
struct Savings {
    saved_bytes: i64,
}

/// No user name begins with `#`.
fn savings_key(account: AccountId) -> Row {
    key([("username", &format!("#{account}"))])
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
            "SET #available_bytes = #available_bytes + :freed, #reserved_bytes = #reserved_bytes - :size, \
             #used_bytes = #used_bytes + :used, #stored_bytes = #stored_bytes + :stored",
            Condition::AccountExists
                .when("attribute_exists(#username)")
                .with(":freed", &quota.freed_bytes())?
                .with(":size", &quota.reserved_bytes)?
                .with(":used", &quota.used_bytes)?
                .with(":stored", &quota.stored_bytes)?,
        )
    }
}
