//! Stores accounts and their quota.

use aws_sdk_dynamodb::types::AttributeValue;
use serde::Deserialize;
use sluice_domain::account::{Account, ROW_BYTES, UNFINISHED_UPLOADS_MAX, Username};
use sluice_domain::guessing::CounterKeys;
use sluice_domain::id::AccountId;
use sluice_domain::publication::QuotaChange;
use sluice_domain::time::Timestamp;
use sluice_domain::upload::Upload;

use super::{RowUpdate, Tables, Update};
use crate::call;
use crate::error::StorageError;
use crate::transaction::{Cancelled, Change, Condition, Row, Transaction, Values, key, parse, row};

/// The result of [`Tables::create_account`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registered {
    Done,
    UsernameTaken,
    /// The invitation is unknown, used or expired.
    InvitationInvalid,
}

/// The result of [`Tables::set_quota`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QuotaChanged {
    Done,
    /// The account uses or reserves more than the new quota, or somebody else has just changed it.
    BelowUse,
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
        let transaction = Transaction::new().put_account(self, account)?;
        match transaction.commit(&self.client).await {
            Ok(()) => Ok(Registered::Done),
            Err(Cancelled::Conditions(_)) => Ok(Registered::UsernameTaken),
            Err(Cancelled::Error(error)) => Err(error),
        }
    }

    pub async fn account(&self, username: &Username) -> Result<Option<Account>, StorageError> {
        self.get(&self.names.accounts, account_key(username)).await
    }

    /// All accounts, in no particular order.
    pub async fn accounts(&self) -> Result<Vec<Account>, StorageError> {
        let mut accounts = Vec::new();
        let mut after = None;
        loop {
            let request = self.client.scan().table_name(&self.names.accounts).set_exclusive_start_key(after);
            let page = call::read("dynamodb:Scan", request.send()).await?;
            let rows = page.items.unwrap_or_default().into_iter().filter(|row| !is_account_row(row));
            for row in rows {
                accounts.push(parse(row)?);
            }
            after = page.last_evaluated_key;
            if after.is_none() {
                return Ok(accounts);
            }
        }
    }

    /// Gives the account another password, and takes the attempt back that was counted for it. Refused if it
    /// has another one than was read.
    pub async fn change_password(
        &self,
        account: &Account,
        password_hash: &str,
        counters: &CounterKeys,
        now: Timestamp,
    ) -> Result<Update, StorageError> {
        let unchanged = Condition::AccountUnchanged
            .when("#password_hash = :read AND attribute_not_exists(#suspended_at)")
            .with(":read", &account.password_hash)?;
        let change = Change::new("SET #password_hash = :new").with(":new", &password_hash)?;
        let transaction = Transaction::new()
            .update(&self.names.accounts, account_key(&account.username), change, unchanged)?
            .forgive(self, counters, now)?;
        match transaction.commit(&self.client).await {
            Ok(()) => Ok(Update::Done),
            Err(Cancelled::Conditions(_)) => Ok(Update::Refused),
            Err(Cancelled::Error(error)) => Err(error),
        }
    }

    /// Gives the account another password, whatever it has. Refused if there is no such account.
    pub async fn reset_password(&self, username: &Username, hash: &str) -> Result<Update, StorageError> {
        let values = Values::new().with(":hash", &hash)?;
        self.update_account(username, "SET #password_hash = :hash", values).await
    }

    /// Suspends an account, or lets it log in again. Refused if there is no such account.
    pub async fn set_suspended(
        &self,
        username: &Username,
        since: Option<Timestamp>,
    ) -> Result<Update, StorageError> {
        match since {
            Some(since) => {
                let values = Values::new().with(":since", &since.unix_milliseconds())?;
                self.update_account(username, "SET #suspended_at = :since", values).await
            }
            None => self.update_account(username, "REMOVE #suspended_at", Values::new()).await,
        }
    }

    async fn update_account(
        &self,
        username: &Username,
        update: &str,
        values: Values,
    ) -> Result<Update, StorageError> {
        let (table, key) = (&*self.names.accounts, account_key(username));
        let condition = "attribute_exists(#username)";
        self.update_if(RowUpdate { table, key, update, condition, values }).await
    }

    /// Changes the quota of an account, by as much as it differs from the one that was read.
    ///
    /// A repeated request must not change it twice. Only a transaction is known by a token.
    pub async fn set_quota(&self, account: &Account, quota: u64) -> Result<QuotaChanged, StorageError> {
        let more = 0_i64.saturating_add_unsigned(quota).saturating_sub_unsigned(account.quota_bytes);
        let change = Change::new("SET #quota_bytes = :quota, #available_bytes = #available_bytes + :more")
            .with(":quota", &quota)?
            .with(":more", &more)?;
        let unchanged = Condition::AccountUnchanged
            .when("#quota_bytes = :read AND #available_bytes >= :less")
            .with(":read", &account.quota_bytes)?
            .with(":less", &-more)?;
        let transaction = Transaction::new().update(
            &self.names.accounts,
            account_key(&account.username),
            change,
            unchanged,
        )?;
        match transaction.commit(&self.client).await {
            Ok(()) => Ok(QuotaChanged::Done),
            Err(Cancelled::Conditions(_)) => Ok(QuotaChanged::BelowUse),
            Err(Cancelled::Error(error)) => Err(error),
        }
    }

    /// Counts the bytes that an account saves because its packs were moved; fewer than none if they take
    /// more. A mover does not know the user name, so this has a row of its own, outside the transaction that
    /// moves a pack. If a mover dies in between, its bytes are never counted.
    ///
    /// A repeated request must not count twice. Only a transaction is known by a token.
    pub async fn count_saved(&self, account: AccountId, bytes: i64) -> Result<(), StorageError> {
        let saved = Change::new("ADD #saved_bytes :saved").with(":saved", &bytes)?;
        let transaction = Transaction::new().upsert(&self.names.accounts, account_row(account), saved)?;
        transaction.commit(&self.client).await.map_err(Cancelled::into_error)
    }

    /// The bytes counted by [`Tables::count_saved`].
    pub async fn saved_bytes(&self, account: AccountId) -> Result<i64, StorageError> {
        let savings: Option<Savings> = self.get(&self.names.accounts, account_row(account)).await?;
        Ok(savings.map_or(0, |savings| savings.saved_bytes))
    }
}

#[derive(Deserialize)]
struct Savings {
    /// The row may have been made by a waiting read.
    #[serde(default)]
    saved_bytes: i64,
}

fn account_key(username: &Username) -> Row {
    key([("username", username.as_str())])
}

fn is_account_row(row: &Row) -> bool {
    matches!(row.get("username"), Some(AttributeValue::S(name)) if name.starts_with('#'))
}

/// The key of what is counted for an account by those who do not know its user name. No user name begins with
/// `#`.
pub(super) fn account_row(account: AccountId) -> Row {
    key([("username", &format!("#{account}"))])
}

impl Transaction {
    /// Creates an account, if its user name is free.
    pub(super) fn put_account(self, tables: &Tables, account: &Account) -> Result<Self, StorageError> {
        let free = Condition::UsernameFree.when("attribute_not_exists(#username)");
        self.put(&tables.names.accounts, row(account)?, free)
    }

    /// Reserves quota for an upload, if it is available and the account has not too many uploads.
    pub(super) fn reserve(self, tables: &Tables, upload: &Upload) -> Result<Self, StorageError> {
        let taken_bytes = upload.size + upload.row_bytes;
        self.update(
            &tables.names.accounts,
            account_key(&upload.username),
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
        self.update(&tables.names.accounts, account_key(user), charge.with(":bytes", &bytes)?, guard)
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
            account_key(user),
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
