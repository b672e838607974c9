//! Moves packs in this process, with the code of the worker migrate-pack.

use futures::stream::{self, StreamExt};
use sluice_contracts::pack_event::Subject;
use sluice_packs::PackError;
use sluice_packs::migration::{MigrationOrder, Migrator};

use super::blob_to_move::BlobToMove;
use crate::error::Result;
use crate::output::Output;
use crate::settings::DeploymentAccess;

pub(super) struct InProcess {
    migrator: Migrator,
    /// How many blobs to move at once.
    jobs: usize,
}

impl InProcess {
    pub async fn new(access: &DeploymentAccess, jobs: usize) -> Result<Self> {
        Ok(Self { migrator: access.deployment.migrator(|_| ()).await?, jobs })
    }

    /// Moves these blobs, several at once, and returns how many could not be moved.
    pub async fn process(&self, blobs: &[BlobToMove], to: &str, output: &Output) -> u64 {
        stream::iter(blobs)
            .map(|blob| async move {
                let moved = self.move_blob(blob, to).await;
                if let Err(error) = &moved {
                    output.warning(&format!("{} was not moved completely: {error}", blob.text()));
                }
                u64::from(moved.is_err())
            })
            .buffer_unordered(self.jobs)
            .fold(0, async |sum, failed| sum + failed)
            .await
    }

    async fn move_blob(&self, blob: &BlobToMove, to: &str) -> Result<(), PackError> {
        // Unique: the keys of new objects depend on it.
        let attempt = format!("sluice-admin-{:016x}", getrandom::u64().unwrap_or_default());
        let of = Subject::Blob(blob.sha256);
        let order = MigrationOrder { account_id: blob.account_id, of: &of, to: Some(to), attempt: &attempt };
        self.migrator.run(order, &|| false).await.map(drop)
    }
}
