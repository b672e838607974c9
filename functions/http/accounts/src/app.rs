//! The settings and clients that the function works with.

use sluice_deployment::{ConfigError, Deployment};
use sluice_storage::Tables;
use std::time::Duration;

#[derive(Debug)]
pub struct App {
    pub(crate) tables: Tables,
    pub(crate) default_quota_bytes: u64,
    pub(crate) session_life: Duration,
}

impl App {
    pub fn new(deployment: &Deployment) -> Result<Self, ConfigError> {
        Ok(Self {
            tables: deployment.tables()?,
            default_quota_bytes: deployment.default_quota_bytes()?,
            session_life: deployment.session_life()?,
        })
    }
}
