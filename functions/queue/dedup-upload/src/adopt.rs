//! Taking new content into the vault: the object is copied by the store, its packs are ranges of the copy.

use sluice_contracts::pack_event::Subject;
use sluice_domain::content::Content;
use sluice_domain::key::ObjectKey;
use sluice_domain::manifest::Manifest;
use sluice_domain::upload::Upload;
use sluice_lambda::clock;
use sluice_storage::bucket::ObjectHead;
use sluice_storage::copy::Copy;
use sluice_storage::tables::StoredContent;

use crate::error::DedupError;
use crate::packs::save_table;
use crate::store::{Stored, worth_compressing};
use crate::{App, TimeCheck, scan};

/// Brings the object and its manifest into the vault, after its packs were saved; nothing if time ran out over the copy.
pub async fn adopt(
    app: &App,
    upload: &Upload,
    head: &ObjectHead,
    content: &mut scan::Content,
    out_of_time: &TimeCheck,
) -> Result<Option<Stored>, DedupError> {
    let brought = upload.brought_id(&head.etag);
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
        let id = match content.copy_multipart_id.take() {
            Some(id) => id,
            None => app.vault.create_multipart(&object_key, false).await?,
        };
        let id = &*content.copy_multipart_id.insert(id);
        if !copy.parts(id, app.copy_limits.part_bytes, out_of_time).await? {
            return Ok(None);
        }
    }
    let digest = &content.digest;
    let manifest = Manifest::new(digest.size_bytes, digest.sha256, content.packs.terms.clone())?;
    let manifest_key = ObjectKey::manifest(upload.account_id, brought);
    let manifest = save_table(app, manifest_key, manifest.encode()).await?;
    let object_key = Some(object_key.to_string());
    let adopted = Content::new(upload.account_id, digest, object_key, manifest, clock::now());
    // Its packs have its reference from the beginning.
    let (packs, written, hooks) = (Vec::new(), Vec::new(), content.packs.hooks.clone());
    let (new_bytes, stored_bytes) = (content.packs.new_bytes, head.size);
    let announced = worth_compressing(Subject::Content(digest.sha256), stored_bytes);
    let content = StoredContent { content: adopted, packs, new_bytes, stored_bytes };
    Ok(Some(Stored { content, written, announced, hooks }))
}
