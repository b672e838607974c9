//! Holds what the function works with.

use sluice_deployment::{ConfigError, Deployment};
use sluice_lambda::batch::Acknowledger;
use sluice_storage::stores::PackBuckets;
use sluice_storage::{Bucket, Queue, Tables};
use std::time::Duration;

#[derive(Debug)]
pub struct App {
    pub(crate) tables: Tables,
    pub(crate) packs: PackBuckets,
    pub(crate) cache: Bucket,
    /// How long the cache keeps an object.
    pub(crate) cache_life: Duration,
    pub(crate) queue: Queue,
    pub(crate) acknowledger: Acknowledger,
}

impl App {
    pub fn new(deployment: &Deployment) -> Result<Self, ConfigError> {
        Ok(Self {
            tables: deployment.tables()?,
            packs: deployment.pack_buckets()?,
            cache: deployment.cache()?,
            cache_life: deployment.cache_life()?,
            queue: deployment.materialize_queue()?,
            acknowledger: Acknowledger::new(deployment.materialize_worker_queue()?),
        })
    }
}
