//! Reads blobs, and records what happens to them: references, reads, migrations.

use sluice_domain::blob::{Blob, blob_id};
use sluice_domain::hash::Sha256;
use sluice_domain::id::AccountId;
use sluice_domain::time::Timestamp;
use std::time::Duration;

use super::{RowUpdate, Tables};
use crate::error::StorageError;
use crate::transaction::{Change, Condition, Transaction, Values, key, row};

/// The precision of a blob's time of last read. It saves a write for each read but the first of a day.
const READ_PRECISION: Duration = Duration::from_hours(24);

impl Tables {
    /// The account's blob with this SHA-256.
    pub async fn blob(&self, account: AccountId, sha256: &Sha256) -> Result<Option<Blob>, StorageError> {
        self.get(&self.names.blobs, key([("blob_id", &blob_id(account, sha256))])).await
    }

    /// Records that all packs of a blob have been moved to a store. Nothing happens if the blob is gone.
    pub async fn mark_migrated(&self, blob: &Blob, store: &str) -> Result<(), StorageError> {
        let values = Values::new().with(":store", &store)?;
        self.update_blob(blob, "SET #migrated_to = :store", values).await
    }

    /// Records that a blob was read, at most once a day. Nothing happens if the blob is gone.
    pub async fn mark_read(&self, blob: &Blob, now: Timestamp) -> Result<(), StorageError> {
        if blob.read_at.is_some_and(|read_at| read_at.after(READ_PRECISION) > now) {
            return Ok(());
        }
        let values = Values::new().with(":now", &now.unix_milliseconds())?;
        self.update_blob(blob, "SET #read_at = :now", values).await
    }

    async fn update_blob(&self, blob: &Blob, update: &str, values: Values) -> Result<(), StorageError> {
        let update = RowUpdate {
            table: &self.names.blobs,
            key: key([("blob_id", &blob.blob_id)]),
            update,
            condition: "attribute_exists(#blob_id)",
            values,
        };
        self.update_if(update).await.map(drop)
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
            Change::new("SET #references = #references + :one").with(":one", &1)?,
            Condition::BlobLive.when("#life = :live").with(":live", &"live")?,
        )
    }
}
