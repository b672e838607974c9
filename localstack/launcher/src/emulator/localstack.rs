//! Installs and configures `LocalStack` as a process, without Docker.

use std::path::{Path, PathBuf};

use tokio::process::Command;
use tokio::task::spawn_blocking;

use super::dynoxide;
use super::launch::{Launch, functions_log_path};
use crate::{Error, Settings, ports, python};

pub(crate) const HEALTH_PATH: &str = "/_localstack/health";

/// The settings of `LocalStack`, both as a process and in a container.
pub(crate) const VARIABLES: [(&str, &str); 9] = [
    ("SQS_ENDPOINT_STRATEGY", "path"),
    ("SQS_DISABLE_CLOUDWATCH_METRICS", "1"),
    // The newer engine rejects references between resources whose condition is false.
    ("PROVIDER_OVERRIDE_CLOUDFORMATION", "engine-legacy"),
    // It must not listen on other ports or call other hosts.
    ("DNS_ADDRESS", "0"),
    ("DISABLE_EVENTS", "1"),
    ("SKIP_SSL_CERT_DOWNLOAD", "1"),
    ("S3_SKIP_SIGNATURE_VALIDATION", "0"),
    ("LAMBDA_RUNTIME_EXECUTOR", "native"),
    // The plug-in's poller itself waits for messages.
    ("LAMBDA_EVENT_SOURCE_MAPPING_POLL_INTERVAL_SEC", "0.01"),
];
/// The plug-in reads the functions' environment (as JSON) and the path of their log from these variables.
pub(crate) const FUNCTIONS_ENVIRONMENT: &str = "SLUICE_FUNCTIONS_ENVIRONMENT";
pub(crate) const FUNCTIONS_LOG: &str = "SLUICE_FUNCTIONS_LOG";
/// The plug-in's gate reads the administrator's keys and the origins of pages from these.
pub(crate) const ACCESS_KEY: &str = "SLUICE_ACCESS_KEY";
pub(crate) const SECRET_KEY: &str = "SLUICE_SECRET_KEY";
pub(crate) const PAGE_ORIGINS: &str = "SLUICE_PAGE_ORIGINS";

/// Installs `LocalStack` and our plug-in, and returns the Python that runs them.
pub(super) async fn install(settings: &Settings) -> Result<PathBuf, Error> {
    let source_dir = settings.emulator_source_dir();
    let cache_dir = settings.cache_dir();
    let report = settings.report;
    let ensure = move || {
        dynoxide::ensure(&cache_dir, report)?;
        let requirements = source_dir.join("requirements.txt");
        let plugin = source_dir.join("plugin");
        python::ensure_environment_with(&requirements, &plugin, &cache_dir.join("venv"), report)
    };
    spawn_blocking(ensure).await.map_err(Error::call("installing LocalStack"))?
}

/// Configures the emulator's process. The plug-in passes `launch.function_environment` to the functions, and
/// no other variable.
pub(super) fn configure(command: &mut Command, launch: &Launch) -> Result<(), Error> {
    let Launch { settings, state_dir, port, python, origins, .. } = launch;
    command
        .arg(settings.emulator_source_dir().join("serve.py"))
        .env("GATEWAY_LISTEN", format!("127.0.0.1:{port}"))
        .env("LOCALSTACK_HOST", format!("127.0.0.1:{port}"))
        .env("FILESYSTEM_ROOT", state_dir.join("filesystem"))
        // LocalStack caches entry points here. The cache must belong to this virtual environment.
        .env("XDG_CACHE_HOME", cache_dir(python))
        .env("OVERRIDE_IN_DOCKER", "0")
        .envs(VARIABLES)
        .env("DYNAMODB_LOCAL_PORT", ports::free()?.to_string())
        .env("DYNOXIDE", dynoxide::executable(&settings.cache_dir()))
        .env(ACCESS_KEY, &settings.keys.access_key)
        .env(SECRET_KEY, &settings.keys.secret_key)
        .env(PAGE_ORIGINS, origins.join(","))
        .env(FUNCTIONS_LOG, functions_log_path(state_dir))
        .env(FUNCTIONS_ENVIRONMENT, json_object(launch.function_environment).to_string());
    Ok(())
}

/// The variables as the JSON object that the plug-in reads.
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
