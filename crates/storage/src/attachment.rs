//! Reads the attachments of rows: manifests and pack indexes.

use bytes::Bytes;
use sluice_domain::blob::Attachment;
use sluice_domain::key::ObjectKey;

use crate::bucket::Bucket;
use crate::error::StorageError;
use crate::get::GetOptions;

/// The bytes of an attachment, from the row itself or from the vault.
///
/// # Errors
/// `NotFound` if the object is gone.
pub async fn read_attachment(vault: &Bucket, attachment: &Attachment) -> Result<Bytes, StorageError> {
    let key = match attachment {
        Attachment::Inline(bytes) => return Ok(Bytes::copy_from_slice(bytes)),
        Attachment::Object(key) => ObjectKey::from_stored(key),
    };
    Ok(vault.get(&key, GetOptions::whole()).await?.bytes)
}
