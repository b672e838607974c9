//! `LocalStack` without Docker: what it runs from, and what it is told.

use std::path::{Path, PathBuf};

use tokio::{process::Command, task::spawn_blocking};

use super::{Launch, dynoxide, functions_log_path};
use crate::{Error, Settings, ports, python};

pub(crate) const HEALTH_PATH: &str = "/_localstack/health";

/// What it is told wherever it runs, here or in a container.
pub(crate) const VARIABLES: [(&str, &str); 9] = [
    ("SQS_ENDPOINT_STRATEGY", "path"),
    ("SQS_DISABLE_CLOUDWATCH_METRICS", "1"),
    // The newer engine refuses references among resources whose condition does not hold.
    ("PROVIDER_OVERRIDE_CLOUDFORMATION", "engine-legacy"),
    // Nothing of it is to listen anywhere else, or to call anybody.
    ("DNS_ADDRESS", "0"),
    ("DISABLE_EVENTS", "1"),
    ("SKIP_SSL_CERT_DOWNLOAD", "1"),
    ("S3_SKIP_SIGNATURE_VALIDATION", "0"),
    ("LAMBDA_RUNTIME_EXECUTOR", "native"),
    // The plug-in waits for messages while it polls.
    ("LAMBDA_EVENT_SOURCE_MAPPING_POLL_INTERVAL_SEC", "0.01"),
];
/// The variables in which the plug-in is told what the functions see, as JSON, and where they write.
pub(crate) const FUNCTIONS_ENVIRONMENT: &str = "SLUICE_FUNCTIONS_ENVIRONMENT";
pub(crate) const FUNCTIONS_LOG: &str = "SLUICE_FUNCTIONS_LOG";

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
    command
        .arg(settings.emulator_source_dir().join("serve_localstack.py"))
        .env("GATEWAY_LISTEN", format!("127.0.0.1:{port}"))
        .env("LOCALSTACK_HOST", format!("127.0.0.1:{port}"))
        .env("FILESYSTEM_ROOT", state_dir.join("filesystem"))
        // Where entry points are remembered. In the virtual environment, so that they are never another's.
        .env("XDG_CACHE_HOME", cache_dir(python))
        .env("OVERRIDE_IN_DOCKER", "0")
        .envs(VARIABLES)
        .env("DYNAMODB_LOCAL_PORT", ports::free()?.to_string())
        .env("DYNOXIDE", dynoxide::executable(&settings.cache_dir()))
        .env(FUNCTIONS_LOG, functions_log_path(state_dir))
        .env(FUNCTIONS_ENVIRONMENT, json_object(launch.function_environment).to_string());
    Ok(())
}

/// Variables as the plug-in reads them.
pub(crate) fn json_object(variables: &[(String, String)]) -> serde_json::Value {
    variables
        .iter()
        .map(|(name, value)| (name.clone(), value.clone().into()))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

fn cache_dir(python: &Path) -> PathBuf {
    python.ancestors().nth(2).unwrap_or(python).join("cache")
}
