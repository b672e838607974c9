//! Changes the placement of packs, each time in one transaction.

use sluice_domain::blob::{Blob, Former, Pack, Placement, VAULT};
use sluice_domain::pack_move::{ObjectOwner, Receipt, RetiredObject, object_id};
use sluice_domain::time::Timestamp;
use std::time::Duration;

use super::Tables;
use super::packs::pack_key;
use crate::error::StorageError;
use crate::transaction::{Cancelled, Change, Condition, Transaction, key, row};

/// A new placement of a pack, written and verified.
#[derive(Debug)]
pub struct PlacementChange<'a> {
    /// The pack as it was read.
    pub pack: &'a Pack,
    /// The placement from now on.
    pub placement: Placement,
    /// How long the former object is kept. It must outlive every presigned URL of it.
    pub grace: Duration,
    /// The receipt of the move.
    pub receipt: Option<&'a Receipt>,
    pub now: Timestamp,
}

/// The result of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlacementChanged {
    /// The placement was changed.
    Done,
    /// Another worker has moved the pack, or it is no longer live. Nothing was changed.
    Overtaken,
}

impl PlacementChange<'_> {
    /// The former object of the pack, unless it is adopted: other packs may still be in it.
    fn former_object(&self) -> Option<RetiredObject> {
        let Placement { store, key, .. } = &self.pack.placement;
        (!self.pack.placement.is_in_adopted_object()).then(|| RetiredObject {
            store: store.clone(),
            key: key.clone(),
            account_id: self.pack.account_id,
            owner: ObjectOwner::Pack(self.pack.pack_id),
            due_at: self.now.after(self.grace),
        })
    }
}

impl Tables {
    /// Changes the placement of a pack that has not been moved since it was read.
    ///
    /// # Errors
    /// `Conflict` if the new object was written so long ago that it counts as abandoned. Write it again.
    pub async fn change_placement(
        &self,
        change: &PlacementChange<'_>,
    ) -> Result<PlacementChanged, StorageError> {
        let former =
            Former { placement: change.pack.placement.clone(), until: change.now.after(change.grace) };
        let mut transaction = Transaction::new()
            .update(
                &self.names.packs,
                pack_key(change.pack.pack_id),
                Change::new("SET #placement = :placement, #former = :former")
                    .with(":placement", &change.placement)?
                    .with(":former", &former)?,
                Condition::PackUnmoved
                    .when("#life = :live AND #placement.#generation = :generation")
                    .with(":live", &"live")?
                    .with(":generation", &change.pack.placement.generation)?,
            )?
            .delete(
                &self.names.retired_objects,
                key([("object_id", &object_id(&change.placement.store, &change.placement.key))]),
                Condition::ObjectUnplaced
                    .when("attribute_exists(#object_id) AND attribute_not_exists(#condemned)"),
            )?;
        if let Some(object) = change.former_object() {
            transaction = transaction.retire(self, &object)?;
        }
        if let Some(receipt) = change.receipt {
            let new = Condition::ReceiptNew.when("attribute_not_exists(#receipt_id)");
            transaction = transaction.put(&self.names.receipts, row(receipt)?, new)?;
        }
        match transaction.commit(&self.client).await {
            Ok(()) => Ok(PlacementChanged::Done),
            Err(Cancelled::Conditions(failed)) if failed.contains(&Condition::PackUnmoved) => {
                Ok(PlacementChanged::Overtaken)
            }
            Err(error) => Err(error.into_error()),
        }
    }

    /// Retires the object that was adopted for a blob, once all packs have left it. From then on the blob is
    /// read from its packs alone.
    pub async fn release_object(
        &self,
        blob: &Blob,
        now: Timestamp,
        grace: Duration,
    ) -> Result<PlacementChanged, StorageError> {
        let Some(object_key) = &blob.object_key else { return Ok(PlacementChanged::Overtaken) };
        let left = RetiredObject {
            store: VAULT.to_owned(),
            key: object_key.clone(),
            account_id: blob.account_id,
            owner: ObjectOwner::Blob(blob.sha256),
            due_at: now.after(grace),
        };
        let transaction = Transaction::new()
            .update(
                &self.names.blobs,
                key([("blob_id", &blob.blob_id)]),
                Change::new("REMOVE #object_key"),
                Condition::BlobInObject.when("#object_key = :object_key").with(":object_key", object_key)?,
            )?
            .retire(self, &left)?;
        match transaction.commit(&self.client).await {
            Ok(()) => Ok(PlacementChanged::Done),
            Err(Cancelled::Conditions(_)) => Ok(PlacementChanged::Overtaken),
            Err(Cancelled::Error(error)) => Err(error),
        }
    }
}
