//! The settings and clients that the function works with.

use sluice_deployment::{ConfigError, Deployment};
use sluice_storage::{Bucket, Queue, Tables};

#[derive(Debug)]
pub struct App {
    pub(crate) tables: Tables,
    pub(crate) landing: Bucket,
    pub(crate) queue: Queue,
    /// Whether the bucket itself notifies of new objects.
    pub(crate) landing_notifies: bool,
}

impl App {
    pub fn new(deployment: &Deployment) -> Result<Self, ConfigError> {
        Ok(Self {
            tables: deployment.tables()?,
            landing: deployment.landing()?,
            queue: deployment.landing_queue()?,
            landing_notifies: deployment.landing_notifies()?,
        })
    }
}
