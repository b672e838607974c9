//! `LocalStack` without Docker: what it runs from, and what it is told.

use std::path::{Path, PathBuf};

use tokio::{process::Command, task::spawn_blocking};

use super::{Launch, dynoxide, functions_log_path};
use crate::{Error, Settings, ports, python};

pub(super) const HEALTH_PATH: &str = "/_localstack/health";

/// Returns the Python that it runs on, with our plug-in in place.
pub(super) async fn install(settings: &Settings) -> Result<PathBuf, Error> {
    let source_dir = settings.emulator_source_dir();
    let (root, cache_dir, report) =
        (settings.cache_dir().join("venv"), settings.cache_dir(), settings.report);
    let ensure = move || {
        dynoxide::ensure(&cache_dir, report)?;
        let requirements = source_dir.join("localstack-requirements.txt");
        python::ensure_environment_with(&requirements, &source_dir.join("plugin"), &root, report)
    };
    spawn_blocking(ensure).await.map_err(Error::call("installing LocalStack"))?
}

/// The functions get `launch.function_environment` from the plug-in, and nothing else of ours.
pub(super) fn configure(command: &mut Command, launch: &Launch) -> Result<(), Error> {
    let Launch { settings, state_dir, port, python, .. } = launch;
    let function_environment: serde_json::Map<_, _> =
        launch.function_environment.iter().cloned().map(|(name, value)| (name, value.into())).collect();
    command
        .arg(settings.emulator_source_dir().join("serve_localstack.py"))
        .env("GATEWAY_LISTEN", format!("127.0.0.1:{port}"))
        .env("LOCALSTACK_HOST", format!("127.0.0.1:{port}"))
        .env("FILESYSTEM_ROOT", state_dir.join("filesystem"))
        // Where entry points are remembered. In the virtual environment, so that they are never another's.
        .env("XDG_CACHE_HOME", cache_dir(python))
        .env("OVERRIDE_IN_DOCKER", "0")
        .env("SQS_ENDPOINT_STRATEGY", "path")
        .env("SQS_DISABLE_CLOUDWATCH_METRICS", "1")
        // The newer engine refuses references among resources whose condition does not hold.
        .env("PROVIDER_OVERRIDE_CLOUDFORMATION", "engine-legacy")
        // Nothing of it is to listen anywhere else, or to call anybody.
        .env("DNS_ADDRESS", "0")
        .env("DISABLE_EVENTS", "1")
        .env("SKIP_SSL_CERT_DOWNLOAD", "1")
        .env("S3_SKIP_SIGNATURE_VALIDATION", "0")
        .env("LAMBDA_RUNTIME_EXECUTOR", "native")
        // The plug-in waits for messages while it polls.
        .env("LAMBDA_EVENT_SOURCE_MAPPING_POLL_INTERVAL_SEC", "0.01")
        .env("DYNAMODB_LOCAL_PORT", ports::free()?.to_string())
        .env("DYNOXIDE", dynoxide::executable(&settings.cache_dir()))
        .env("SLUICE_FUNCTIONS_LOG", functions_log_path(state_dir))
        .env("SLUICE_FUNCTIONS_ENVIRONMENT", serde_json::Value::Object(function_environment).to_string());
    Ok(())
}

fn cache_dir(python: &Path) -> PathBuf {
    python.ancestors().nth(2).unwrap_or(python).join("cache")
}
