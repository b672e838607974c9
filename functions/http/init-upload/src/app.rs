//! The settings and clients that the function works with.

use sluice_deployment::{ConfigError, Deployment};
use sluice_storage::presign::UrlLife;
use sluice_storage::{Bucket, Tables};
use std::time::Duration;

#[derive(Debug)]
pub struct App {
    pub(crate) tables: Tables,
    pub(crate) landing: Bucket,
    pub(crate) url_life: UrlLife,
    pub(crate) upload_life: Duration,
}

impl App {
    pub fn new(deployment: &Deployment) -> Result<Self, ConfigError> {
        Ok(Self {
            tables: deployment.tables()?,
            landing: deployment.landing()?,
            url_life: deployment.url_life()?,
            upload_life: deployment.upload_life()?,
        })
    }
}
