//! Where an invocation that ran out of time left off.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Serialize};
use sluice_contracts::event::UploadEvent;
use sluice_domain::content_pass::{ContentDigest, ContentPass};
use sluice_domain::hash::{Sha1, Sha256};
use sluice_domain::key::ObjectKey;
use sluice_domain::sweep::PENDING_PATIENCE;
use sluice_domain::upload::{Upload, UploadState};
use sluice_lambda::clock;
use sluice_storage::StorageError;
use sluice_storage::bucket::ObjectHead;

use crate::App;
use crate::error::DedupError;
use crate::packs::Packs;
use crate::scan::HashedObject;

/// A place to go on from.
pub struct Checkpoint {
    /// The packs cut so far, all saved.
    pub packs: Packs,
    /// How far the work has come.
    pub progress: Progress,
}

/// How far the work has come.
pub enum Progress {
    /// The object is being read.
    Reading(Box<ContentPass>),
    /// It has been read, and is being copied.
    Hashed {
        /// What was computed.
        digest: ContentDigest,
        /// The multipart upload that copies it.
        copy_multipart_id: Option<String>,
    },
}

/// The checkpoint as its object holds it. Pack ids are derived, so a pack is its chunk count and its raw length.
#[derive(Serialize, Deserialize)]
struct Stored {
    packs: Vec<(u32, u32)>,
    new_bytes: u64,
    pass_base64: Option<String>,
    hashed: Option<Hashed>,
}

#[derive(Serialize, Deserialize)]
struct Hashed {
    sha1: Sha1,
    sha256: Sha256,
    copy_multipart_id: Option<String>,
}

impl Checkpoint {
    /// The checkpoint of a blob that has been read and not yet copied.
    pub fn hashed(blob: HashedObject) -> Self {
        let HashedObject { digest, packs, copy_multipart_id } = blob;
        Self { packs, progress: Progress::Hashed { digest, copy_multipart_id } }
    }

    /// The checkpoint of reading the object that lies there now, if there is one. One that cannot be read is as good as
    /// none: the work begins anew.
    pub async fn load(app: &App, upload: &Upload, head: &ObjectHead) -> Result<Option<Self>, DedupError> {
        let Some(bytes) = app.vault.get(&key(upload, head)).await? else { return Ok(None) };
        let stored = serde_json::from_slice::<Stored>(&bytes).ok();
        let checkpoint = stored.and_then(|stored| restore(upload, head, stored));
        if checkpoint.is_none() {
            tracing::warn!(upload = %upload.upload_id, "a checkpoint does not fit; reading from the beginning");
        }
        Ok(checkpoint)
    }

    /// Saves the checkpoint and sends word of it. The upload counts as pending from here on, and the sweeper as told
    /// that somebody is at work.
    pub async fn save(self, app: &App, upload: &Upload, head: &ObjectHead) -> Result<(), DedupError> {
        let due_at = clock::now().after(PENDING_PATIENCE);
        let stored = serde_json::to_vec(&self.into_stored())
            .map_err(|error| StorageError::unavailable("write a checkpoint", error))?;
        app.vault.put(&key(upload, head), stored.into()).await?;
        if upload.state == UploadState::Open {
            app.tables.mark_pending(upload, due_at).await?;
        } else {
            app.tables.postpone(upload, due_at, upload.enqueue_count).await?;
        }
        let Upload { account_id, upload_id, .. } = *upload;
        let event = UploadEvent::UploadCheckpointed { account_id, upload_id };
        Ok(app.queue.send(&event.to_json()).await?)
    }

    fn into_stored(self) -> Stored {
        let new_bytes = self.packs.new_bytes;
        let packs = self.packs.terms.iter().map(|term| (term.chunk_count, term.raw_length_bytes)).collect();
        let (pass_base64, hashed) = match self.progress {
            Progress::Reading(pass) => (Some(BASE64.encode(pass.checkpoint())), None),
            Progress::Hashed { digest, copy_multipart_id } => {
                (None, Some(Hashed { sha1: digest.sha1, sha256: digest.sha256, copy_multipart_id }))
            }
        };
        Stored { packs, new_bytes, pass_base64, hashed }
    }
}

/// The key of the checkpoint of an object.
pub fn key(upload: &Upload, head: &ObjectHead) -> ObjectKey {
    ObjectKey::checkpoint(upload.account_id, upload.object_version_id(&head.etag))
}

fn restore(upload: &Upload, head: &ObjectHead, stored: Stored) -> Option<Checkpoint> {
    let progress = match (stored.pass_base64, stored.hashed) {
        (Some(pass), None) => {
            let pass = ContentPass::resume(&BASE64.decode(pass).ok()?).ok()?;
            Progress::Reading(Box::new(pass))
        }
        (None, Some(Hashed { sha1, sha256, copy_multipart_id })) => {
            let digest = ContentDigest { size_bytes: head.size, sha1, sha256 };
            Progress::Hashed { digest, copy_multipart_id }
        }
        _ => return None,
    };
    Some(Checkpoint { packs: Packs::resumed(upload, head, stored.packs, stored.new_bytes), progress })
}
