//! Holds what every step works with: tables, buckets, queues and limits.

use sluice_deployment::{ConfigError, Deployment};
use sluice_domain::work::WorkLimits;
use sluice_lambda::batch::Acknowledger;
use sluice_storage::stores::PackBuckets;
use sluice_storage::{Bucket, CopyLimits, Queue, Tables};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

use crate::pack_cache::PackCache;

/// How many bytes of an object one request reads.
pub const RANGE_BYTES: u64 = 8 << 20;

/// The largest file that shares packs. The objects of a larger one cost little compared to its bytes.
pub const SMALL_MAX_BYTES: u64 = 1 << 20;

/// How many ranges of landed objects are held in memory at once, over all messages.
const RANGES_IN_MEMORY: usize = 6;

#[derive(Debug)]
pub struct App {
    pub(crate) tables: Tables,
    pub(crate) landing: Bucket,
    pub(crate) vault: Bucket,
    pub(crate) packs: PackBuckets,
    pub(crate) landing_queue: Queue,
    pub(crate) compress_queue: Queue,
    pub(crate) acknowledger: Acknowledger,
    pub(crate) work_limits: WorkLimits,
    /// How long a lease lasts after the last sign of life of the worker that has it.
    pub(crate) lease_life: Duration,
    pub(crate) copy_limits: CopyLimits,
    /// One permit a range in memory.
    pub(crate) range_permits: Arc<Semaphore>,
    pub(crate) pack_cache: PackCache,
}

impl App {
    pub fn new(deployment: &Deployment) -> Result<Self, ConfigError> {
        let worker_queue = deployment.landing_worker_queue()?;
        Ok(Self {
            tables: deployment.tables()?,
            landing: deployment.landing()?,
            vault: deployment.vault()?,
            packs: deployment.pack_buckets()?,
            landing_queue: deployment.landing_queue()?,
            compress_queue: deployment.compress_queue()?,
            work_limits: deployment.work_limits()?,
            lease_life: worker_queue.heartbeat_timeout,
            acknowledger: Acknowledger::new(worker_queue),
            copy_limits: CopyLimits::default(),
            range_permits: Arc::new(Semaphore::new(RANGES_IN_MEMORY)),
            pack_cache: PackCache::new(),
        })
    }

    /// Replaces the sizes from which the store copies objects in parts.
    #[must_use]
    pub fn with_copy_limits(self, copy_limits: CopyLimits) -> Self {
        Self { copy_limits, ..self }
    }
}
