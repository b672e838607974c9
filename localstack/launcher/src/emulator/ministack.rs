//! Installs and configures ministack.

use std::path::{Path, PathBuf};

use tokio::process::Command;
use tokio::task::spawn_blocking;

use super::launch::{Launch, REGION, endpoint, functions_log_path};
use crate::{Error, Settings, python};

pub(super) const HEALTH_PATH: &str = "/_ministack/health";

/// Installs ministack and returns the Python that runs it.
pub(super) async fn install(settings: &Settings) -> Result<PathBuf, Error> {
    let requirements = settings.emulator_source_dir().join("requirements.txt");
    let root = settings.cache_dir().join("venv");
    let report = settings.report;
    let ensure = move || python::ensure_environment(&requirements, &root, report);
    spawn_blocking(ensure).await.map_err(Error::call("installing the emulator"))?
}

/// Configures the emulator's process. The functions inherit its environment.
pub(super) fn configure(command: &mut Command, launch: &Launch) {
    let Launch { settings, state_dir, port, origins, .. } = launch;
    command
        .arg(settings.emulator_source_dir().join("serve.py"))
        .envs(launch.function_environment.iter().map(|(name, value)| (name, value)))
        .env("GATEWAY_PORT", port.to_string())
        .env("BIND_HOST", "127.0.0.1")
        .env("AUTH", "true")
        .env("AWS_ENDPOINT_URL", endpoint(settings.front_port.unwrap_or(*port)))
        .env("AWS_ACCESS_KEY_ID", &settings.keys.access_key)
        .env("AWS_SECRET_ACCESS_KEY", &settings.keys.secret_key)
        .env("PAGE_ORIGINS", origins.join(","))
        .env("AWS_REGION", REGION)
        .env("AWS_DEFAULT_REGION", REGION)
        .env("S3_PERSIST", "1")
        .env("S3_DATA_DIR", state_dir.join("objects"))
        .env("PERSIST_STATE", if settings.keep_state { "1" } else { "0" })
        .env("STATE_DIR", state_dir.join("services"))
        .env("FUNCTIONS_LOG", functions_log_path(state_dir))
        .env("IOT_MTLS_ENABLED", "0");
}

/// Whether there is a saved state. It is saved after the first deployment: before that it may be
/// inconsistent, and holds nothing of value.
pub(super) fn has_state(state_dir: &Path) -> bool {
    state_dir.join("services/saved").exists()
}
