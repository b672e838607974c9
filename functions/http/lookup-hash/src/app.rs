//! The settings and clients that the function works with.

use sluice_deployment::{ConfigError, Deployment};
use sluice_storage::presign::UrlLife;
use sluice_storage::{Bucket, Tables};

#[derive(Debug)]
pub struct App {
    pub(crate) tables: Tables,
    pub(crate) vault: Bucket,
    pub(crate) url_life: UrlLife,
}

impl App {
    pub fn new(deployment: &Deployment) -> Result<Self, ConfigError> {
        Ok(Self {
            tables: deployment.tables()?,
            vault: deployment.vault()?,
            url_life: deployment.url_life()?,
        })
    }
}
