//! Clearing away, once an upload has ended. Everything here may be repeated.

use sluice_contracts::pack_event::Subject;
use sluice_domain::blob::Blob;
use sluice_domain::dedup::hooks;
use sluice_domain::id::PackId;
use sluice_domain::key::ObjectKey;
use sluice_domain::upload::{Upload, UploadState};
use sluice_storage::StorageError;
use sluice_storage::bucket::ObjectHead;
use std::collections::HashSet;

use crate::error::DedupError;
use crate::packs::Packs;
use crate::{App, checkpoint, delta, known, lookup, store};

/// How many packs' indexes are read at once to make their chunks findable.
const INDEXES_IN_MEMORY: usize = 16;

/// Clears what any run of any worker may have left behind of what lies in the landing bucket. If nothing does, an
/// earlier run came to its end.
pub async fn clear_all(app: &App, upload: &Upload) -> Result<(), DedupError> {
    let Some(head) = app.landing.head(&upload.delivered_key()).await? else { return Ok(()) };
    let blob = blob_of(app, upload).await?;
    if let Some(blob) = &blob {
        index_blob(app, blob).await?;
        let of = Subject::Blob(blob.sha256);
        if let Some(of) = store::worth_compressing(of, blob.size) {
            store::enqueue(app, blob.account_id, of).await?;
        }
    }
    if upload.packs.is_some() {
        delta::discard_sent(app, upload).await?;
    } else {
        if !is_adopted(app, upload, &head, blob.as_ref()).await? {
            clear_vault(app, upload, &head).await?;
        }
        clear_checkpoint(app, upload, &head).await?;
    }
    clear_landing(app, upload).await
}

/// Whether the blob consists of packs that were cut out of this very object. The object itself may be gone: its packs may
/// have been moved since.
async fn is_adopted(
    app: &App,
    upload: &Upload,
    head: &ObjectHead,
    blob: Option<&Blob>,
) -> Result<bool, DedupError> {
    let Some(blob) = blob else { return Ok(false) };
    let own = ObjectKey::adopted(upload.account_id, upload.object_version_id(&head.etag));
    if blob.object_key.as_deref() == Some(own.as_str()) {
        return Ok(true);
    }
    let cut: HashSet<PackId> = Packs::new(upload, head).possible(head.size).into_iter().collect();
    Ok(lookup::packs_of(app, blob).await?.iter().any(|pack| cut.contains(pack)))
}

/// Clears what is only there of an upload that was begun before this run. Of an object `adopted` in several runs, this
/// one knows only the chunks it has cut itself.
pub async fn clear_begun(
    app: &App,
    upload: &Upload,
    head: &ObjectHead,
    adopted: bool,
) -> Result<(), DedupError> {
    if adopted
        && let Some(upload) = app.tables.upload(upload.upload_id).await?
        && let Some(blob) = blob_of(app, &upload).await?
    {
        index_blob(app, &blob).await?;
    }
    Ok(clear_checkpoint(app, upload, head).await?)
}

/// Removes what landed. What shows that all has arrived goes last: as long as it is there, a repeated message comes back
/// to this.
pub async fn clear_landing(app: &App, upload: &Upload) -> Result<(), DedupError> {
    let mut keys = upload.landed_keys();
    let delivered = keys.pop();
    app.landing.delete_all(keys).await?;
    Ok(app.landing.delete_all(delivered).await?)
}

async fn clear_checkpoint(app: &App, upload: &Upload, head: &ObjectHead) -> Result<(), StorageError> {
    app.vault.delete(&checkpoint::key(upload, head)).await
}

/// The blob that the upload's version has, if it is available.
async fn blob_of(app: &App, upload: &Upload) -> Result<Option<Blob>, DedupError> {
    if upload.state != UploadState::Available {
        return Ok(None);
    }
    let version = app.tables.version(upload.file_id, upload.version_id).await?;
    let Some(sha256) = version.and_then(|version| version.sha256) else { return Ok(None) };
    Ok(app.tables.blob(upload.account_id, &sha256).await?)
}

/// Makes the chunks of a published blob findable, from the indexes of its packs.
async fn index_blob(app: &App, blob: &Blob) -> Result<(), DedupError> {
    for packs in lookup::packs_of(app, blob).await?.chunks(INDEXES_IN_MEMORY) {
        let packs = known::load(app, blob.account_id, packs).await?;
        let indexes = packs.iter().map(|pack| pack.known.index());
        let hooks: Vec<_> = indexes
            .flat_map(|index| hooks(index.chunks()).into_iter().map(|hook| (hook, index.pack_id())))
            .collect();
        store::index(app, blob.account_id, &hooks).await?;
    }
    Ok(())
}

/// Removes what was written to the vault for an object that was not adopted: nothing refers to it.
pub async fn clear_vault(app: &App, upload: &Upload, head: &ObjectHead) -> Result<(), StorageError> {
    let packs = Packs::new(upload, head).possible(head.size);
    app.tables.delete_packs(&packs).await?;
    let (account, brought) = (upload.account_id, upload.object_version_id(&head.etag));
    let indexes = packs.into_iter().map(|pack| ObjectKey::pack_index(account, pack));
    let whole = [ObjectKey::adopted(account, brought), ObjectKey::manifest(account, brought)];
    app.vault.delete_all(indexes.chain(whole)).await
}
