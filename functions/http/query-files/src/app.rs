//! The settings and clients that the function works with.

use sluice_deployment::{ConfigError, Deployment};
use sluice_storage::Tables;

#[derive(Debug)]
pub struct App {
    pub(crate) tables: Tables,
}

impl App {
    pub fn new(deployment: &Deployment) -> Result<Self, ConfigError> {
        Ok(Self { tables: deployment.tables()? })
    }
}
