//! Stores accounts and their quota.

use serde::Deserialize;
use sluice_domain::account::{Account, ROW_BYTES, UNFINISHED_UPLOADS_MAX, Username};
use sluice_domain::id::AccountId;
use sluice_domain::publication::QuotaChange;
use sluice_domain::upload::Upload;

use super::Tables;
use crate::error::StorageError;
use crate::transaction::{Cancelled, Change, Condition, Row, Transaction, key, row};

/// The result of [`Tables::create_account`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registered {
    Done,
    UsernameTaken,
}

/// Whether a version may only be made if the quota has room for its row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Room {
    Needed,
    /// It deletes a file, which must always work.
    NotNeeded,
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
        let transaction = Transaction::new().upsert(&self.names.accounts, savings_key(account), saved)?;
        transaction.commit(&self.client).await.map_err(Cancelled::into_error)
    }

    /// The bytes counted by [`Tables::count_saved`].
    pub async fn saved_bytes(&self, account: AccountId) -> Result<i64, StorageError> {
        let savings: Option<Savings> = self.get(&self.names.accounts, savings_key(account)).await?;
        Ok(savings.map_or(0, |savings| savings.saved_bytes))
    }
}

#[derive(Deserialize)]
struct Savings {
    saved_bytes: i64,
}

/// The key of an account's savings. No user name begins with `#`.
fn savings_key(account: AccountId) -> Row {
    key([("username", &format!("#{account}"))])
}

impl Transaction {
    /// Reserves quota for an upload, if it is available and the account has not too many uploads.
    pub(super) fn reserve(self, tables: &Tables, upload: &Upload) -> Result<Self, StorageError> {
        let taken_bytes = upload.size + upload.row_bytes;
        self.update(
            &tables.names.accounts,
            key([("username", upload.username.as_str())]),
            Change::new(
                "SET #available_bytes = #available_bytes - :taken, #reserved_bytes = #reserved_bytes + :size \
                 ADD #row_bytes :row, #unfinished_uploads :one",
            )
            .with(":size", &upload.size)?
            .with(":row", &upload.row_bytes)?
            .with(":one", &1)?,
            Condition::QuotaAvailable
                .when(
                    "#available_bytes >= :taken AND \
                     (attribute_not_exists(#unfinished_uploads) OR #unfinished_uploads < :max)",
                )
                .with(":taken", &taken_bytes)?
                .with(":max", &UNFINISHED_UPLOADS_MAX)?,
        )
    }

    /// Charges the rows of versions that are made at once, if there is room or none is needed.
    pub(super) fn charge_rows(
        self,
        tables: &Tables,
        user: &Username,
        versions: u64,
        room: Room,
    ) -> Result<Self, StorageError> {
        let bytes = versions * ROW_BYTES;
        let charge = Change::new("SET #available_bytes = #available_bytes - :bytes ADD #row_bytes :bytes");
        let guard = match room {
            Room::Needed => Condition::QuotaAvailable.when("#available_bytes >= :bytes"),
            Room::NotNeeded => Condition::AccountExists.when("attribute_exists(#username)"),
        };
        let key = key([("username", user.as_str())]);
        self.update(&tables.names.accounts, key, charge.with(":bytes", &bytes)?, guard)
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
                 #stored_bytes = #stored_bytes + :stored \
                 ADD #row_bytes :rows, #unfinished_uploads :finished",
            )
            .with(":rows", &quota.charged_row_bytes())?
            .with(":finished", &-quota.finished_uploads().cast_signed())?
            .with(":freed", &quota.freed_bytes())?
            .with(":size", &quota.reserved_bytes)?
            .with(":used", &quota.used_bytes)?
            .with(":stored", &quota.stored_bytes)?,
            Condition::AccountExists.when("attribute_exists(#username)"),
        )
    }
}
