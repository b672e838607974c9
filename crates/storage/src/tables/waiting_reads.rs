//! Lets one read of an account at a time wait until its blob is materialized, because a read that waits holds
//! an invocation.

use sluice_domain::id::AccountId;

use super::accounts::account_row;
use super::lease::{Lease, LeaseAttribute, held_by};
use super::{RowUpdate, Tables, Update};
use crate::error::StorageError;

const LEASE: LeaseAttribute = LeaseAttribute("waiting_read");

impl Tables {
    /// Begins to wait. Refused while another read of the account waits.
    pub async fn begin_waiting(&self, account: AccountId, lease: Lease<'_>) -> Result<Update, StorageError> {
        self.update_if(RowUpdate {
            table: &self.names.accounts,
            key: account_row(account),
            update: &LEASE.take(),
            condition: &LEASE.free(),
            values: lease.values()?,
        })
        .await
    }

    /// Ends a wait. Nothing happens if it has lapsed and another read waits by now.
    pub async fn end_waiting(&self, account: AccountId, holder: &str) -> Result<(), StorageError> {
        let update = RowUpdate {
            table: &self.names.accounts,
            key: account_row(account),
            update: &LEASE.release(),
            condition: &LEASE.not_held_by_another(),
            values: held_by(holder)?,
        };
        self.update_if(update).await.map(drop)
    }
}
