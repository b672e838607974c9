//! Objects that are to be deleted: those that packs have left, and those that are being written for packs, which count as
//! left until the pack is there.

use serde::{Deserialize, Serialize};
use sluice_domain::pack_move::{ObjectOwner, RetiredObject};
use sluice_domain::time::Timestamp;

use super::{Query, Tables};
use crate::call::{self, if_held};
use crate::error::StorageError;
use crate::transaction::{Condition, Row, Transaction, Values, key, names, parse, row};

/// Over how many partitions of the index `by_due` the objects are spread.
pub const RETIRED_SHARDS: u8 = 16;

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
        Self { due_shard: (sum % RETIRED_SHARDS).to_string(), object_id, object: object.clone() }
    }
}

fn object_key(object: &RetiredObject) -> Row {
    key([("object_id", &object.object_id())])
}

impl Tables {
    /// Says, before it is written, that an object is to be deleted unless its pack comes to lie there.
    ///
    /// # Errors
    /// `Conflict` if an object of this name is being deleted.
    pub async fn retire_unplaced(&self, object: &RetiredObject) -> Result<(), StorageError> {
        const FREE: &str = "attribute_not_exists(#condemned)";
        let request = self
            .client
            .put_item()
            .table_name(&self.names.retired_objects)
            .set_item(Some(row(&RetiredRow::of(object))?))
            .condition_expression(FREE)
            .set_expression_attribute_names(names(&[FREE]));
        call::write("dynamodb:PutItem", request.send()).await.map(drop)
    }

    /// Objects of a shard that are due, those due first.
    pub async fn due_objects(
        &self,
        shard: u8,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<RetiredObject>, StorageError> {
        let query = Query {
            table: &self.names.retired_objects,
            index: Some("by_due"),
            condition: "#due_shard = :shard AND #due_at <= :now",
            values: Values::new()
                .with(":shard", &shard.to_string())?
                .with(":now", &now.unix_milliseconds())?,
            after: None,
            limit,
            descending: false,
        };
        let (rows, _) = self.query(query).await?;
        rows.into_iter().map(|row| parse::<RetiredRow>(row).map(|row| row.object)).collect()
    }

    /// Whether the object's owner lies there, so that it must not be deleted.
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

    /// Makes sure that no pack comes to lie there any more. False if one has meanwhile, or if the row is not as it was.
    pub async fn condemn_object(&self, object: &RetiredObject) -> Result<bool, StorageError> {
        const UPDATE: &str = "SET #condemned = :true";
        const SAME: &str = "#due_at = :due_at";
        let values =
            Values::new().with(":true", &true)?.with(":due_at", &object.due_at.unix_milliseconds())?;
        let request = self
            .client
            .update_item()
            .table_name(&self.names.retired_objects)
            .set_key(Some(object_key(object)))
            .update_expression(UPDATE)
            .condition_expression(SAME)
            .set_expression_attribute_names(names(&[UPDATE, SAME]))
            .set_expression_attribute_values(values.into_map());
        Ok(if_held(call::write("dynamodb:UpdateItem", request.send()).await)?.is_some())
    }

    /// Forgets an object: it has been deleted, or is not to be.
    pub async fn forget_object(&self, object: &RetiredObject) -> Result<(), StorageError> {
        let request = self
            .client
            .delete_item()
            .table_name(&self.names.retired_objects)
            .set_key(Some(object_key(object)));
        call::write("dynamodb:DeleteItem", request.send()).await.map(drop)
    }
}

impl Transaction {
    /// Says that an object is to be deleted.
    pub(super) fn retire(self, tables: &Tables, object: &RetiredObject) -> Result<Self, StorageError> {
        let new = Condition::ObjectNotRetired.when("attribute_not_exists(#object_id)");
        self.put(&tables.names.retired_objects, row(&RetiredRow::of(object))?, new)
    }
}
