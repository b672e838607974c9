//! Taking new blob into the vault: the object is copied by the store, its packs are ranges of the copy.

use sluice_contracts::pack_event::Subject;
use sluice_domain::blob::Blob;
use sluice_domain::key::ObjectKey;
use sluice_domain::manifest::Manifest;
use sluice_domain::upload::Upload;
use sluice_lambda::clock;
use sluice_storage::bucket::ObjectHead;
use sluice_storage::copy::Copy;
use sluice_storage::tables::StoredBlob;

use crate::error::DedupError;
use crate::packs::save_attachment;
use crate::store::{Stored, worth_compressing};
use crate::{App, TimeCheck, scan};

/// Brings the object and its manifest into the vault, after its packs were saved; nothing if time ran out over the copy.
pub async fn adopt(
    app: &App,
    upload: &Upload,
    head: &ObjectHead,
    blob: &mut scan::HashedObject,
    out_of_time: &TimeCheck,
) -> Result<Option<Stored>, DedupError> {
    let brought = upload.object_version_id(&head.etag);
    let object_key = ObjectKey::adopted(upload.account_id, brought);
    let source_key = upload.landing_key().object_key();
    let copy = Copy {
        source: &app.landing,
        source_key: &source_key,
        head,
        target: &app.vault,
        target_key: &object_key,
    };
    if head.size <= app.copy_limits.single_max_bytes {
        copy.whole().await?;
    } else {
        let id = match blob.copy_multipart_id.take() {
            Some(id) => id,
            None => app.vault.create_multipart(&object_key, false).await?,
        };
        let id = &*blob.copy_multipart_id.insert(id);
        if !copy.parts(id, app.copy_limits.part_bytes, out_of_time).await? {
            return Ok(None);
        }
    }
    let digest = &blob.digest;
    let manifest = Manifest::new(digest.size_bytes, digest.sha256, blob.packs.terms.clone())?;
    let manifest_key = ObjectKey::manifest(upload.account_id, brought);
    let manifest = save_attachment(app, manifest_key, manifest.encode()).await?;
    let object_key = Some(object_key.to_string());
    let adopted = Blob::new(upload.account_id, digest, object_key, manifest, clock::now());
    // Its packs have its reference from the beginning.
    let (packs, written, hooks) = (Vec::new(), Vec::new(), blob.packs.hooks.clone());
    let (new_bytes, stored_bytes) = (blob.packs.new_bytes, head.size);
    let to_compress = worth_compressing(Subject::Blob(digest.sha256), stored_bytes);
    let blob = StoredBlob { blob: adopted, packs, new_bytes, stored_bytes };
    Ok(Some(Stored { blob, written, to_compress, hooks }))
}
