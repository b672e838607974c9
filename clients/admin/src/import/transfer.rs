//! Bringing one object: as it was listed or as it is now, verified, and only then with a receipt.

use serde::Serialize;
use sluice_domain::hash::Sha256;
use sluice_domain::id::VersionId;
use sluice_domain::key::ObjectKey;
use sluice_domain::pack_move::{Receipt, ReceiptObject, Verification};
use sluice_domain::time::Timestamp;
use sluice_lambda::clock;
use sluice_packs::PackError;
use sluice_packs::mover::read_back;
use sluice_storage::bucket::{ObjectHead, normalise_etag};
use sluice_storage::{ErrorKind, StorageError, Written};

use super::job::Job;
use super::keys;
use crate::backoff::retrying;
use crate::output::Output;

/// How often an object is taken as it then is, after it changed while it was read.
const CHANGES_MAX: u32 = 1;

/// What became of an object.
#[derive(Debug, Serialize)]
pub(super) struct ImportedObject {
    pub key: String,
    pub size: u64,
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// How it fared.
#[derive(Debug, Serialize)]
#[serde(tag = "outcome", content = "detail", rename_all = "snake_case")]
pub(super) enum Outcome {
    /// Copied, verified and proved; of a dry run, not even begun.
    Copied { verified_by: Option<Verification> },
    /// The target has it already.
    Unchanged,
    /// It is not there any more.
    Gone,
    /// The target cannot have such a key.
    Refused(&'static str),
    /// Something else.
    Failed(String),
}

/// Why an object could not be brought this time.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    #[error("it changes while it is read")]
    Changed,
    #[error("it is gone")]
    Gone,
    #[error("what the target holds is not what was sent")]
    NotAsSent,
    #[error("it is larger than 625 GiB: more than 10,000 parts of 64 MiB")]
    TooLarge,
    #[error(transparent)]
    Storage(#[from] StorageError),
    #[error(transparent)]
    ReadBack(#[from] PackError),
}

/// What was sent of an object.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sent {
    pub sha256: Sha256,
    pub crc64: u64,
}

impl Trouble {
    /// What an error of the source means.
    pub fn of_source(error: StorageError) -> Self {
        match error.kind {
            ErrorKind::Conflict => Self::Changed,
            ErrorKind::NotFound => Self::Gone,
            _ => Self::Storage(error),
        }
    }

    /// Whether the same may succeed later.
    fn passes(&self) -> bool {
        match self {
            Self::NotAsSent => true,
            Self::Storage(error) | Self::ReadBack(PackError::Storage(error)) => {
                error.kind != ErrorKind::Fault
            }
            Self::Changed | Self::Gone | Self::TooLarge | Self::ReadBack(_) => false,
        }
    }
}

impl Job {
    /// Brings an object.
    pub async fn import(&self, key: String, head: ObjectHead, output: &Output) -> ImportedObject {
        let (outcome, size) = match keys::problem(self.target_kind, self.target_key(&key).as_str()) {
            Some(problem) => (Outcome::Refused(problem), head.size),
            None => self.import_current(&key, head, output).await,
        };
        ImportedObject { key, size, outcome }
    }

    /// Brings it as it was listed; if it has changed meanwhile, as it is then. Gives the size of what came.
    async fn import_current(&self, key: &str, mut head: ObjectHead, output: &Output) -> (Outcome, u64) {
        let source_key = ObjectKey::from_stored(key);
        let mut changes = 0;
        loop {
            let imported =
                retrying(Trouble::passes, async || self.import_once(&source_key, &head).await).await;
            let trouble = match imported {
                Ok(outcome) => return (outcome, head.size),
                Err(Trouble::Gone) => return (Outcome::Gone, head.size),
                Err(trouble) => trouble,
            };
            if !matches!(trouble, Trouble::Changed) || changes == CHANGES_MAX {
                return (Outcome::Failed(trouble.to_string()), head.size);
            }
            output.warning(&format!("{key} has changed since it was listed; it is copied as it is now"));
            changes += 1;
            head = match self.source.head(&source_key).await {
                Ok(Some(head)) => head,
                Ok(None) => return (Outcome::Gone, head.size),
                Err(error) => return (Outcome::Failed(error.to_string()), head.size),
            };
        }
    }

    async fn import_once(&self, key: &ObjectKey, head: &ObjectHead) -> Result<Outcome, Trouble> {
        let target_key = self.target_key(key.as_str());
        let receipt_id = self.receipt_id(key, head, &target_key);
        if self.is_unchanged(key, head, &target_key, &receipt_id).await? {
            return Ok(Outcome::Unchanged);
        }
        if self.dry_run {
            return Ok(Outcome::Copied { verified_by: None });
        }
        let (written, sent) = self.send(key, head, &target_key).await?;
        let verified_by = self.verify(&target_key, head.size, &written, sent).await?;
        // Where the source reads whatever is there, it must still be what it was.
        if !self.reads_conditionally && self.source.head(key).await?.as_ref() != Some(head) {
            return Err(Trouble::Changed);
        }
        if let Some(signer) = &self.signer {
            let receipt =
                Receipt { receipt_id, ..self.receipt(key, head, &target_key, &written, sent, verified_by) };
            self.tables.put_receipt(&signer.sign(receipt)).await?;
        }
        Ok(Outcome::Copied { verified_by: Some(verified_by) })
    }

    /// Whether the target has the object: its receipt names both as they are now. Without receipts, whether the stores'
    /// own checksums agree.
    async fn is_unchanged(
        &self,
        key: &ObjectKey,
        head: &ObjectHead,
        target_key: &ObjectKey,
        receipt_id: &str,
    ) -> Result<bool, Trouble> {
        let Some(there) = self.target.head_checked(target_key).await? else { return Ok(false) };
        if there.size != Some(head.size) {
            return Ok(false);
        }
        if self.signer.is_some() {
            let receipt = self.tables.receipt(&self.scope(), receipt_id).await?;
            return Ok(receipt.is_some_and(|receipt| {
                (&receipt.source.etag, &receipt.target.etag, receipt.size)
                    == (&head.etag, &there.etag, head.size)
            }));
        }
        let is_md5 = |etag: &str| etag.len() == 32 && etag.bytes().all(|byte| byte.is_ascii_hexdigit());
        let (here, there_md5) = (normalise_etag(&head.etag), normalise_etag(&there.etag));
        if here == there_md5 && is_md5(&here) {
            return Ok(true);
        }
        let source = self.source.head_checked(key).await?.filter(|source| source.etag == head.etag);
        Ok(source.and_then(|source| source.crc64).is_some_and(|crc64| there.crc64 == Some(crc64)))
    }

    /// Makes sure that the target holds what was sent. One that is wrong is deleted at once.
    async fn verify(
        &self,
        target_key: &ObjectKey,
        size: u64,
        written: &Written,
        sent: Sent,
    ) -> Result<Verification, Trouble> {
        let (verified_by, holds) = match written.crc64 {
            Some(crc64) => (Verification::Crc64, crc64 == sent.crc64),
            None if written.sha256_verified => (Verification::Sha256, true),
            None => {
                let holds = read_back(&self.target, target_key, size).await? == sent.sha256;
                (Verification::ReadBack, holds)
            }
        };
        if !holds {
            self.target.delete(target_key).await?;
            return Err(Trouble::NotAsSent);
        }
        Ok(verified_by)
    }

    /// The receipt's id: of source and target as they are, so that the receipt is found again.
    fn receipt_id(&self, key: &ObjectKey, head: &ObjectHead, target_key: &ObjectKey) -> String {
        let source = (&self.from, self.source.name(), key.as_str(), &head.etag, head.size);
        let target = (&self.to, self.target.name(), target_key.as_str());
        let seed = serde_json::json!([source, target]).to_string();
        VersionId::derived(Timestamp::from_unix_milliseconds(0), seed.as_bytes()).to_string()
    }

    fn receipt(
        &self,
        key: &ObjectKey,
        head: &ObjectHead,
        target_key: &ObjectKey,
        written: &Written,
        sent: Sent,
        verified_by: Verification,
    ) -> Receipt {
        let object = |store: &str, bucket: &str, key: &ObjectKey, etag: &str| ReceiptObject {
            store: store.to_owned(),
            bucket: bucket.to_owned(),
            key: key.to_string(),
            offset: 0,
            etag: etag.to_owned(),
        };
        Receipt {
            scope: self.scope(),
            receipt_id: String::new(),
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
