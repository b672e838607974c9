//! Moves packs in this process, with the code of the worker migrate-pack.

use futures::stream::{self, StreamExt};
use migrate_pack::{App, process};
use sluice_lambda::batch::{Message, OutOfTime};
use std::sync::Arc;

use super::blob_to_move::BlobToMove;
use crate::error::Result;
use crate::output::Output;
use crate::settings::DeploymentAccess;

pub(super) struct InProcess {
    app: Arc<App>,
    out_of_time: OutOfTime,
    /// How many blobs to move at once.
    jobs: usize,
}

impl InProcess {
    pub async fn new(access: &DeploymentAccess, jobs: usize) -> Result<Self> {
        let app = Arc::new(App::new(&access.deployment).await?);
        Ok(Self { app, out_of_time: Arc::new(|| false), jobs })
    }

    /// Moves these blobs, several at once, and returns how many could not be moved.
    pub async fn process(&self, blobs: &[BlobToMove], to: &str, output: &Output) -> u64 {
        stream::iter(blobs)
            .map(|blob| async move {
                let failed =
                    process(self.app.clone(), vec![message(blob, to)], self.out_of_time.clone()).await;
                if !failed.is_empty() {
                    output.warning(&format!("{} was not moved completely", blob.text()));
                }
                failed.len() as u64
            })
            .buffer_unordered(self.jobs)
            .fold(0, async |sum, failed| sum + failed)
            .await
    }
}

/// The message that would ask the worker. The id must be unique: the keys of new objects depend on it.
fn message(blob: &BlobToMove, to: &str) -> Message {
    let id = format!("sluice-admin-{:016x}", getrandom::u64().unwrap_or_default());
    Message { id, body: blob.event(to), receive_count: 1, receipt_handle: String::new() }
}
