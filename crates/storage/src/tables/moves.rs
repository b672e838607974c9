//! Moves of packs: each is one transaction, or nothing.

use sluice_domain::blob::{Blob, Pack, Placement, VAULT};
use sluice_domain::pack_move::{Former, ObjectOwner, Receipt, RetiredObject, object_id};
use sluice_domain::time::Timestamp;
use std::time::Duration;

use super::Tables;
use super::packs::pack_key;
use crate::error::StorageError;
use crate::transaction::{Cancelled, Condition, Transaction, key, row};

/// A pack that has been written somewhere else and verified there.
#[derive(Debug)]
pub struct PlacementChange<'a> {
    /// The pack as it was read.
    pub pack: &'a Pack,
    /// Where it shall be read from now on.
    pub placement: Placement,
    /// How long the object in which it lay is kept: longer than any presigned URL of it lives.
    pub grace: Duration,
    /// The proof.
    pub receipt: Option<&'a Receipt>,
    /// The present.
    pub now: Timestamp,
}

/// What came of a move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlacementChanged {
    /// It happened.
    Done,
    /// The pack has been moved by somebody else, or is going. Nothing happened.
    Overtaken,
}

impl PlacementChange<'_> {
    /// The object that the pack leaves, unless others lie in it: an adopted object goes when all have left.
    fn left(&self) -> Option<RetiredObject> {
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
    /// Makes a pack be read from where it has been written, if it still lies where it was read from.
    ///
    /// # Errors
    /// `Conflict` if the new object was written so long ago that it counts as abandoned: it must be written anew.
    pub async fn change_placement(
        &self,
        flip: &PlacementChange<'_>,
    ) -> Result<PlacementChanged, StorageError> {
        let former = Former { placement: flip.pack.placement.clone(), until: flip.now.after(flip.grace) };
        let mut transaction = Transaction::new()
            .update(
                &self.names.packs,
                pack_key(flip.pack.pack_id),
                "SET #placement = :placement, #former = :former",
                Condition::PackUnmoved
                    .when("#life = :live AND #placement.#generation = :generation")
                    .with(":placement", &flip.placement)?
                    .with(":former", &former)?
                    .with(":live", &"live")?
                    .with(":generation", &flip.pack.placement.generation)?,
            )?
            .delete(
                &self.names.retired_objects,
                key([("object_id", &object_id(&flip.placement.store, &flip.placement.key))]),
                Condition::ObjectUnplaced
                    .when("attribute_exists(#object_id) AND attribute_not_exists(#condemned)"),
            )?;
        if let Some(left) = flip.left() {
            transaction = transaction.retire(self, &left)?;
        }
        if let Some(receipt) = flip.receipt {
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

    /// Makes a blob be read from its packs alone, all of which have left the object that was adopted.
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
                "REMOVE #object_key",
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
