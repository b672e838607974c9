//! plan-migrations: finds the blobs that a rule sends to another store, and asks migrate-pack for it.
//!
//! Each run looks at one of 24 parts of the tables, so that hourly runs look at all of them in a day and no run needs to
//! remember where the last one ended. Asking twice does no harm.

use sluice_contracts::pack_event::{PackEvent, Subject};
use sluice_domain::blob::{Blob, Life};
use sluice_domain::migration::Rule;
use sluice_domain::time::Timestamp;
use sluice_lambda::Deployment;
use sluice_lambda::config::ConfigError;
use sluice_storage::tables::Segment;
use sluice_storage::{Queue, StorageError, Tables};
use std::sync::Arc;

/// Into how many parts the tables are cut: as many as there are runs a day.
pub const SEGMENTS: u32 = 24;

/// The time between two runs.
const RUN_MILLISECONDS: u64 = 3_600_000;

/// What the function works with.
#[derive(Debug)]
pub struct App {
    tables: Tables,
    rules: Vec<Rule>,
    queue: Queue,
}

impl App {
    /// The app of a deployment.
    pub fn new(deployment: &Deployment) -> Result<Self, ConfigError> {
        Ok(Self {
            tables: deployment.tables()?,
            rules: deployment.migration_rules()?,
            queue: deployment.migrate_queue()?,
        })
    }
}

/// One run: the part of the tables whose turn it is.
pub async fn plan(app: Arc<App>, now: Timestamp) -> Result<(), StorageError> {
    let number = (now.unix_milliseconds() / RUN_MILLISECONDS % u64::from(SEGMENTS)) as u32;
    let segment = Segment { number, of: SEGMENTS };
    let (by_path, plain): (Vec<&Rule>, Vec<&Rule>) = app.rules.iter().partition(|rule| rule.prefix.is_some());
    let mut requested = 0;
    if !plain.is_empty() {
        requested += plan_blobs(&app, &plain, segment, now).await?;
    }
    for rule in by_path {
        requested += plan_files(&app, rule, segment, now).await?;
    }
    tracing::info!(segment = number, requested, "planned");
    Ok(())
}

async fn plan_blobs(
    app: &App,
    rules: &[&Rule],
    segment: Segment,
    now: Timestamp,
) -> Result<u64, StorageError> {
    let (mut cursor, mut requested) = (None, 0);
    loop {
        let (blobs, next) = app.tables.scan_blobs(segment, cursor).await?;
        for blob in blobs.iter().filter(|blob| blob.life == Life::Live) {
            if let Some(rule) = rules.iter().find(|rule| rule.takes(blob, now)) {
                request(app, blob, rule).await?;
                requested += 1;
            }
        }
        let Some(next) = next else { return Ok(requested) };
        cursor = Some(next);
    }
}

async fn plan_files(app: &App, rule: &Rule, segment: Segment, now: Timestamp) -> Result<u64, StorageError> {
    let prefix = rule.prefix.as_deref().unwrap_or_default();
    let (mut cursor, mut requested) = (None, 0);
    loop {
        let (files, next) = app.tables.scan_files(prefix, segment, cursor).await?;
        for file in files {
            let blob = app.tables.blob(file.account_id, &file.sha256).await?;
            if let Some(blob) = blob.filter(|blob| rule.takes(blob, now)) {
                request(app, &blob, rule).await?;
                requested += 1;
            }
        }
        let Some(next) = next else { return Ok(requested) };
        cursor = Some(next);
    }
}

async fn request(app: &App, blob: &Blob, rule: &Rule) -> Result<(), StorageError> {
    let (account_id, of, to) = (blob.account_id, Subject::Blob(blob.sha256), rule.to.clone());
    app.queue.send(&PackEvent::MigrationRequested { account_id, of, to }.to_json()).await
}
