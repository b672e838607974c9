//! Bringing new blob into the vault: as it is, or only what is new of it.

use bytes::Bytes;
use sluice_contracts::pack_event::{PackEvent, Subject};
use sluice_domain::hash::ChunkId;
use sluice_domain::id::{AccountId, PackId};
use sluice_domain::upload::Upload;
use sluice_packs::sample::SAVED_MIN_BYTES;
use sluice_storage::bucket::ObjectHead;
use sluice_storage::tables::StoredBlob;

use crate::error::DedupError;
use crate::{App, TimeCheck, adopt, lookup, rewrite, scan};

/// A blob that lies in the vault and waits to be published. Nobody refers to what was written for it yet.
pub struct Stored {
    pub blob: StoredBlob,
    /// Packs that have an object of their own, to be discarded if the upload ends without them.
    pub written: Vec<PackId>,
    /// What the compressor is to be told of once it is published, if it is worth a message.
    pub to_compress: Option<Subject>,
    /// What the chunk index is to know once it is.
    pub hooks: Vec<(ChunkId, PackId)>,
}

impl Stored {
    /// Whether the object lies in the vault as it is.
    pub fn is_adopted(&self) -> bool {
        self.blob.blob.object_key.is_some()
    }
}

/// Stores the blob that was read; nothing if time ran out over the copy. `whole` has its bytes, if they are few.
pub async fn store(
    app: &App,
    upload: &Upload,
    head: &ObjectHead,
    whole: Option<&Bytes>,
    blob: &mut scan::HashedObject,
    out_of_time: &TimeCheck,
) -> Result<Option<Stored>, DedupError> {
    let begun = blob.packs.any_saved() || blob.copy_multipart_id.is_some();
    let mut found = None;
    if !begun {
        let looked_up = lookup::look_up(app, upload, blob.packs.drafts()).await?;
        if rewrite::pays(head.size, &looked_up) {
            return rewrite::rewrite(app, upload, head, whole, blob, &looked_up).await.map(Some);
        }
        found = Some(looked_up);
    }
    blob.packs.save_closed(app, upload, found).await?;
    adopt::adopt(app, upload, head, blob, out_of_time).await
}

/// What the compressor is told of: nothing if compressing cannot pay, however well it goes.
pub fn worth_compressing(of: Subject, stored_bytes: u64) -> Option<Subject> {
    (stored_bytes > SAVED_MIN_BYTES).then_some(of)
}

/// Tells the compressor. It may be told again.
pub async fn enqueue(app: &App, account_id: AccountId, of: Subject) -> Result<(), DedupError> {
    Ok(app.compress.send(&PackEvent::PackWritten { account_id, of }.to_json()).await?)
}

/// Makes the chunks of a published blob findable.
pub async fn index(app: &App, account: AccountId, hooks: &[(ChunkId, PackId)]) -> Result<(), DedupError> {
    let mut hooks = hooks.to_vec();
    hooks.sort_unstable();
    hooks.dedup_by_key(|(chunk, _)| *chunk);
    Ok(app.tables.put_hooks(account, &hooks).await?)
}
