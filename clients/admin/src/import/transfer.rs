//! Copies one object, verifies it at the target, and then writes its receipt.

use backon::Retryable as _;
use serde::Serialize;
use sluice_deployment::clock;
use sluice_domain::id::VersionId;
use sluice_domain::key::ObjectKey;
use sluice_domain::pack_move::{Receipt, ReceiptObject, Verification};
use sluice_domain::time::Timestamp;
use sluice_packs::PackError;
use sluice_packs::mover::{Sent, verify_written};
use sluice_storage::{ErrorKind, ObjectHead, StorageError, Written, normalise_etag};

use super::job::Job;
use super::keys;
use super::listing::ListedObject;
use crate::output::Output;
use crate::retries::RETRIES;

/// How often to start again with an object that changed while it was read.
const CHANGES_MAX: u32 = 1;

/// A result line of the import.
#[derive(Debug, Serialize)]
pub(super) struct ImportedObject {
    pub key: String,
    pub size: u64,
    #[serde(flatten)]
    pub outcome: Outcome,
}

#[derive(Debug, Serialize)]
#[serde(tag = "outcome", content = "detail", rename_all = "snake_case")]
pub(super) enum Outcome {
    /// Copied and verified; in a dry run, to be copied.
    Copied { verified_by: Option<Verification> },
    /// The target already has the object.
    Unchanged,
    /// Deleted since it was listed.
    Gone,
    /// The target cannot have the key; with the reason.
    Refused(&'static str),
    /// Not copied for another reason.
    Failed(String),
}

/// Why an attempt to copy an object failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum TransferError {
    #[error("the object changed while it was read")]
    Changed,
    #[error("the object was deleted")]
    Gone,
    #[error("the target does not hold the bytes that were sent")]
    NotAsSent,
    #[error("the object is larger than 625 GiB: more than 10,000 parts of 64 MiB")]
    TooLarge,
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// A step of a copy in parts failed again and again; the whole copy is not repeated for it.
    #[error(transparent)]
    Step(StorageError),
    #[error(transparent)]
    ReadBack(#[from] PackError),
}

/// What a receipt says about an object that was copied and verified.
struct CopiedObject<'a> {
    key: &'a ObjectKey,
    head: &'a ObjectHead,
    target_key: &'a ObjectKey,
    written: &'a Written,
    sent: Sent,
    verified_by: Verification,
}

impl TransferError {
    /// Interprets an error of the source.
    pub fn of_source(error: StorageError) -> Self {
        match error.kind {
            ErrorKind::Conflict => Self::Changed,
            ErrorKind::NotFound => Self::Gone,
            _ => Self::Storage(error),
        }
    }

    fn is_transient(&self) -> bool {
        match self {
            Self::NotAsSent => true,
            Self::Storage(error) | Self::ReadBack(PackError::Storage(error)) => {
                error.kind != ErrorKind::Fault
            }
            Self::Changed | Self::Gone | Self::TooLarge | Self::Step(_) | Self::ReadBack(_) => false,
        }
    }
}

impl Job {
    pub async fn import(&self, listed: ListedObject, output: &Output) -> ImportedObject {
        let ListedObject { key, head, page_after } = listed;
        let (outcome, size) = match keys::problem(self.target_kind, self.target_key(&key).as_str()) {
            Some(problem) => (Outcome::Refused(problem), head.size),
            None => match self.import_current(&key, head, output).await {
                (Outcome::Gone, size) => (self.check_gone(&key, page_after.as_deref()).await, size),
                imported => imported,
            },
        };
        ImportedObject { key, size, outcome }
    }

    /// The outcome of an object that cannot be found. If the source still lists it, it was not deleted: the
    /// source has it under another key, which its lists do not show.
    async fn check_gone(&self, key: &str, page_after: Option<&str>) -> Outcome {
        let list = || self.source.list_after(&self.prefix, page_after);
        match list.retry(RETRIES).when(|error| error.kind.is_transient()).await {
            Ok(page) if page.iter().any(|(listed, _)| listed == key) => {
                Outcome::Failed("the source lists the key, but has no object with it".to_owned())
            }
            Ok(_) => Outcome::Gone,
            Err(error) => Outcome::Failed(error.to_string()),
        }
    }

    /// Copies the object. If it changed since it was listed, copies its new state. Returns the size that was
    /// copied.
    async fn import_current(&self, key: &str, mut head: ObjectHead, output: &Output) -> (Outcome, u64) {
        let source_key = ObjectKey::from_stored(key);
        let mut changes = 0;
        loop {
            let import = || self.import_once(&source_key, &head);
            let imported = import.retry(RETRIES).when(TransferError::is_transient).await;
            let error = match imported {
                Ok(outcome) => return (outcome, head.size),
                Err(TransferError::Gone) => return (Outcome::Gone, head.size),
                Err(error) => error,
            };
            if !matches!(error, TransferError::Changed) || changes == CHANGES_MAX {
                return (Outcome::Failed(error.to_string()), head.size);
            }
            output.warning(&format!("{key} has changed since it was listed; copying its new state"));
            changes += 1;
            let read_head = || self.source.head(&source_key);
            head = match read_head.retry(RETRIES).when(|error| error.kind.is_transient()).await {
                Ok(Some(head)) => head,
                Ok(None) => return (Outcome::Gone, head.size),
                Err(error) => return (Outcome::Failed(error.to_string()), head.size),
            };
        }
    }

    async fn import_once(&self, key: &ObjectKey, head: &ObjectHead) -> Result<Outcome, TransferError> {
        let target_key = self.target_key(key.as_str());
        let receipt_id = self.receipt_id(key, head, &target_key);
        if self.is_unchanged(key, head, &target_key, &receipt_id).await? {
            return Ok(Outcome::Unchanged);
        }
        if self.dry_run {
            return Ok(Outcome::Copied { verified_by: None });
        }
        let (written, sent) = self.send(key, head, &target_key).await?;
        let verified_by = self.verify(&target_key, &written, &sent).await?;
        // A source that ignores `If-Match` may have sent other bytes, so check that the object is still the
        // same.
        if !self.reads_conditionally {
            let read_head = || self.source.head(key);
            let now = read_head.retry(RETRIES).when(|error| error.kind.is_transient()).await;
            let now = now.map_err(TransferError::Step)?;
            if now.is_none_or(|now| !now.is_of_same_bytes(head)) {
                return Err(TransferError::Changed);
            }
        }
        if let Some(signer) = &self.signer {
            let copied =
                CopiedObject { key, head, target_key: &target_key, written: &written, sent, verified_by };
            self.tables.put_receipt(&signer.sign(self.receipt(receipt_id, &copied))).await?;
        }
        Ok(Outcome::Copied { verified_by: Some(verified_by) })
    }

    /// Whether the target already has the object. With a signer, a receipt must name source and target in
    /// their present state. Without one, the checksums of the stores must agree.
    async fn is_unchanged(
        &self,
        key: &ObjectKey,
        head: &ObjectHead,
        target_key: &ObjectKey,
        receipt_id: &str,
    ) -> Result<bool, TransferError> {
        let Some(target) = self.target.head(target_key).await? else { return Ok(false) };
        if target.size != head.size {
            return Ok(false);
        }
        if self.signer.is_some() {
            let receipt = self.tables.receipt(&self.scope(), receipt_id).await?;
            return Ok(receipt.is_some_and(|receipt| {
                receipt.source.etag == head.etag
                    && receipt.target.etag == target.etag
                    && receipt.size == head.size
            }));
        }
        let is_md5 = |etag: &str| etag.len() == 32 && etag.bytes().all(|byte| byte.is_ascii_hexdigit());
        let source_etag = normalise_etag(&head.etag);
        if source_etag == normalise_etag(&target.etag) && is_md5(&source_etag) {
            return Ok(true);
        }
        let source = self.source.head(key).await?.filter(|source| source.etag == head.etag);
        Ok(source.and_then(|source| source.crc64).is_some_and(|crc64| target.crc64 == Some(crc64)))
    }

    /// Checks that the target holds the bytes that were sent. Deletes a wrong object at once.
    async fn verify(
        &self,
        target_key: &ObjectKey,
        written: &Written,
        sent: &Sent,
    ) -> Result<Verification, TransferError> {
        let Some(verified_by) = verify_written(&self.written, target_key, written, sent).await? else {
            self.target.delete(target_key).await?;
            return Err(TransferError::NotAsSent);
        };
        Ok(verified_by)
    }

    /// The receipt id, derived from the state of source and target, so that a later run finds the receipt.
    fn receipt_id(&self, key: &ObjectKey, head: &ObjectHead, target_key: &ObjectKey) -> String {
        let source = (&self.from, self.source.name(), key.as_str(), &head.etag, head.size);
        let target = (&self.to, self.target.name(), target_key.as_str());
        let seed = serde_json::json!([source, target]).to_string();
        VersionId::derived(Timestamp::from_unix_milliseconds(0), seed.as_bytes()).to_string()
    }

    fn receipt(&self, receipt_id: String, copied: &CopiedObject<'_>) -> Receipt {
        let CopiedObject { key, head, target_key, written, sent, verified_by } = *copied;
        let object = |store: &str, bucket: &str, key: &ObjectKey, etag: &str| ReceiptObject {
            store: store.to_owned(),
            bucket: bucket.to_owned(),
            key: key.to_string(),
            offset: 0,
            etag: etag.to_owned(),
        };
        Receipt {
            scope: self.scope(),
            receipt_id,
            pack_id: None,
            source: object(&self.from, self.source.name(), key, &head.etag),
            target: object(&self.to, self.target.name(), target_key, &written.etag),
            size: head.size,
            sha256: sent.sha256,
            crc64: written.crc64.map(|crc64| format!("{crc64:016x}")),
            verified_by,
            moved_at: clock::now(),
            public_key: String::new(),
            signature: String::new(),
        }
    }
}
