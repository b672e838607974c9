//! The settings and clients that the function works with.

use sluice_deployment::{ConfigError, Deployment};
use sluice_domain::invitation::Registration;
use sluice_lambda::http::Entrance;
use sluice_storage::Tables;
use std::time::Duration;

#[derive(Debug)]
pub struct App {
    pub(crate) tables: Tables,
    pub(crate) registration: Registration,
    pub(crate) default_quota_bytes: u64,
    pub(crate) session_life: Duration,
    pub(crate) entrance: Entrance,
}

impl App {
    pub fn new(deployment: &Deployment) -> Result<Self, ConfigError> {
        Ok(Self {
            tables: deployment.tables()?,
            registration: deployment.registration()?,
            default_quota_bytes: deployment.default_quota_bytes()?,
            session_life: deployment.session_life()?,
            entrance: Entrance::of(deployment)?,
        })
    }
}
