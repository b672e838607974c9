//! Writes packs' rows and attachments, and removes packs that nothing refers to.

use sluice_domain::blob::{ATTACHMENT_INLINE_MAX_BYTES, Attachment, Life, Pack, Placement};
use sluice_domain::id::{AccountId, PackId};
use sluice_domain::key::ObjectKey;
use sluice_domain::pack_index::PackIndex;
use sluice_domain::time::Timestamp;
use sluice_storage::{PutOptions, StorageError};

use crate::app::App;

/// A pack to be recorded. Its bytes are in the vault, or will be before it is published.
pub struct NewPack<'a> {
    pub account_id: AccountId,
    pub index: &'a PackIndex,
    /// The vault object that has the pack, and where it begins there.
    pub object: (&'a ObjectKey, u64),
    pub references: u64,
    pub created_at: Timestamp,
}

/// Writes a pack's index, if it is too large for the row, and then the row. Writing them again changes
/// nothing.
pub async fn create_pack(app: &App, pack: NewPack<'_>) -> Result<(), StorageError> {
    let NewPack { account_id, index, object: (key, offset), references, created_at } = pack;
    let pack_id = index.pack_id();
    let size = u64::from(index.raw_length_bytes());
    let index_key = ObjectKey::pack_index(account_id, pack_id);
    let row = Pack {
        pack_id,
        account_id,
        life: Life::Live,
        references,
        size,
        chunk_count: index.chunks().len() as u32,
        index: save_attachment(app, index_key, index.encode()).await?,
        placement: Placement::first(key.to_string(), offset, size),
        former: None,
        created_at,
    };
    app.tables.create_pack(&row).await
}

/// Returns the bytes to be kept in a row, or writes them to the vault if they are too long for that.
pub async fn save_attachment(app: &App, key: ObjectKey, bytes: Vec<u8>) -> Result<Attachment, StorageError> {
    if bytes.len() <= ATTACHMENT_INLINE_MAX_BYTES {
        return Ok(Attachment::Inline(bytes));
    }
    app.vault.put(&key, bytes.into(), PutOptions::default()).await?;
    Ok(Attachment::Object(key.to_string()))
}

/// Removes packs that were written for an upload which has finished, unless a blob refers to them.
pub async fn discard_unreferenced<'p>(
    app: &App,
    account: AccountId,
    packs: impl IntoIterator<Item = &'p PackId>,
) -> Result<(), StorageError> {
    for pack in packs {
        if let Some(row) = app.tables.delete_unreferenced_pack(*pack).await? {
            // The pack was never published, so it was never moved.
            let object = ObjectKey::from_stored(row.placement.key);
            app.vault.delete_all([object, ObjectKey::pack_index(account, *pack)]).await?;
        }
    }
    Ok(())
}
