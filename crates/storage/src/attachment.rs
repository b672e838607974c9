//! Bytes of a binary format, wherever they are kept.

use bytes::Bytes;
use sluice_domain::blob::Attachment;
use sluice_domain::key::ObjectKey;

use crate::bucket::Bucket;
use crate::error::{ErrorKind, StorageError};

/// The bytes of a table: from the row itself, or from the vault.
///
/// # Errors
/// `NotFound` if the object is gone.
pub async fn read_attachment(vault: &Bucket, table: &Attachment) -> Result<Bytes, StorageError> {
    let key = match table {
        Attachment::Inline(bytes) => return Ok(Bytes::copy_from_slice(bytes)),
        Attachment::Object(key) => ObjectKey::from_stored(key),
    };
    vault.get(&key).await?.ok_or_else(|| StorageError {
        kind: ErrorKind::NotFound,
        operation: "s3:GetObject",
        message: format!("{key} is gone"),
    })
}
