//! The settings and clients that the function works with.

use sluice_lambda::Deployment;
use sluice_lambda::config::ConfigError;
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
