//! Finds the blobs that a rule moves to another store, and enqueues them for migrate-pack.
//!
//! Each run scans one of 24 segments of the tables. So hourly runs cover all tables in a day, and no run
//! needs to know where the last one ended. Enqueueing a blob twice is harmless.

use sluice_contracts::pack_event::{PackEvent, Subject};
use sluice_deployment::{ConfigError, Deployment};
use sluice_domain::blob::{Blob, Life};
use sluice_domain::migration::Rule;
use sluice_domain::time::Timestamp;
use sluice_storage::tables::Segment;
use sluice_storage::{Queue, StorageError, Tables};
use std::sync::Arc;

/// The number of segments of the tables, which is also the number of runs a day.
pub const SEGMENTS: u32 = 24;

/// The time between two runs: one hour.
const RUN_MILLISECONDS: u64 = 3_600_000;

#[derive(Debug)]
pub struct App {
    tables: Tables,
    rules: Vec<Rule>,
    queue: Queue,
}

impl App {
    pub fn new(deployment: &Deployment) -> Result<Self, ConfigError> {
        Ok(Self {
            tables: deployment.tables()?,
            rules: deployment.migration_rules()?,
            queue: deployment.migrate_queue()?,
        })
    }
}

/// Runs once, for the segment of the current hour.
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
    let mut cursor = None;
    let mut requested = 0;
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
    let mut cursor = None;
    let mut requested = 0;
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
    let event = PackEvent::MigrationRequested {
        account_id: blob.account_id,
        of: Subject::Blob(blob.sha256),
        to: rule.to.clone(),
    };
    app.queue.send(&event.to_json()).await
}
