//! Saves where an invocation that ran out of time left off, and resumes from there.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Serialize};
use sluice_contracts::event::UploadEvent;
use sluice_deployment::clock;
use sluice_domain::content_pass::{ContentDigest, ContentPass};
use sluice_domain::hash::{Sha1, Sha256};
use sluice_domain::id::PackId;
use sluice_domain::key::ObjectKey;
use sluice_domain::sweep::PENDING_PATIENCE;
use sluice_domain::upload::{Upload, UploadState};
use sluice_storage::{GetOptions, ObjectHead, PutOptions, StorageError, found};

use super::cut_packs::{CutPacks, SavedPack};
use super::hashed_object::HashedObject;
use crate::app::App;
use crate::error::DedupError;
use crate::work::UploadWork;

/// What the next invocation needs to resume. All packs cut so far are saved.
pub enum Checkpoint {
    /// The object is being read.
    Reading { packs: CutPacks, pass: Box<ContentPass> },
    /// The object has been read, and is being copied.
    Hashed(Box<HashedObject>),
}

/// The checkpoint as its object has it. Pack ids are derived, so a pack is stored as its chunk count and its
/// raw length in bytes.
#[derive(Serialize, Deserialize)]
struct CheckpointJson {
    packs: Vec<(u32, u32)>,
    new_bytes: u64,
    pass_base64: Option<String>,
    hashed: Option<HashedJson>,
}

#[derive(Serialize, Deserialize)]
struct HashedJson {
    sha1: Sha1,
    sha256: Sha256,
    copy_multipart_id: Option<String>,
    #[serde(default)]
    unused_packs: Vec<PackId>,
}

impl Checkpoint {
    /// Loads the checkpoint of this very object, if there is one. If it cannot be decoded, the object is read
    /// from its beginning.
    pub async fn load(app: &App, upload: &Upload, head: &ObjectHead) -> Result<Option<Self>, DedupError> {
        let saved = app.vault.get(&key(upload, head), GetOptions::whole()).await;
        let Some(saved) = found(saved)? else { return Ok(None) };
        let checkpoint = decode(upload, head, &saved.bytes);
        if checkpoint.is_none() {
            let upload = upload.upload_id;
            tracing::warn!(%upload, "a checkpoint does not fit; reading from the beginning");
        }
        Ok(checkpoint)
    }

    /// Saves the checkpoint and enqueues a message to resume from it. The upload becomes pending, and the
    /// sweeper leaves it alone for a while.
    pub async fn save(self, work: &UploadWork<'_>, head: &ObjectHead) -> Result<(), DedupError> {
        let UploadWork { app, upload, lease, .. } = *work;
        let due_at = clock::now().after(PENDING_PATIENCE);
        let bytes = self.encode().map_err(|error| StorageError::unavailable("write a checkpoint", error))?;
        app.vault.put(&key(upload, head), bytes.into(), PutOptions::default()).await?;
        if upload.state == UploadState::Open {
            app.tables.mark_pending(upload, due_at).await?;
        } else {
            app.tables.postpone(upload, due_at, upload.enqueue_count).await?;
        }
        if let Some(lease) = lease {
            lease.release().await?;
        }
        let Upload { account_id, upload_id, .. } = *upload;
        let event = UploadEvent::UploadCheckpointed { account_id, upload_id };
        Ok(app.landing_queue.send(&event.to_json()).await?)
    }

    fn encode(self) -> Result<Vec<u8>, serde_json::Error> {
        let (packs, pass_base64, hashed) = match self {
            Self::Reading { packs, pass } => (packs, Some(BASE64.encode(pass.checkpoint())), None),
            Self::Hashed(hashed) => {
                let HashedObject { digest, packs, copy_multipart_id, unused_packs } = *hashed;
                let ContentDigest { sha1, sha256, .. } = digest;
                (packs, None, Some(HashedJson { sha1, sha256, copy_multipart_id, unused_packs }))
            }
        };
        let saved = packs.terms.iter().map(|term| (term.chunk_count, term.raw_length_bytes)).collect();
        let new_bytes = packs.new_bytes;
        serde_json::to_vec(&CheckpointJson { packs: saved, new_bytes, pass_base64, hashed })
    }
}

/// The vault key of an object's checkpoint.
pub fn key(upload: &Upload, head: &ObjectHead) -> ObjectKey {
    ObjectKey::checkpoint(upload.account_id, upload.object_version_id(&head.etag))
}

fn decode(upload: &Upload, head: &ObjectHead, bytes: &[u8]) -> Option<Checkpoint> {
    let json: CheckpointJson = serde_json::from_slice(bytes).ok()?;
    let saved = json.packs.into_iter();
    let saved: Vec<SavedPack> =
        saved.map(|(chunk_count, raw_length_bytes)| SavedPack { chunk_count, raw_length_bytes }).collect();
    let packs = CutPacks::resume(upload, head, &saved, json.new_bytes);
    match (json.pass_base64, json.hashed) {
        (Some(pass), None) => {
            let pass = ContentPass::resume(&BASE64.decode(pass).ok()?).ok()?;
            Some(Checkpoint::Reading { packs, pass: Box::new(pass) })
        }
        (None, Some(HashedJson { sha1, sha256, copy_multipart_id, unused_packs })) => {
            let digest = ContentDigest { size_bytes: head.size, sha1, sha256 };
            let hashed = HashedObject { digest, packs, copy_multipart_id, unused_packs };
            Some(Checkpoint::Hashed(Box::new(hashed)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{landed, upload};

    fn packs() -> CutPacks {
        let saved = [
            SavedPack { chunk_count: 4000, raw_length_bytes: 64 << 20 },
            SavedPack { chunk_count: 2, raw_length_bytes: 7 },
        ];
        CutPacks::resume(&upload(), &landed(100), &saved, 42)
    }

    fn round_trip(checkpoint: Checkpoint) -> Checkpoint {
        let bytes = checkpoint.encode().expect("a checkpoint");
        decode(&upload(), &landed(100), &bytes).expect("the same checkpoint")
    }

    #[test]
    fn a_checkpoint_of_reading_resumes_at_the_same_byte_with_the_same_packs() {
        let mut pass = Box::new(ContentPass::new());
        assert!(pass.update(b"the first bytes").is_empty());
        let resumed = round_trip(Checkpoint::Reading { packs: packs(), pass });
        let Checkpoint::Reading { packs: resumed, pass } = resumed else { panic!("it was reading") };
        assert_eq!(pass.offset_bytes(), 15);
        assert_eq!((resumed.terms.clone(), resumed.new_bytes), (packs().terms, 42));
        assert!(resumed.any_saved() && resumed.unsaved().is_empty());
    }

    #[test]
    fn a_checkpoint_of_copying_keeps_what_was_begun() {
        let digest = ContentDigest { size_bytes: 100, sha1: Sha1::of(b""), sha256: Sha256::of(b"") };
        let hashed = HashedObject {
            copy_multipart_id: Some("multipart".to_owned()),
            unused_packs: vec![PackId::from_bytes([1; 16])],
            ..HashedObject::new(digest, packs())
        };
        let resumed = round_trip(Checkpoint::Hashed(Box::new(hashed)));
        let Checkpoint::Hashed(resumed) = resumed else { panic!("it was hashed") };
        assert_eq!(resumed.digest, digest);
        assert_eq!(resumed.copy_multipart_id.as_deref(), Some("multipart"));
        assert_eq!(resumed.unused_packs, [PackId::from_bytes([1; 16])]);
    }

    #[test]
    fn bytes_that_are_no_checkpoint_are_refused() {
        let whole = r#"{"packs":[],"new_bytes":0,"pass_base64":null,"hashed":null}"#;
        for bytes in ["", "{}", whole, r#"{"packs":[],"new_bytes":0,"pass_base64":"AAAA","hashed":null}"#] {
            assert!(decode(&upload(), &landed(100), bytes.as_bytes()).is_none(), "{bytes}");
        }
    }
}
