//! Stores packs and their references.

use aws_sdk_dynamodb::types::{DeleteRequest, WriteRequest};
use sluice_domain::blob::Pack;
use sluice_domain::id::PackId;

use super::Tables;
use super::batch::Consistency;
use crate::call::{self, if_held};
use crate::error::StorageError;
use crate::transaction::{Change, Condition, Row, Transaction, Values, key, names, row};

pub(super) fn pack_key(pack: PackId) -> Row {
    key([("pack_id", &pack.to_string())])
}

impl Tables {
    /// Those of the packs that exist, in no order. No id may occur twice.
    pub async fn packs(&self, ids: &[PackId]) -> Result<Vec<Pack>, StorageError> {
        self.get_many(&self.names.packs, ids.iter().map(|id| pack_key(*id)).collect(), Consistency::Strong)
            .await
    }

    /// Writes a pack. One that exists is left as it is, because it may have references by now.
    pub async fn create_pack(&self, pack: &Pack) -> Result<(), StorageError> {
        const NEW: &str = "attribute_not_exists(#pack_id)";
        let request = self
            .client
            .put_item()
            .table_name(&self.names.packs)
            .set_item(Some(row(pack)?))
            .condition_expression(NEW)
            .set_expression_attribute_names(names(&[NEW]));
        if_held(call::write_row("dynamodb:PutItem", || request.clone().send()).await).map(drop)
    }

    /// Deletes packs that were cut for a blob that was never published, so that nothing refers to them.
    pub async fn delete_packs(&self, packs: &[PackId]) -> Result<(), StorageError> {
        let requests = packs.iter().map(|pack| {
            let delete = DeleteRequest::builder().set_key(Some(pack_key(*pack))).build();
            let delete = delete.map_err(|error| StorageError::fault("delete packs", error))?;
            Ok(WriteRequest::builder().delete_request(delete).build())
        });
        self.write_many(&self.names.packs, requests.collect::<Result<_, StorageError>>()?).await
    }

    /// Deletes a pack without references and returns it. Nothing if it has references or is gone.
    ///
    /// It is read first: the answer to a repeated request would not hold what the first one deleted.
    pub async fn delete_unreferenced_pack(&self, pack: PackId) -> Result<Option<Pack>, StorageError> {
        const UNREFERENCED: &str = "attribute_not_exists(#pack_id) OR #references = :none";
        let Some(row) = self.packs(&[pack]).await?.pop() else { return Ok(None) };
        let request = self
            .client
            .delete_item()
            .table_name(&self.names.packs)
            .set_key(Some(pack_key(pack)))
            .condition_expression(UNREFERENCED)
            .set_expression_attribute_names(names(&[UNREFERENCED]))
            .set_expression_attribute_values(Values::new().with(":none", &0)?.into_map());
        let answer = if_held(call::write_row("dynamodb:DeleteItem", || request.clone().send()).await)?;
        Ok(answer.map(|_| row))
    }
}

impl Transaction {
    /// Takes a reference on each pack, if all are live.
    pub(super) fn refer_to_packs(self, tables: &Tables, packs: &[PackId]) -> Result<Self, StorageError> {
        packs.iter().try_fold(self, |transaction, pack| {
            transaction.update(
                &tables.names.packs,
                pack_key(*pack),
                Change::new("SET #references = #references + :one").with(":one", &1)?,
                Condition::PackLive.when("#life = :live").with(":live", &"live")?,
            )
        })
    }
}
