//! The settings and clients that the function works with.

use sluice_deployment::{ConfigError, Deployment};
use sluice_domain::invitation::Registration;
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

/// What the function knows about the way that calls take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Entrance {
    /// All come through the distribution, so the first of the last two addresses is the viewer's.
    Distribution,
    /// Some do, and some clients call the API itself: the first of two addresses may be invented.
    Unknown,
}

impl App {
    pub fn new(deployment: &Deployment) -> Result<Self, ConfigError> {
        Ok(Self {
            tables: deployment.tables()?,
            registration: deployment.registration()?,
            default_quota_bytes: deployment.default_quota_bytes()?,
            session_life: deployment.session_life()?,
            entrance: match deployment.origin_secret()? {
                Some(_) => Entrance::Distribution,
                None => Entrance::Unknown,
            },
        })
    }
}
