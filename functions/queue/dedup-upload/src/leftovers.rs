//! Clearing away, once an upload has ended. Everything here may be repeated.

use futures::stream::{self, StreamExt, TryStreamExt};
use sluice_domain::key::ObjectKey;
use sluice_domain::upload::{Upload, UploadState};
use sluice_storage::StorageError;

use crate::packs::possible_packs;
use crate::{App, checkpoint};

/// How many objects are deleted at once.
const DELETES_IN_FLIGHT: usize = 8;

/// Clears what any run of any worker may have left behind for an upload that has ended.
pub async fn clear_all(app: &App, upload: &Upload) -> Result<(), StorageError> {
    if !is_adopted(app, upload).await? {
        clear_vault(app, upload).await?;
    }
    clear_landing(app, upload, true).await
}

/// Removes the landed object, which goes last: as long as it is there, a repeated message comes back to this.
pub async fn clear_landing(app: &App, upload: &Upload, checkpointed: bool) -> Result<(), StorageError> {
    if checkpointed {
        app.vault.delete(&checkpoint::key(upload)).await?;
    }
    app.landing.delete(&upload.landing_key().object_key()).await
}

/// Whether the content that the upload's version has lies in the object that this upload brought.
async fn is_adopted(app: &App, upload: &Upload) -> Result<bool, StorageError> {
    if upload.state != UploadState::Available {
        return Ok(false);
    }
    let version = app.tables.version(upload.file_id, upload.version_id).await?;
    let Some(sha256) = version.and_then(|version| version.sha256) else { return Ok(false) };
    let content = app.tables.content(upload.account_id, &sha256).await?;
    let own = ObjectKey::adopted(upload.account_id, upload.upload_id);
    Ok(content.is_some_and(|content| content.object_key == own.as_str()))
}

/// Removes what was written to the vault for an upload whose content was not adopted: nothing refers to it.
pub async fn clear_vault(app: &App, upload: &Upload) -> Result<(), StorageError> {
    let packs = possible_packs(upload);
    app.tables.delete_packs(&packs).await?;
    let account = upload.account_id;
    let indexes = packs.into_iter().map(|pack| ObjectKey::pack_index(account, pack));
    let whole =
        [ObjectKey::adopted(account, upload.upload_id), ObjectKey::manifest(account, upload.upload_id)];
    stream::iter(indexes.chain(whole))
        .map(|key| async move { app.vault.delete(&key).await })
        .buffer_unordered(DELETES_IN_FLIGHT)
        .try_collect()
        .await
}
