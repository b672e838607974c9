//! Waiting until the worker has moved what it was asked to.

use sluice_domain::blob::Life;
use sluice_storage::Tables;
use std::time::Duration;
use tokio::time::{Instant, sleep};

use super::Order;
use crate::error::{Error, Result};
use crate::output::Output;

/// How long to wait before looking again.
const PAUSE: Duration = Duration::from_secs(2);

/// Waits until all of these lie in the store `to`, or are gone.
///
/// # Errors
/// If nothing moves for `timeout_seconds` seconds.
pub(super) async fn until_moved(
    mut waiting: Vec<Order>,
    to: &str,
    timeout_seconds: u64,
    tables: &Tables,
    output: &Output,
) -> Result<()> {
    if waiting.is_empty() {
        return Ok(());
    }
    let (all, bar) = (waiting.len(), output.bar("moved"));
    let mut moved_at = Instant::now();
    while !waiting.is_empty() {
        let mut left = Vec::new();
        for order in waiting.drain(..) {
            let blob = tables.blob(order.account_id, &order.sha256).await?;
            let blob = blob.filter(|blob| blob.life == Life::Live);
            if blob.is_none_or(|blob| blob.migrated_to.as_deref() == Some(to)) {
                bar.inc(order.size);
                moved_at = Instant::now();
            } else {
                left.push(order);
            }
        }
        waiting = left;
        bar.set_message(format!("{} of {all} contents", all - waiting.len()));
        if waiting.is_empty() {
            break;
        }
        if moved_at.elapsed() > Duration::from_secs(timeout_seconds) {
            let (left, dead) = (waiting.len(), "the dead-letter queue of migrate-pack may say why");
            return Err(Error::Left(format!("{left} of {all} blobs have not moved; {dead}")));
        }
        sleep(PAUSE).await;
    }
    bar.finish_and_clear();
    output.line(&format!("{all} blobs moved to {to}"))
}
