//! Saves where an invocation that ran out of time left off, and resumes from there.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Serialize};
use sluice_contracts::event::UploadEvent;
use sluice_deployment::clock;
use sluice_domain::content_pass::{ContentDigest, ContentPass};
use sluice_domain::hash::{Sha1, Sha256};
use sluice_domain::key::ObjectKey;
use sluice_domain::sweep::PENDING_PATIENCE;
use sluice_domain::upload::{Upload, UploadState};
use sluice_storage::{GetOptions, ObjectHead, PutOptions, StorageError, found};

use super::cut_packs::{CutPacks, SavedPack};
use super::hashed_object::HashedObject;
use crate::app::App;
use crate::error::DedupError;

/// What the next invocation needs to resume.
pub struct Checkpoint {
    /// The packs cut so far, all saved.
    pub packs: CutPacks,
    pub progress: ReadProgress,
}

pub enum ReadProgress {
    /// The object is being read.
    Reading(Box<ContentPass>),
    /// The object has been read, and is being copied.
    Hashed {
        digest: ContentDigest,
        /// The multipart upload that copies the object.
        copy_multipart_id: Option<String>,
    },
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
}

impl Checkpoint {
    /// The checkpoint of an object that has been read and not yet copied.
    pub fn hashed(blob: HashedObject) -> Self {
        let HashedObject { digest, packs, copy_multipart_id } = blob;
        Self { packs, progress: ReadProgress::Hashed { digest, copy_multipart_id } }
    }

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
    pub async fn save(self, app: &App, upload: &Upload, head: &ObjectHead) -> Result<(), DedupError> {
        let due_at = clock::now().after(PENDING_PATIENCE);
        let bytes = self.encode().map_err(|error| StorageError::unavailable("write a checkpoint", error))?;
        app.vault.put(&key(upload, head), bytes.into(), PutOptions::default()).await?;
        if upload.state == UploadState::Open {
            app.tables.mark_pending(upload, due_at).await?;
        } else {
            app.tables.postpone(upload, due_at, upload.enqueue_count).await?;
        }
        let Upload { account_id, upload_id, .. } = *upload;
        let event = UploadEvent::UploadCheckpointed { account_id, upload_id };
        Ok(app.landing_queue.send(&event.to_json()).await?)
    }

    fn encode(self) -> Result<Vec<u8>, serde_json::Error> {
        let packs = self.packs.terms.iter().map(|term| (term.chunk_count, term.raw_length_bytes)).collect();
        let mut json =
            CheckpointJson { packs, new_bytes: self.packs.new_bytes, pass_base64: None, hashed: None };
        match self.progress {
            ReadProgress::Reading(pass) => json.pass_base64 = Some(BASE64.encode(pass.checkpoint())),
            ReadProgress::Hashed { digest: ContentDigest { sha1, sha256, .. }, copy_multipart_id } => {
                json.hashed = Some(HashedJson { sha1, sha256, copy_multipart_id });
            }
        }
        serde_json::to_vec(&json)
    }
}

/// The vault key of an object's checkpoint.
pub fn key(upload: &Upload, head: &ObjectHead) -> ObjectKey {
    ObjectKey::checkpoint(upload.account_id, upload.object_version_id(&head.etag))
}

fn decode(upload: &Upload, head: &ObjectHead, bytes: &[u8]) -> Option<Checkpoint> {
    let json: CheckpointJson = serde_json::from_slice(bytes).ok()?;
    let progress = match (json.pass_base64, json.hashed) {
        (Some(pass), None) => {
            let pass = ContentPass::resume(&BASE64.decode(pass).ok()?).ok()?;
            ReadProgress::Reading(Box::new(pass))
        }
        (None, Some(HashedJson { sha1, sha256, copy_multipart_id })) => {
            let digest = ContentDigest { size_bytes: head.size, sha1, sha256 };
            ReadProgress::Hashed { digest, copy_multipart_id }
        }
        _ => return None,
    };
    let saved = json.packs.into_iter();
    let saved: Vec<SavedPack> =
        saved.map(|(chunk_count, raw_length_bytes)| SavedPack { chunk_count, raw_length_bytes }).collect();
    Some(Checkpoint { packs: CutPacks::resume(upload, head, &saved, json.new_bytes), progress })
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

    fn round_trip(progress: ReadProgress) -> Checkpoint {
        let bytes = Checkpoint { packs: packs(), progress }.encode().expect("a checkpoint");
        decode(&upload(), &landed(100), &bytes).expect("the same checkpoint")
    }

    #[test]
    fn a_checkpoint_of_reading_resumes_at_the_same_byte_with_the_same_packs() {
        let mut pass = ContentPass::new();
        assert!(pass.update(b"the first bytes").is_empty());
        let Checkpoint { packs: resumed, progress } = round_trip(ReadProgress::Reading(Box::new(pass)));
        let ReadProgress::Reading(pass) = progress else { panic!("it was reading") };
        assert_eq!(pass.offset_bytes(), 15);
        assert_eq!((resumed.terms.clone(), resumed.new_bytes), (packs().terms, 42));
        assert!(resumed.any_saved() && resumed.unsaved().is_empty());
    }

    #[test]
    fn a_checkpoint_of_copying_keeps_the_digest_and_the_multipart_upload() {
        let digest = ContentDigest { size_bytes: 100, sha1: Sha1::of(b""), sha256: Sha256::of(b"") };
        let copy_multipart_id = Some("multipart".to_owned());
        let resumed =
            round_trip(ReadProgress::Hashed { digest, copy_multipart_id: copy_multipart_id.clone() });
        let ReadProgress::Hashed { digest: same, copy_multipart_id: id } = resumed.progress else {
            panic!("it was hashed")
        };
        assert_eq!((same, id), (digest, copy_multipart_id));
    }

    #[test]
    fn bytes_that_are_no_checkpoint_are_refused() {
        let whole = r#"{"packs":[],"new_bytes":0,"pass_base64":null,"hashed":null}"#;
        for bytes in ["", "{}", whole, r#"{"packs":[],"new_bytes":0,"pass_base64":"AAAA","hashed":null}"#] {
            assert!(decode(&upload(), &landed(100), bytes.as_bytes()).is_none(), "{bytes}");
        }
    }
}
