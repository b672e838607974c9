//! Bytes of a binary format, wherever they are kept.

use bytes::Bytes;
use sluice_domain::content::Table;
use sluice_domain::key::ObjectKey;

use crate::bucket::Bucket;
use crate::error::{ErrorKind, StorageError};

/// The bytes of a table: from the row itself, or from the vault.
///
/// # Errors
/// `NotFound` if the object is gone.
pub async fn read_table(vault: &Bucket, table: &Table) -> Result<Bytes, StorageError> {
    let key = match table {
        Table::Inline(bytes) => return Ok(Bytes::copy_from_slice(bytes)),
        Table::Object(key) => ObjectKey::from_stored(key),
    };
    vault.get(&key).await?.ok_or_else(|| StorageError {
        kind: ErrorKind::NotFound,
        operation: "s3:GetObject",
        message: format!("{key} is gone"),
    })
}
