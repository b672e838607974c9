//! Clearing away, once an upload has ended. Everything here may be repeated.

use futures::stream::{self, StreamExt, TryStreamExt};
use sluice_domain::key::ObjectKey;
use sluice_domain::upload::{Upload, UploadState};
use sluice_storage::StorageError;
use sluice_storage::bucket::ObjectHead;

use crate::packs::Packs;
use crate::{App, checkpoint};

/// How many objects are deleted at once.
const DELETES_IN_FLIGHT: usize = 8;

/// Clears what any run of any worker may have left behind of the object that lies in the landing bucket. If none does,
/// an earlier run came to its end.
pub async fn clear_all(app: &App, upload: &Upload) -> Result<(), StorageError> {
    let Some(head) = app.landing.head(&upload.landing_key().object_key()).await? else { return Ok(()) };
    if !is_adopted(app, upload, &head).await? {
        clear_vault(app, upload, &head).await?;
    }
    clear_checkpoint(app, upload, &head).await?;
    clear_landing(app, upload).await
}

/// Removes the landed object, which goes last: as long as it is there, a repeated message comes back to this.
pub async fn clear_landing(app: &App, upload: &Upload) -> Result<(), StorageError> {
    app.landing.delete(&upload.landing_key().object_key()).await
}

/// Removes the checkpoint.
pub async fn clear_checkpoint(app: &App, upload: &Upload, head: &ObjectHead) -> Result<(), StorageError> {
    app.vault.delete(&checkpoint::key(upload, head)).await
}

/// Whether the content that the upload's version has lies in the vault as the copy of this very object.
async fn is_adopted(app: &App, upload: &Upload, head: &ObjectHead) -> Result<bool, StorageError> {
    if upload.state != UploadState::Available {
        return Ok(false);
    }
    let version = app.tables.version(upload.file_id, upload.version_id).await?;
    let Some(sha256) = version.and_then(|version| version.sha256) else { return Ok(false) };
    let content = app.tables.content(upload.account_id, &sha256).await?;
    let own = ObjectKey::adopted(upload.account_id, upload.brought_id(&head.etag));
    Ok(content.is_some_and(|content| content.object_key == own.as_str()))
}

/// Removes what was written to the vault for an object that was not adopted: nothing refers to it.
pub async fn clear_vault(app: &App, upload: &Upload, head: &ObjectHead) -> Result<(), StorageError> {
    let packs = Packs::new(upload, head).possible(head.size);
    app.tables.delete_packs(&packs).await?;
    let (account, brought) = (upload.account_id, upload.brought_id(&head.etag));
    let indexes = packs.into_iter().map(|pack| ObjectKey::pack_index(account, pack));
    let whole = [ObjectKey::adopted(account, brought), ObjectKey::manifest(account, brought)];
    stream::iter(indexes.chain(whole))
        .map(|key| async move { app.vault.delete(&key).await })
        .buffer_unordered(DELETES_IN_FLIGHT)
        .try_collect()
        .await
}
