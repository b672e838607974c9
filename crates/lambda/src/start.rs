//! Prepares the process of a function.

use sluice_deployment::{ConfigError, Deployment};

use crate::{metrics, telemetry};

/// Reads the deployment from the environment, and starts logs and metrics.
pub async fn start() -> Result<Deployment, ConfigError> {
    let deployment = Deployment::from_environment().await;
    telemetry::start(deployment.log_level()?);
    if let Some(stack) = deployment.stack_name()? {
        metrics::start(stack);
    }
    Ok(deployment)
}
