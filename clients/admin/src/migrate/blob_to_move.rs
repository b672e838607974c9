//! A blob that is to be moved, and the event that asks the worker to move it.

use serde::Serialize;
use sluice_contracts::pack_event::{PackEvent, Subject};
use sluice_domain::blob::Blob;
use sluice_domain::hash::Sha256;
use sluice_domain::id::AccountId;

use crate::output::size;

#[derive(Debug, Clone, Serialize)]
pub(super) struct BlobToMove {
    pub account_id: AccountId,
    pub sha256: Sha256,
    /// The size in bytes.
    pub size: u64,
}

impl BlobToMove {
    pub fn of(blob: &Blob) -> Self {
        Self { account_id: blob.account_id, sha256: blob.sha256, size: blob.size }
    }

    /// The body of the message that asks to move the blob to the store `to`.
    pub fn event(&self, to: &str) -> String {
        let event = PackEvent::MigrationRequested {
            account_id: self.account_id,
            of: Subject::Blob(self.sha256),
            to: to.to_owned(),
        };
        event.to_json()
    }

    pub fn text(&self) -> String {
        format!("{} {} {}", self.account_id, self.sha256, size(self.size))
    }
}
