//! Starts the gateway of `JuiceFS`, which embeds a fork of MinIO.

use reqwest::Method;

use super::launch::Launch;
use super::supervisor::{Supervisor, run};
use super::{StoreKind, WebhookSettings, install};
use crate::emulator::loopback_client;
use crate::wait::NotReady;
use crate::{Error, Keys, ports};

/// The ARN of the webhook that the variables configure under the name `SLUICE`.
pub(super) const WEBHOOK_ARN: &str = "arn:minio:sqs::SLUICE:webhook";
const METADATA: &str = "sqlite3://metadata.db";
const OPTIONS: [&str; 13] = [
    "--multi-buckets",
    // Without these, a HEAD returns no ETag, content type, metadata or tags.
    "--keep-etag",
    "--object-meta",
    "--object-tag",
    "--cache-dir=memory",
    "--cache-size=64M",
    "--buffer-size=64M",
    "--backup-meta=0",
    "--no-usage-report",
    "--no-banner",
    "--log=juicefs.log",
    "--refresh-iam-interval=1h",
    "--check-storage",
];

/// The variables of a server: the keys, and the webhook with a folder for events that it has not delivered
/// yet.
pub(crate) fn server_variables<'a>(
    keys: &'a Keys,
    webhook: Option<&'a WebhookSettings>,
    event_dir: &'a str,
) -> Vec<(&'static str, &'a str)> {
    let mut variables = vec![
        ("MINIO_ROOT_USER", keys.access_key.as_str()),
        ("MINIO_ROOT_PASSWORD", keys.secret_key.as_str()),
    ];
    if let Some(webhook) = webhook {
        variables.extend([
            ("MINIO_NOTIFY_WEBHOOK_ENABLE_SLUICE", "on"),
            ("MINIO_NOTIFY_WEBHOOK_ENDPOINT_SLUICE", &webhook.url),
            ("MINIO_NOTIFY_WEBHOOK_AUTH_TOKEN_SLUICE", &webhook.token),
            // Without a queue, MinIO drops an event that it cannot deliver. It retries queued events every 3
            // seconds.
            ("MINIO_NOTIFY_WEBHOOK_QUEUE_DIR_SLUICE", event_dir),
        ]);
    }
    variables
}

/// Whether pages may call the gateway. It answers requests before it has read its settings, and allows no
/// origin until then.
pub(super) async fn allows_origins(endpoint: &str) -> Result<(), NotReady> {
    let client = loopback_client().map_err(NotReady::Ever)?;
    let preflight = client.request(Method::OPTIONS, endpoint).header("origin", endpoint);
    let preflight = preflight.header("access-control-request-method", "PUT");
    match preflight.send().await {
        Ok(answer) if answer.headers().contains_key("access-control-allow-origin") => Ok(()),
        Ok(answer) => Err(NotReady::Yet(format!("{}, but it allows no origin", answer.status()))),
        Err(error) => Err(NotReady::Yet(error.to_string())),
    }
}

pub(super) async fn start(launch: &Launch) -> Result<(Supervisor, u16), Error> {
    let binaries = install::ensure_binaries(launch.report).await?;
    launch.report_start(StoreKind::Minio);
    let [port, metrics_port] = ports::choose(launch.port, "--store-port")?;
    let program = binaries.join("juicefs");
    let bucket = format!("--bucket={}", launch.dir.join("data").display());
    let format = ["format", "--no-update", "--storage=file", &bucket, "--trash-days=0", METADATA, "sluice"];
    run("making a JuiceFS volume", &launch.dir, &program, &format).await?;

    let variables = server_variables(&launch.keys, launch.webhook.as_ref(), &launch.event_dir);
    let python = binaries.join("python");
    let mut supervisor =
        Supervisor::start(StoreKind::Minio, &python, &launch.dir, launch.log.clone(), &variables)?;
    let address = format!("127.0.0.1:{port}");
    let metrics = format!("--metrics=127.0.0.1:{metrics_port}");
    let program = program.display().to_string();
    // The agent is a profiler that listens on a fixed port.
    let mut command = vec![program.as_str(), "--no-agent", "gateway", &metrics];
    command.extend(OPTIONS);
    command.extend([METADATA, &address]);
    supervisor.start_daemon(&command).await?;
    Ok((supervisor, port))
}
