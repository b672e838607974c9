//! Adopts an object: the store copies it into the vault, and its packs are ranges of the copy.

use sluice_contracts::pack_event::Subject;
use sluice_deployment::clock;
use sluice_domain::blob::Blob;
use sluice_domain::key::ObjectKey;
use sluice_domain::manifest::Manifest;
use sluice_domain::part_plan::UploadMethod;
use sluice_domain::publication::StoredBlob;
use sluice_storage::{Copy, CopyProgress, ObjectHead};

use crate::compression::worth_compressing;
use crate::error::DedupError;
use crate::read::hashed_object::HashedObject;
use crate::vault::save_attachment;
use crate::work::{StoreResult, StoredUpload, UploadWork};

/// Copies the object and saves its manifest. Its packs must be saved.
pub async fn adopt(
    work: &UploadWork<'_>,
    head: &ObjectHead,
    hashed: &mut HashedObject,
) -> Result<StoreResult, DedupError> {
    let UploadWork { app, upload, .. } = *work;
    let object_version = upload.object_version_id(&head.etag);
    let object_key = ObjectKey::adopted(upload.account_id, object_version);
    if copy(work, head, &object_key, &mut hashed.copy_multipart_id).await? == CopyProgress::OutOfTime {
        return Ok(StoreResult::OutOfTime);
    }
    let HashedObject { digest, packs, .. } = hashed;
    let manifest = Manifest::new(digest.size_bytes, digest.sha256, packs.terms.clone())?;
    let manifest_key = ObjectKey::manifest(upload.account_id, object_version);
    let manifest = save_attachment(app, manifest_key, manifest.encode()).await?;
    let blob = Blob::new(upload.account_id, digest, manifest, clock::now());
    Ok(StoreResult::Stored(Box::new(StoredUpload {
        blob: StoredBlob {
            blob: Blob { object_key: Some(object_key.to_string()), ..blob },
            // The packs have the blob's reference from the beginning.
            packs: Vec::new(),
            new_bytes: packs.new_bytes,
            stored_bytes: head.size,
        },
        written_packs: Vec::new(),
        to_compress: worth_compressing(Subject::Blob(digest.sha256), head.size),
        hooks: packs.hooks.clone(),
    })))
}

/// If time runs out, the multipart upload has the parts copied so far.
async fn copy(
    work: &UploadWork<'_>,
    head: &ObjectHead,
    target_key: &ObjectKey,
    multipart_id: &mut Option<String>,
) -> Result<CopyProgress, DedupError> {
    let UploadWork { app, upload, out_of_time, .. } = *work;
    let source_key = upload.landing_key().object_key();
    let copy = Copy { source: &app.landing, source_key: &source_key, head, target: &app.vault, target_key };
    // Where no condition protects the copy of a part, a second PUT could replace what was verified. What
    // landed in parts cannot be replaced.
    let needs_condition = upload.method() == UploadMethod::Put && !app.vault.checks_copied_parts();
    if head.size <= app.copy_limits.single_max_bytes || needs_condition {
        copy.whole().await?;
        return Ok(CopyProgress::Complete);
    }
    Ok(copy.in_parts(multipart_id, app.copy_limits, out_of_time).await?)
}
