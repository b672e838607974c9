//! How an upload becomes a version: available or rejected, with everything that follows, in one transaction.

use sluice_domain::blob::Blob;
use sluice_domain::content_pass::ContentDigest;
use sluice_domain::hash::{Sha1, Sha256};
use sluice_domain::id::PackId;
use sluice_domain::time::Timestamp;
use sluice_domain::upload::{Upload, UploadState};
use sluice_domain::version::{File, RejectReason, Version, VersionState};

use super::Tables;
use crate::error::StorageError;
use crate::transaction::{Cancelled, Condition, Transaction};

/// How often a transaction is tried anew after somebody else changed the file.
pub(super) const ATTEMPTS: u32 = 8;

/// A blob that has come into the vault, and what it took.
#[derive(Debug, Clone)]
pub struct StoredBlob {
    /// The blob.
    pub blob: Blob,
    /// The packs on which it takes a reference, each once: at most
    /// [`MANIFEST_MAX_PACKS`](sluice_domain::manifest::MANIFEST_MAX_PACKS). Those cut out of an adopted object have it
    /// from the beginning.
    pub packs: Vec<PackId>,
    /// Raw bytes that the account did not hold before.
    pub new_bytes: u64,
    /// Bytes written to the vault.
    pub stored_bytes: u64,
}

/// What dedup-upload found out about an upload's bytes.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// They are new to the account: this is their blob.
    Stored(Box<StoredBlob>),
    /// The account holds them already.
    Linked {
        /// Their name.
        sha256: Sha256,
        /// Their label.
        sha1: Sha1,
    },
    /// They are not what was declared.
    Rejected(RejectReason),
}

impl Outcome {
    /// Of bytes that the account holds already.
    pub fn linked(digest: &ContentDigest) -> Self {
        Self::Linked { sha256: digest.sha256, sha1: digest.sha1 }
    }
}

/// What came of publishing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Published {
    /// The version is available.
    Available,
    /// The version is rejected.
    Rejected(RejectReason),
    /// Somebody else ended the upload first.
    Ended(UploadState),
    /// The blob was to be stored, and another upload has brought the same one meanwhile.
    BlobExists,
    /// A pack that the blob refers to is not live (any more).
    PackGone,
    /// The blob was to be linked, and is not live any more.
    BlobGone,
}

/// The file an upload's version goes to.
#[derive(Debug, Clone)]
pub(super) struct Target {
    /// The file, as it was read or as it will be made.
    pub(super) file: File,
    /// Whether its row exists.
    pub(super) exists: bool,
}

impl Tables {
    /// Makes the version available, or rejects it, and settles the quota.
    pub async fn publish(
        &self,
        upload: &Upload,
        outcome: &Outcome,
        now: Timestamp,
    ) -> Result<Published, StorageError> {
        for _ in 0..ATTEMPTS {
            let Some(upload) = self.upload(upload.upload_id).await? else {
                return Ok(Published::Ended(UploadState::Expired));
            };
            if upload.state.is_final() {
                return Ok(Published::Ended(upload.state));
            }
            let target = self.target(&upload).await?;
            let overtaken =
                upload.expected_version.is_some_and(|expected| target.file.current_id() != Some(expected));
            let reason = match outcome {
                Outcome::Rejected(reason) => Some(*reason),
                _ => overtaken.then_some(RejectReason::PreconditionFailed),
            };
            let (published, tried) = match reason {
                Some(reason) => (Published::Rejected(reason), self.try_reject(&upload, reason, now).await),
                None => (Published::Available, self.try_publish(&upload, &target, outcome, now).await),
            };
            match tried {
                Ok(()) => return Ok(published),
                // Any other condition: somebody else changed the file or the upload, which are read again.
                Err(Cancelled::Conditions(failed)) => {
                    if let Some(refused) = refused(&failed) {
                        return Ok(refused);
                    }
                }
                Err(Cancelled::Error(error)) => return Err(error),
            }
        }
        Err(StorageError::conflict("publish", "the file kept changing"))
    }

    async fn try_publish(
        &self,
        upload: &Upload,
        target: &Target,
        outcome: &Outcome,
        now: Timestamp,
    ) -> Result<(), Cancelled> {
        let version = available(upload, target, outcome, now);
        let used_bytes = if matches!(outcome, Outcome::Stored(_)) { upload.size } else { 0 };
        let mut transaction = Transaction::new();
        transaction = match outcome {
            Outcome::Stored(stored) => {
                transaction.put_blob(self, &stored.blob)?.refer_to_packs(self, &stored.packs)?
            }
            Outcome::Linked { sha256, .. } => transaction.take_reference(self, upload.account_id, sha256)?,
            Outcome::Rejected(_) => transaction,
        };
        transaction = transaction
            .put_version(self, &version)?
            .finish_upload(
                self,
                &Upload { file_id: target.file.file_id, ..upload.clone() },
                UploadState::Available,
                None,
                now,
                &[upload.state],
            )?
            .settle(self, &upload.username, upload.size, used_bytes, version.stored_bytes)?;
        let after = target.file.with(&version);
        if after != target.file {
            transaction = transaction.put_file(self, &after, target.exists.then_some(&target.file))?;
        }
        transaction.commit(&self.client).await
    }

    async fn try_reject(
        &self,
        upload: &Upload,
        reason: RejectReason,
        now: Timestamp,
    ) -> Result<(), Cancelled> {
        let version = Version {
            state: VersionState::Rejected,
            reason: Some(reason),
            updated_at: now,
            ..upload.pending_version()
        };
        let transaction = Transaction::new()
            .put_version(self, &version)?
            .finish_upload(self, upload, UploadState::Rejected, Some(reason), now, &[upload.state])?
            .settle(self, &upload.username, upload.size, 0, 0)?;
        transaction.commit(&self.client).await
    }

    /// Where the upload's version goes. A pending version has its file already, wherever that lies by now; an open
    /// upload goes to whatever file lies at its path.
    pub(super) async fn target(&self, upload: &Upload) -> Result<Target, StorageError> {
        let at_path = self.file_at(upload.account_id, &upload.path).await?;
        if upload.state == UploadState::Open {
            let made = || self.new_file(upload);
            return Ok(at_path.map_or_else(made, |file| Target { file, exists: true }));
        }
        let file = match at_path.filter(|file| file.file_id == upload.file_id) {
            Some(file) => Some(file),
            None => self.file(upload.account_id, upload.file_id).await?,
        };
        let file =
            file.ok_or_else(|| StorageError::unavailable("find the file", "the index does not show it yet"))?;
        Ok(Target { file, exists: true })
    }

    /// Where init found that an open upload's version goes.
    pub(super) fn target_as_at_init(&self, upload: &Upload) -> Target {
        if upload.makes_new_file() {
            return self.new_file(upload);
        }
        let file = File::new(upload.account_id, upload.file_id, upload.path.clone());
        Target { file, exists: true }
    }

    #[expect(clippy::unused_self, reason = "reads as the sibling of target")]
    fn new_file(&self, upload: &Upload) -> Target {
        let file_id = Upload::new_file_id(upload.created_at, upload.upload_id);
        Target { file: File::new(upload.account_id, file_id, upload.path.clone()), exists: false }
    }
}

/// What failed conditions on blob and packs mean, the blob's first; nothing if it was none of those.
fn refused(failed: &[Condition]) -> Option<Published> {
    if failed.contains(&Condition::BlobAbsent) {
        Some(Published::BlobExists)
    } else if failed.contains(&Condition::BlobLive) {
        Some(Published::BlobGone)
    } else if failed.iter().any(|condition| matches!(condition, Condition::PackLive(_))) {
        Some(Published::PackGone)
    } else {
        None
    }
}

fn available(upload: &Upload, target: &Target, outcome: &Outcome, now: Timestamp) -> Version {
    let pending = Upload { file_id: target.file.file_id, ..upload.clone() }.pending_version();
    let version = Version { state: VersionState::Available, updated_at: now, ..pending };
    match outcome {
        Outcome::Stored(stored) => Version {
            sha256: Some(stored.blob.sha256),
            sha1: Some(stored.blob.sha1),
            new_bytes: stored.new_bytes,
            shared_bytes: upload.size - stored.new_bytes,
            stored_bytes: stored.stored_bytes,
            ..version
        },
        Outcome::Linked { sha256, sha1 } => {
            Version { sha256: Some(*sha256), sha1: Some(*sha1), shared_bytes: upload.size, ..version }
        }
        Outcome::Rejected(_) => version,
    }
}
