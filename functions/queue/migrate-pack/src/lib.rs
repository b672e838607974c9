//! migrate-pack: moves packs to another store or back to the vault, and signs a receipt for each.
//!
//! A rule without a waiting time applies as soon as packs are compressed. Other rules, and operators, send
//! `MigrationRequested`. [`Migrator`] moves the packs.

use futures::FutureExt;
use sluice_contracts::pack_event::PackEvent;
use sluice_deployment::{ConfigError, Deployment};
use sluice_domain::time::TimeCheck;
use sluice_lambda::batch::{Acknowledger, Message, OutOfTime, Redelivered};
use sluice_lambda::metrics::{self, Metric};
use sluice_packs::PackError;
use sluice_packs::migration::{MigrationOrder, Migrator, Progress};
use sluice_storage::Queue;
use std::sync::Arc;

#[derive(Debug)]
pub struct App {
    migrator: Migrator,
    queue: Queue,
    acknowledger: Acknowledger,
}

impl App {
    pub async fn new(deployment: &Deployment) -> Result<Self, ConfigError> {
        Ok(Self {
            migrator: deployment.migrator(count_moved).await?,
            queue: deployment.migrate_queue()?,
            acknowledger: Acknowledger::new(deployment.migrate_worker_queue()?),
        })
    }
}

fn count_moved(stored_bytes: u64) {
    metrics::write(&[Metric::count("PacksMigrated", 1), Metric::bytes("MigratedBytes", stored_bytes)]);
}

/// Processes a batch, one message after the other: each moves several packs at once. Returns the messages
/// that are to be received again.
pub async fn process(app: Arc<App>, messages: Vec<Message>, out_of_time: OutOfTime) -> Redelivered {
    let app = &*app;
    let out_of_time = &*out_of_time;
    let process = |message| process_message(app, message, out_of_time).boxed();
    app.acknowledger.process_each(&messages, 1, out_of_time, process).await
}

async fn process_message(app: &App, message: &Message, out_of_time: &TimeCheck) -> Result<(), PackError> {
    let event = PackEvent::parse(&message.body)?;
    let (account_id, of, to) = match &event {
        PackEvent::PackWritten { account_id, of } | PackEvent::CompressionFinished { account_id, of } => {
            (*account_id, of, None)
        }
        PackEvent::MigrationRequested { account_id, of, to } => (*account_id, of, Some(&**to)),
    };
    let order = MigrationOrder { account_id, of, to, attempt: &message.id };
    if app.migrator.run(order, out_of_time).await? == Progress::OutOfTime {
        tracing::info!(account = %account_id, "out of time; another invocation continues");
        app.queue.send(&message.body).await?;
    }
    Ok(())
}
