//! Moves packs: writes a pack again, verifies it, and only then changes its placement.
//!
//! 1. The new object is registered for deletion in a day, in case the move ends here.
//! 2. The pack is read, every chunk checked, encoded and written. No two attempts write the same object.
//! 3. The new object is verified, by a checksum that the store has computed or by reading all of it back.
//! 4. One transaction changes the placement, if the pack is live and has not been moved since. It takes the
//!    registration back, registers the former object for deletion after a grace period, and stores the
//!    receipt.
//!
//! Any step may be repeated, and the move may end after any step. Two movers of one pack write two objects;
//! one becomes the placement, and the other is deleted.

use bytes::Bytes;
use futures::stream::{self, StreamExt, TryStreamExt};
use sha2::Digest as _;
use sluice_domain::blob::{Blob, Pack, Placement};
use sluice_domain::hash::Sha256;
use sluice_domain::id::VersionId;
use sluice_domain::key::ObjectKey;
use sluice_domain::pack_index::PackIndex;
use sluice_domain::pack_move::{
    ObjectOwner, Receipt, ReceiptObject, RetiredObject, UNPLACED_LIFE, Verification,
};
use sluice_domain::time::Timestamp;
use sluice_storage::stores::PackBuckets;
use sluice_storage::tables::{PlacementChange, PlacementChanged};
use sluice_storage::{Bucket, GetOptions, PutOptions, Tables, Written};
use std::time::Duration;

use crate::crc64::crc64;
use crate::encode::{EncodedPack, Form, encode};
use crate::error::PackError;
use crate::pace::Pace;
use crate::receipt::Signer;
use crate::subject::{self, Packs};

/// How many bytes are read back at once.
const READ_BACK_BYTES: u64 = 8 << 20;

#[derive(Debug)]
pub struct Mover {
    pub tables: Tables,
    pub buckets: PackBuckets,
    /// How long former objects are kept. This must outlive every presigned URL of them.
    pub grace: Duration,
    /// The signer of receipts; none if no receipts are wanted.
    pub signer: Option<Signer>,
    /// The bandwidth of reads.
    pub pace: Pace,
    pub now: fn() -> Timestamp,
}

/// A request to move a pack.
#[derive(Debug, Clone, Copy)]
pub struct Move<'a> {
    pub pack: &'a Pack,
    pub index: &'a PackIndex,
    /// The store that the pack is moved to. May be the one that it is in, to change the encoding only.
    pub store: &'a str,
    pub form: Form,
    /// Names this attempt. A repetition after a kill has the same name, any other attempt has another.
    pub attempt: &'a str,
}

/// The result of a move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moved {
    /// The pack was moved.
    Done {
        /// The length of the new object in bytes.
        stored_bytes: u64,
    },
    /// Another mover has moved the pack, or it is no longer live.
    Overtaken,
}

/// What was sent to a bucket.
#[derive(Debug, Clone, Copy)]
pub struct Sent {
    pub length_bytes: u64,
    pub sha256: Sha256,
    /// The CRC-64/XZ.
    pub crc64: u64,
}

/// An object that was written and verified.
struct VerifiedObject {
    written: Written,
    verified_by: Verification,
}

impl Mover {
    /// Moves a pack, unless another mover is faster.
    pub async fn move_pack(&self, order: Move<'_>) -> Result<Moved, PackError> {
        let Move { pack, index, store, form, attempt } = order;
        // A store that is not registered is refused before anything is read or written.
        let target = self.buckets.get(store)?;
        let generation = pack.placement.generation + 1;
        let attempt = format!("{attempt}/{store}/{generation}");
        let key = ObjectKey::moved_pack(pack.account_id, pack.pack_id, &attempt);
        let unplaced = RetiredObject {
            store: store.to_owned(),
            key: key.to_string(),
            account_id: pack.account_id,
            owner: ObjectOwner::Pack(pack.pack_id),
            due_at: (self.now)().after(UNPLACED_LIFE),
        };
        self.tables.retire_unplaced(&unplaced).await?;
        let EncodedPack { bytes, encoding, frames } =
            encode(&self.buckets, pack, index, form, &self.pace).await?;
        let (bytes, sent) = tokio::task::spawn_blocking(move || {
            let length_bytes = bytes.len() as u64;
            let sent = Sent { length_bytes, sha256: Sha256::of(&bytes), crc64: crc64(&bytes) };
            (bytes, sent)
        })
        .await
        .map_err(|error| PackError::Compressor(error.to_string()))?;
        let Some(verified) = write(target, &key, bytes, &sent).await? else {
            return Err(PackError::NotAsSent { store: store.to_owned(), pack: pack.pack_id });
        };
        let placement = Placement {
            store: store.to_owned(),
            key: key.to_string(),
            offset: 0,
            length: sent.length_bytes,
            encoding,
            frames,
            generation,
        };
        let receipt = self.receipt(pack, &placement, &verified, &sent).await?;
        let change = PlacementChange {
            pack,
            placement,
            grace: self.grace,
            receipt: receipt.as_ref(),
            now: (self.now)(),
        };
        match self.tables.change_placement(&change).await? {
            PlacementChanged::Done => {
                let saved = pack.placement.length.cast_signed() - sent.length_bytes.cast_signed();
                if saved != 0 {
                    self.tables.count_saved(pack.account_id, saved).await?;
                }
                Ok(Moved::Done { stored_bytes: sent.length_bytes })
            }
            PlacementChanged::Overtaken => Ok(Moved::Overtaken),
        }
    }

    /// Retires the object that was adopted for a blob, once every pack has left it.
    pub async fn release(&self, blob: &Blob, packs: &Packs) -> Result<(), PackError> {
        if blob.object_key.is_none() {
            return Ok(());
        }
        for batch in packs.batches() {
            let rows = subject::rows(&self.tables, blob.account_id, batch).await?;
            if rows.len() < batch.len() || rows.iter().any(|pack| packs.is_in_object(pack)) {
                tracing::warn!(blob = blob.blob_id, "not all packs have left the object");
                return Ok(());
            }
        }
        // If another worker is faster, the object is retired too.
        self.tables.release_object(blob, (self.now)(), self.grace).await?;
        Ok(())
    }

    async fn receipt(
        &self,
        pack: &Pack,
        placement: &Placement,
        verified: &VerifiedObject,
        sent: &Sent,
    ) -> Result<Option<Receipt>, PackError> {
        let Some(signer) = &self.signer else { return Ok(None) };
        let VerifiedObject { written, verified_by } = verified;
        let source_key = ObjectKey::from_stored(&*pack.placement.key);
        let source = self.buckets.get(&pack.placement.store)?.head(&source_key).await?;
        let source_etag = source.map(|head| head.etag).unwrap_or_default();
        let moved_at = (self.now)();
        // Derived, so that a repeated move gives the same receipt.
        let seed = format!("{}/{}", pack.pack_id, placement.key);
        let receipt = Receipt {
            scope: pack.account_id.to_string(),
            receipt_id: VersionId::derived(moved_at, seed.as_bytes()).to_string(),
            pack_id: Some(pack.pack_id),
            source: self.object(&pack.placement, source_etag)?,
            target: self.object(placement, written.etag.clone())?,
            size: sent.length_bytes,
            sha256: sent.sha256,
            crc64: written.crc64.map(|crc64| format!("{crc64:016x}")),
            verified_by: *verified_by,
            moved_at,
            public_key: String::new(),
            signature: String::new(),
        };
        Ok(Some(signer.sign(receipt)))
    }

    fn object(&self, placement: &Placement, etag: String) -> Result<ReceiptObject, PackError> {
        let bucket = self.buckets.get(&placement.store)?.name().to_owned();
        let Placement { store, key, offset, .. } = placement.clone();
        Ok(ReceiptObject { store, bucket, key, offset, etag })
    }
}

/// Writes the object and verifies that the store holds it. If it does not, deletes the object and returns
/// nothing.
async fn write(
    target: &Bucket,
    key: &ObjectKey,
    bytes: Bytes,
    sent: &Sent,
) -> Result<Option<VerifiedObject>, PackError> {
    let options = PutOptions { sha256: Some(&sent.sha256), ..PutOptions::default() };
    let written = target.put(key, bytes, options).await?;
    let verified_by = verify_written(target, key, &written, sent).await?;
    if verified_by.is_none() {
        target.delete(key).await?;
    }
    Ok(verified_by.map(|verified_by| VerifiedObject { written, verified_by }))
}

/// Verifies that a bucket holds what was sent, and returns how; nothing if it does not hold that. Reads the
/// object back where the store has verified nothing.
pub async fn verify_written(
    bucket: &Bucket,
    key: &ObjectKey,
    written: &Written,
    sent: &Sent,
) -> Result<Option<Verification>, PackError> {
    Ok(match written.crc64 {
        Some(crc64) => (crc64 == sent.crc64).then_some(Verification::Crc64),
        None if written.sha256_verified => Some(Verification::Sha256),
        None => {
            let held = read_back(bucket, key, sent.length_bytes).await?;
            (held == sent.sha256).then_some(Verification::ReadBack)
        }
    })
}

/// Reads an object and returns its SHA-256.
async fn read_back(bucket: &Bucket, key: &ObjectKey, length: u64) -> Result<Sha256, PackError> {
    let starts = (0..length).step_by(READ_BACK_BYTES as usize);
    let mut reads = stream::iter(starts)
        .map(|start| bucket.get(key, GetOptions::range(start..length.min(start + READ_BACK_BYTES))))
        .buffered(2);
    let mut hasher = sha2::Sha256::new();
    while let Some(object) = reads.try_next().await? {
        hasher.update(&object.bytes);
    }
    Ok(<[u8; Sha256::LENGTH]>::from(hasher.finalize()).into())
}
