//! Registers objects for deletion: those that packs have left, and those that are being written for packs.
//!
//! A mover registers an object before it writes it. The transaction that moves the pack there takes the
//! registration back; if that never happens, the object is deleted like any other.

use serde::{Deserialize, Serialize};
use sluice_domain::pack_move::{ObjectOwner, RetiredObject};
use sluice_domain::time::Timestamp;

use super::due::{DueQuery, due_shard};
use super::{RowUpdate, Tables, Update};
use crate::call;
use crate::error::StorageError;
use crate::transaction::{Condition, Row, Transaction, Values, key, names, row};

/// A retired object as its row has it.
#[derive(Serialize, Deserialize)]
struct RetiredRow {
    object_id: String,
    due_shard: String,
    #[serde(flatten)]
    object: RetiredObject,
}

impl RetiredRow {
    fn of(object: &RetiredObject) -> Self {
        let object_id = object.object_id();
        let sum = object_id.bytes().fold(0_u8, u8::wrapping_add);
        Self { due_shard: due_shard(sum), object_id, object: object.clone() }
    }
}

fn object_key(object: &RetiredObject) -> Row {
    key([("object_id", &object.object_id())])
}

impl Tables {
    /// Registers an object that is about to be written. It is deleted when due unless its pack has been moved
    /// there.
    ///
    /// # Errors
    /// `Conflict` if an object of this name is being deleted.
    pub async fn retire_unplaced(&self, object: &RetiredObject) -> Result<(), StorageError> {
        const NOT_CONDEMNED: &str = "attribute_not_exists(#condemned)";
        let request = self
            .client
            .put_item()
            .table_name(&self.names.retired_objects)
            .set_item(Some(row(&RetiredRow::of(object))?))
            .condition_expression(NOT_CONDEMNED)
            .set_expression_attribute_names(names(&[NOT_CONDEMNED]));
        call::write_row("dynamodb:PutItem", || request.clone().send()).await.map(drop)
    }

    /// Objects of one of [`DUE_SHARDS`](super::DUE_SHARDS) shards that are due at `now`, the most overdue
    /// first.
    pub async fn due_objects(
        &self,
        shard: u8,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<RetiredObject>, StorageError> {
        let query = DueQuery { table: &self.names.retired_objects, shard, now, after: None, limit };
        let (rows, _): (Vec<RetiredRow>, _) = self.due(query).await?;
        Ok(rows.into_iter().map(|row| row.object).collect())
    }

    /// Whether the object's owner is stored there, so that it must not be deleted.
    pub async fn is_inhabited(&self, object: &RetiredObject) -> Result<bool, StorageError> {
        Ok(match object.owner {
            ObjectOwner::Pack(pack) => self
                .packs(&[pack])
                .await?
                .iter()
                .any(|pack| pack.placement.store == object.store && pack.placement.key == object.key),
            ObjectOwner::Blob(sha256) => {
                let blob = self.blob(object.account_id, &sha256).await?;
                blob.is_some_and(|blob| blob.object_key.as_ref() == Some(&object.key))
            }
        })
    }

    /// Makes sure that no pack is moved to the object any more. Refused if a pack has been, or if the object
    /// was registered again since it was read.
    pub async fn condemn_object(&self, object: &RetiredObject) -> Result<Update, StorageError> {
        let update = RowUpdate {
            table: &self.names.retired_objects,
            key: object_key(object),
            update: "SET #condemned = :true",
            condition: "#due_at = :due_at",
            values: Values::new()
                .with(":true", &true)?
                .with(":due_at", &object.due_at.unix_milliseconds())?,
        };
        self.update_if(update).await
    }

    /// Removes the registration of an object that has been deleted or is not to be deleted.
    pub async fn forget_object(&self, object: &RetiredObject) -> Result<(), StorageError> {
        let request = self
            .client
            .delete_item()
            .table_name(&self.names.retired_objects)
            .set_key(Some(object_key(object)));
        call::write_row("dynamodb:DeleteItem", || request.clone().send()).await.map(drop)
    }
}

impl Transaction {
    /// Registers an object for deletion.
    pub(super) fn retire(self, tables: &Tables, object: &RetiredObject) -> Result<Self, StorageError> {
        let new = Condition::ObjectNotRetired.when("attribute_not_exists(#object_id)");
        self.put(&tables.names.retired_objects, row(&RetiredRow::of(object))?, new)
    }
}
