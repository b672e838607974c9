//! Waits until the worker has moved the blobs.

use sluice_domain::blob::Life;
use sluice_storage::Tables;
use std::time::Duration;
use tokio::time::{Instant, sleep};

use super::blob_to_move::BlobToMove;
use crate::error::{Error, Result};
use crate::output::Output;

/// How long to wait before the next check.
const PAUSE: Duration = Duration::from_secs(2);

/// Blobs that the worker was asked to move.
pub(super) struct Waiting<'a> {
    pub blobs: Vec<BlobToMove>,
    /// The name of the target store.
    pub to: &'a str,
    pub timeout_seconds: u64,
}

impl Waiting<'_> {
    /// Waits until all blobs are in the target store or deleted. Fails if nothing moves for `timeout_seconds`.
    pub async fn until_moved(self, tables: &Tables, output: &Output) -> Result<()> {
        let Self { blobs: mut waiting, to, timeout_seconds } = self;
        if waiting.is_empty() {
            return Ok(());
        }
        let all = waiting.len();
        let bar = output.bar("moved");
        let mut moved_at = Instant::now();
        while !waiting.is_empty() {
            let mut left = Vec::new();
            for blob in waiting.drain(..) {
                let current = tables.blob(blob.account_id, &blob.sha256).await?;
                let current = current.filter(|current| current.life == Life::Live);
                if current.is_none_or(|current| current.migrated_to.as_deref() == Some(to)) {
                    bar.inc(blob.size);
                    moved_at = Instant::now();
                } else {
                    left.push(blob);
                }
            }
            waiting = left;
            bar.set_message(format!("{} of {all} blobs", all - waiting.len()));
            if waiting.is_empty() {
                break;
            }
            if moved_at.elapsed() > Duration::from_secs(timeout_seconds) {
                return Err(Error::Left(format!(
                    "{} of {all} blobs have not moved; the dead-letter queue of migrate-pack may show why",
                    waiting.len()
                )));
            }
            sleep(PAUSE).await;
        }
        bar.finish_and_clear();
        output.line(&format!("{all} blobs moved to {to}"))
    }
}
