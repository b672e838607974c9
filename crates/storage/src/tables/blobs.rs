//! Blobs.

use sluice_domain::blob::{Blob, blob_id};
use sluice_domain::hash::Sha256;
use sluice_domain::id::AccountId;
use sluice_domain::time::Timestamp;
use std::time::Duration;

use super::Tables;
use crate::call::{self, if_held};
use crate::error::StorageError;
use crate::transaction::{Condition, Transaction, Values, key, names, row};

/// How exactly it is known when a blob was last read: a write a day, not one a read.
const READ_PRECISION: Duration = Duration::from_hours(24);

impl Tables {
    /// A blob of the account.
    pub async fn blob(&self, account: AccountId, sha256: &Sha256) -> Result<Option<Blob>, StorageError> {
        self.get(&self.names.blobs, key([("blob_id", &blob_id(account, sha256))])).await
    }
}

impl Tables {
    /// Remembers to which store all packs of a blob have been moved.
    pub async fn mark_migrated(&self, blob: &Blob, store: &str) -> Result<(), StorageError> {
        let values = Values::new().with(":store", &store)?;
        self.update_blob(blob, "SET #migrated_to = :store", "attribute_exists(#blob_id)", values).await
    }

    /// Remembers that a blob was read, unless that is known of the last day.
    pub async fn mark_read(&self, blob: &Blob, now: Timestamp) -> Result<(), StorageError> {
        if blob.read_at.is_some_and(|read_at| read_at.after(READ_PRECISION) > now) {
            return Ok(());
        }
        let values = Values::new().with(":now", &now.unix_milliseconds())?;
        self.update_blob(blob, "SET #read_at = :now", "attribute_exists(#blob_id)", values).await
    }

    /// Changes attributes of a blob's row, if the condition holds; if not, nothing happens.
    async fn update_blob(
        &self,
        blob: &Blob,
        update: &str,
        condition: &str,
        values: Values,
    ) -> Result<(), StorageError> {
        let request = self
            .client
            .update_item()
            .table_name(&self.names.blobs)
            .set_key(Some(key([("blob_id", &blob.blob_id)])))
            .update_expression(update)
            .condition_expression(condition)
            .set_expression_attribute_names(names(&[update, condition]))
            .set_expression_attribute_values(values.into_map());
        if_held(call::write("dynamodb:UpdateItem", request.send()).await).map(drop)
    }
}

impl Transaction {
    /// Adds a blob that the account did not hold.
    pub(super) fn put_blob(self, tables: &Tables, blob: &Blob) -> Result<Self, StorageError> {
        let absent = Condition::BlobAbsent.when("attribute_not_exists(#blob_id)");
        self.put(&tables.names.blobs, row(blob)?, absent)
    }

    /// Takes a reference on a blob, if it is live.
    pub(super) fn take_reference(
        self,
        tables: &Tables,
        account: AccountId,
        sha256: &Sha256,
    ) -> Result<Self, StorageError> {
        self.update(
            &tables.names.blobs,
            key([("blob_id", &blob_id(account, sha256))]),
            "SET #references = #references + :one",
            Condition::BlobLive.when("#life = :live").with(":one", &1)?.with(":live", &"live")?,
        )
    }
}
