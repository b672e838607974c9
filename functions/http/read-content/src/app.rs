//! The settings and clients that the function works with.

use sluice_deployment::{ConfigError, Deployment};
use sluice_storage::presign::UrlLife;
use sluice_storage::stores::PackBuckets;
use sluice_storage::{Bucket, Queue, Tables};
use std::time::Duration;

#[derive(Debug)]
pub struct App {
    pub(crate) tables: Tables,
    pub(crate) packs: PackBuckets,
    pub(crate) cache: Bucket,
    pub(crate) cache_life: Duration,
    pub(crate) requests: Queue,
    pub(crate) url_life: UrlLife,
}

impl App {
    pub fn new(deployment: &Deployment) -> Result<Self, ConfigError> {
        Ok(Self {
            tables: deployment.tables()?,
            packs: deployment.pack_buckets()?,
            cache: deployment.cache()?,
            cache_life: deployment.cache_life()?,
            requests: deployment.materialize_queue()?,
            url_life: deployment.url_life()?,
        })
    }
}
