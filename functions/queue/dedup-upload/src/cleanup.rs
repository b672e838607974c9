//! Cleans up after an upload has finished. Every step may be repeated.

use sluice_contracts::pack_event::Subject;
use sluice_domain::blob::Blob;
use sluice_domain::id::PackId;
use sluice_domain::key::ObjectKey;
use sluice_domain::part_plan::PartNumber;
use sluice_domain::upload::{Upload, UploadState};
use sluice_storage::{ObjectHead, StorageError};
use std::collections::HashSet;

use crate::app::App;
use crate::compression::{self, worth_compressing};
use crate::dedup::{chunk_index, lookup};
use crate::error::DedupError;
use crate::pack_ids::{possible_cut_pack_ids, received_pack_id};
use crate::read::checkpoint;
use crate::vault;

/// Removes whatever any run of any worker may have left, and completes what it may have omitted after
/// publication. If the landing bucket has nothing of the upload any more, an earlier run has completed all of
/// this.
pub async fn clean_up(app: &App, upload: &Upload) -> Result<(), DedupError> {
    let Some(head) = app.landing.head(&upload.delivered_key()).await? else { return Ok(()) };
    let blob = load_blob(app, upload).await?;
    if let Some(blob) = &blob {
        chunk_index::add_blob(app, blob).await?;
        if let Some(subject) = worth_compressing(Subject::Blob(blob.sha256), blob.size) {
            compression::enqueue(app, blob.account_id, subject).await?;
        }
    }
    if upload.packs.is_some() {
        discard_received_packs(app, upload).await?;
    } else {
        if !is_adopted(app, upload, &head, blob.as_ref()).await? {
            remove_unadopted(app, upload, &head).await?;
        }
        remove_checkpoint(app, upload, &head).await?;
    }
    remove_landed(app, upload).await
}

/// To be called when the landed bytes are missing, or the upload turns out to have finished. Cleans up if
/// another worker has finished it meanwhile. Fails otherwise: the bytes are lost.
pub async fn clean_up_if_finished(app: &App, upload: &Upload) -> Result<(), DedupError> {
    let now = app.tables.upload(upload.upload_id).await?;
    match now.filter(|now| now.state.is_final()) {
        Some(finished) => clean_up(app, &finished).await,
        None => Err(DedupError::BytesMissing(upload.landing_key())),
    }
}

/// Completes an upload that an earlier run began. If that run saved packs for adoption, this run does not
/// know their chunks, and reads them from the published blob to index them.
pub async fn clean_up_resumed(
    app: &App,
    upload: &Upload,
    head: &ObjectHead,
    adopted: bool,
) -> Result<(), DedupError> {
    if adopted
        && let Some(upload) = app.tables.upload(upload.upload_id).await?
        && let Some(blob) = load_blob(app, &upload).await?
    {
        chunk_index::add_blob(app, &blob).await?;
    }
    Ok(remove_checkpoint(app, upload, head).await?)
}

/// Removes what was written to the vault in order to adopt an object that was not adopted. Nothing refers to
/// it.
pub async fn remove_unadopted(app: &App, upload: &Upload, head: &ObjectHead) -> Result<(), StorageError> {
    let account = upload.account_id;
    let object_version = upload.object_version_id(&head.etag);
    let packs = possible_cut_pack_ids(upload, object_version, head.size);
    app.tables.delete_packs(&packs).await?;
    let indexes = packs.into_iter().map(|pack| ObjectKey::pack_index(account, pack));
    let object_and_manifest =
        [ObjectKey::adopted(account, object_version), ObjectKey::manifest(account, object_version)];
    app.vault.delete_all(indexes.chain(object_and_manifest)).await
}

/// Removes what landed. The object that shows that everything has arrived goes last: while it is there, a
/// repeated message leads to another attempt.
pub async fn remove_landed(app: &App, upload: &Upload) -> Result<(), DedupError> {
    let mut keys = upload.landed_keys();
    let delivered = keys.pop();
    app.landing.delete_all(keys).await?;
    Ok(app.landing.delete_all(delivered).await?)
}

async fn remove_checkpoint(app: &App, upload: &Upload, head: &ObjectHead) -> Result<(), StorageError> {
    app.vault.delete(&checkpoint::key(upload, head)).await
}

/// Discards the packs of a finished delta upload, unless a blob refers to them.
async fn discard_received_packs(app: &App, upload: &Upload) -> Result<(), DedupError> {
    for number in 1..=upload.part_count() {
        let Ok(part) = PartNumber::try_from(number) else { break };
        let Some(head) = app.landing.head(&upload.landing_key().pack(part)).await? else { continue };
        let pack = received_pack_id(upload, number, &head.etag);
        vault::discard_unreferenced(app, upload.account_id, &[pack]).await?;
        if app.tables.packs(&[pack]).await?.is_empty() {
            // A run that was killed between the copy and the row has left an object without a row.
            app.vault.delete(&ObjectKey::pack(upload.account_id, pack)).await?;
        }
    }
    Ok(())
}

/// Whether the blob's packs were cut out of this very object. The copy of the object may be gone, if the
/// packs were moved since.
async fn is_adopted(
    app: &App,
    upload: &Upload,
    head: &ObjectHead,
    blob: Option<&Blob>,
) -> Result<bool, DedupError> {
    let Some(blob) = blob else { return Ok(false) };
    let object_version = upload.object_version_id(&head.etag);
    let object_key = ObjectKey::adopted(upload.account_id, object_version);
    if blob.object_key.as_deref() == Some(object_key.as_str()) {
        return Ok(true);
    }
    let cut: HashSet<PackId> = possible_cut_pack_ids(upload, object_version, head.size).into_iter().collect();
    Ok(lookup::packs_of(app, blob).await?.iter().any(|pack| cut.contains(pack)))
}

/// The blob of the upload's version, if that is available.
async fn load_blob(app: &App, upload: &Upload) -> Result<Option<Blob>, DedupError> {
    if upload.state != UploadState::Available {
        return Ok(None);
    }
    let version = app.tables.version(upload.file_id, upload.version_id).await?;
    let Some(sha256) = version.and_then(|version| version.sha256) else { return Ok(None) };
    Ok(app.tables.blob(upload.account_id, &sha256).await?)
}
