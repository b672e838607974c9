//! Publishes uploads: carries out in one transaction what the domain has planned.

use sluice_domain::publication::{Outcome, Publication, Reference, StoredBlob, Target, publication};
use sluice_domain::sweep::late_packs_due_at;
use sluice_domain::time::Timestamp;
use sluice_domain::upload::{Upload, UploadState};
use sluice_domain::version::RejectReason;

use super::Tables;
use super::uploads::{FinishUpload, PLANS_MAX};
use crate::error::{ErrorKind, StorageError};
use crate::transaction::{Cancelled, Condition, Transaction};

/// The result of [`Tables::publish`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Published {
    /// The version is available.
    Available,
    /// The version is rejected.
    Rejected(RejectReason),
    /// Another call ended the upload first.
    Ended(UploadState),
    /// The blob was to be stored, but another upload has published the same one.
    BlobExists,
    /// The blob was to be stored, but one of its packs is not live.
    PackGone,
    /// The blob was to be linked, but is not live.
    BlobGone,
}

impl Tables {
    /// Makes the version of an upload available or rejects it, and releases its reservation.
    pub async fn publish(
        &self,
        upload: &Upload,
        outcome: &Outcome,
        now: Timestamp,
    ) -> Result<Published, StorageError> {
        for _ in 0..PLANS_MAX {
            let Some(upload) = self.upload(upload.upload_id).await? else {
                return Ok(Published::Ended(UploadState::Expired));
            };
            if upload.state.is_final() {
                return Ok(Published::Ended(upload.state));
            }
            let target = self.target(&upload).await?;
            let plan = publication(&upload, &target, outcome, now);
            match self.carry_out(&plan, &upload, &target, now).await {
                Ok(()) => return Ok(plan.version.reason.map_or(Published::Available, Published::Rejected)),
                Err(Cancelled::Conditions(failed)) => {
                    if let Some(refused) = refused(&failed) {
                        return Ok(refused);
                    }
                    // The file or the upload has changed: read both again.
                }
                Err(Cancelled::Error(error)) => return Err(error),
            }
        }
        Err(StorageError::new(ErrorKind::Conflict, "publish", "the file kept changing"))
    }

    async fn carry_out(
        &self,
        plan: &Publication<'_>,
        upload: &Upload,
        target: &Target,
        now: Timestamp,
    ) -> Result<(), Cancelled> {
        let mut transaction = Transaction::new();
        transaction = match &plan.reference {
            Some(Reference::New(StoredBlob { blob, packs, .. })) => {
                transaction.put_blob(self, blob)?.refer_to_packs(self, packs)?
            }
            Some(Reference::Held(sha256)) => transaction.take_reference(self, upload.account_id, sha256)?,
            None => transaction,
        };
        let finish = FinishUpload {
            upload_id: upload.upload_id,
            file_id: plan.version.file_id,
            state: plan.state(),
            reason: plan.version.reason,
            from: upload.state,
            late_packs_due_at: late_packs_due_at(upload, now),
            now,
        };
        transaction = transaction
            .put_version(self, &plan.version)?
            .finish_upload(self, &finish)?
            .release_reservation(self, &upload.username, plan.quota)?;
        if let Some(after) = &plan.file {
            transaction = transaction.put_file(self, after, target.exists.then_some(&target.file))?;
        }
        transaction.commit(&self.client).await
    }

    /// The file that the version belongs to. A pending version has a file already, whatever its path is by
    /// now.
    pub(super) async fn target(&self, upload: &Upload) -> Result<Target, StorageError> {
        let at_path = self.file_at(upload.account_id, &upload.path).await?;
        if upload.state == UploadState::Open {
            return Ok(Target::at_path(upload, at_path));
        }
        let file = match at_path.filter(|file| file.file_id == upload.file_id) {
            Some(file) => Some(file),
            None => self.file(upload.account_id, upload.file_id).await?,
        };
        let file = file.ok_or_else(|| {
            StorageError::new(ErrorKind::Unavailable, "find the file", "the index does not show it yet")
        })?;
        Ok(Target { file, exists: true })
    }
}

/// What failed conditions on the blob or its packs mean. The blob comes first. Nothing if others failed.
fn refused(failed: &[Condition]) -> Option<Published> {
    if failed.contains(&Condition::BlobAbsent) {
        Some(Published::BlobExists)
    } else if failed.contains(&Condition::BlobLive) {
        Some(Published::BlobGone)
    } else if failed.contains(&Condition::PackLive) {
        Some(Published::PackGone)
    } else {
        None
    }
}
