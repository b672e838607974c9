//! Moving packs in this process, as the worker does it.

use futures::stream::{self, StreamExt};
use migrate_pack::{App, process};
use sluice_lambda::batch::{Message, OutOfTime};
use std::sync::Arc;

use super::Order;
use crate::error::Result;
use crate::output::Output;
use crate::settings::DeploymentAccess;

/// The worker, in this process.
pub(super) struct InProcess {
    app: Arc<App>,
    out_of_time: OutOfTime,
    /// How many blobs are moved at once.
    jobs: usize,
}

impl InProcess {
    pub async fn new(access: &DeploymentAccess, jobs: usize) -> Result<Self> {
        let app = Arc::new(App::new(&access.deployment).await?);
        Ok(Self { app, out_of_time: Arc::new(|| false), jobs })
    }

    /// Moves these blobs, several at once, and gives how many could not be moved.
    pub async fn process(&self, orders: &[Order], to: &str, output: &Output) -> u64 {
        stream::iter(orders)
            .map(|order| async move {
                let failed =
                    process(self.app.clone(), vec![message(order, to)], self.out_of_time.clone()).await;
                if !failed.is_empty() {
                    output.warning(&format!("{} was not moved, or not all of it", order.text()));
                }
                failed.len() as u64
            })
            .buffer_unordered(self.jobs)
            .fold(0, async |sum, failed| sum + failed)
            .await
    }
}

/// The message that would ask the worker. Its id is nobody else's, and so are the objects that it makes.
fn message(order: &Order, to: &str) -> Message {
    let id = format!("sluice-admin-{:016x}", getrandom::u64().unwrap_or_default());
    Message { id, body: order.event(to), receive_count: 1, receipt_handle: String::new() }
}
