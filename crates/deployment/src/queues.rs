//! Opens the queues.

use sluice_storage::Queue;
use std::time::Duration;

use crate::deployment::Deployment;
use crate::error::ConfigError;
use crate::setting::Setting;
use crate::settings;

/// The queue of a worker, with what becomes of messages that it cannot process.
#[derive(Debug)]
pub struct WorkerQueue {
    pub queue: Queue,
    /// Takes the messages that cannot be processed, with the reason.
    pub dead_letters: Queue,
    /// A message that failed this many times goes to `dead_letters`, whatever the reason.
    pub max_receive_count: u32,
    /// How long a message stays hidden from other workers after the last sign of life of the one that has it.
    pub heartbeat_timeout: Duration,
}

impl Deployment {
    /// The queue of new objects in the landing bucket, and of uploads to process.
    pub fn landing_queue(&self) -> Result<Queue, ConfigError> {
        self.queue(&settings::LANDING_QUEUE_URL)
    }

    pub fn materialize_queue(&self) -> Result<Queue, ConfigError> {
        self.queue(&settings::MATERIALIZE_QUEUE_URL)
    }

    pub fn compress_queue(&self) -> Result<Queue, ConfigError> {
        self.queue(&settings::COMPRESS_QUEUE_URL)
    }

    pub fn migrate_queue(&self) -> Result<Queue, ConfigError> {
        self.queue(&settings::MIGRATE_QUEUE_URL)
    }

    /// The landing queue, as its worker sees it.
    pub fn landing_worker_queue(&self) -> Result<WorkerQueue, ConfigError> {
        self.worker_queue(self.landing_queue()?, &settings::LANDING_DEAD_LETTER_QUEUE_URL)
    }

    /// The materialize queue, as its worker sees it.
    pub fn materialize_worker_queue(&self) -> Result<WorkerQueue, ConfigError> {
        self.worker_queue(self.materialize_queue()?, &settings::MATERIALIZE_DEAD_LETTER_QUEUE_URL)
    }

    /// The compress queue, as its worker sees it.
    pub fn compress_worker_queue(&self) -> Result<WorkerQueue, ConfigError> {
        self.worker_queue(self.compress_queue()?, &settings::COMPRESS_DEAD_LETTER_QUEUE_URL)
    }

    /// The migrate queue, as its worker sees it.
    pub fn migrate_worker_queue(&self) -> Result<WorkerQueue, ConfigError> {
        self.worker_queue(self.migrate_queue()?, &settings::MIGRATE_DEAD_LETTER_QUEUE_URL)
    }

    fn queue(&self, url: &Setting<String>) -> Result<Queue, ConfigError> {
        Ok(Queue::new(&self.clients, self.get(url)?))
    }

    fn worker_queue(&self, queue: Queue, dead_letters: &Setting<String>) -> Result<WorkerQueue, ConfigError> {
        let max_receive_count = self.get(&settings::QUEUE_MAX_RECEIVE_COUNT)?;
        let heartbeat_timeout = self.get(&settings::HEARTBEAT_TIMEOUT_SECONDS)?;
        Ok(WorkerQueue {
            queue,
            dead_letters: self.queue(dead_letters)?,
            max_receive_count,
            heartbeat_timeout,
        })
    }
}
