//! Times one start of a function until it calls Lambda's Runtime API.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::process::Command;
use tokio::time::{Instant, timeout};

use crate::Failure;

const TIME_LIMIT: Duration = Duration::from_secs(30);
const FIRST_POLL: &str = "GET /2018-06-01/runtime/invocation/next ";

/// The variables that Lambda and `infra/template/` set, all of them for every function.
const VARIABLES: [(&str, &str); 31] = [
    ("AWS_REGION", "us-east-1"),
    ("AWS_DEFAULT_REGION", "us-east-1"),
    ("AWS_ACCESS_KEY_ID", "key"),
    ("AWS_SECRET_ACCESS_KEY", "secret"),
    ("AWS_SESSION_TOKEN", "token"),
    ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
    ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512"),
    ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/sluice"),
    ("AWS_LAMBDA_LOG_STREAM_NAME", "stream"),
    ("SLUICE_LOG_LEVEL", "info"),
    ("SLUICE_TABLE_PREFIX", "sluice"),
    ("SLUICE_LANDING_BUCKET", "sluice-landing"),
    ("SLUICE_VAULT_BUCKET", "sluice-vault"),
    ("SLUICE_LANDING_QUEUE_URL", "https://sqs.us-east-1.amazonaws.com/000000000000/landing"),
    ("SLUICE_LANDING_DEAD_LETTER_QUEUE_URL", "https://sqs.us-east-1.amazonaws.com/000000000000/dead"),
    ("SLUICE_QUEUE_MAX_RECEIVE_COUNT", "3"),
    ("SLUICE_DEFAULT_QUOTA_BYTES", "107374182400"),
    ("SLUICE_SESSION_TTL_SECONDS", "2592000"),
    ("SLUICE_PRESIGNED_URL_TTL_SECONDS", "3600"),
    ("SLUICE_UPLOAD_TTL_SECONDS", "604800"),
    ("SLUICE_CACHE_BUCKET", "sluice-cache"),
    ("SLUICE_MATERIALIZE_QUEUE_URL", "https://sqs.us-east-1.amazonaws.com/000000000000/materialize"),
    ("SLUICE_MATERIALIZE_DEAD_LETTER_QUEUE_URL", "https://sqs.us-east-1.amazonaws.com/000000000000/dead"),
    ("SLUICE_COMPRESS_QUEUE_URL", "https://sqs.us-east-1.amazonaws.com/000000000000/compress"),
    ("SLUICE_COMPRESS_DEAD_LETTER_QUEUE_URL", "https://sqs.us-east-1.amazonaws.com/000000000000/dead"),
    ("SLUICE_MIGRATE_QUEUE_URL", "https://sqs.us-east-1.amazonaws.com/000000000000/migrate"),
    ("SLUICE_MIGRATE_DEAD_LETTER_QUEUE_URL", "https://sqs.us-east-1.amazonaws.com/000000000000/dead"),
    ("SLUICE_CACHED_BLOB_TTL_SECONDS", "604800"),
    ("SLUICE_RETIRED_OBJECT_GRACE_SECONDS", "7200"),
    ("SLUICE_MIGRATION_BYTES_PER_SECOND", "0"),
    ("SLUICE_MIGRATION_PACKS_IN_FLIGHT", "4"),
];

/// Measures the time from before the process is created until its first poll arrives. Then kills it.
pub async fn time(name: &str, executable: &Path) -> Result<Duration, Failure> {
    let runtime_api = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let mut command = command(name, executable, runtime_api.local_addr()?);
    let begin = Instant::now();
    let mut child = command.spawn()?;
    let outcome = tokio::select! {
        poll = timeout(TIME_LIMIT, first_line(&runtime_api)) => match poll {
            Ok(Ok(line)) if line.starts_with(FIRST_POLL) => Ok(begin.elapsed()),
            Ok(Ok(line)) => Err(format!("{name} began with {:?}", line.trim_end())),
            Ok(Err(error)) => Err(format!("{name}: {error}")),
            Err(_) => Err(format!("{name} did not poll within {TIME_LIMIT:?}")),
        },
        status = child.wait() => Err(format!("{name} ended before its first poll: {}", status?)),
    };
    child.kill().await?;
    Ok(outcome?)
}

fn command(name: &str, executable: &Path, runtime_api: SocketAddr) -> Command {
    let mut command = Command::new(executable);
    command.env_clear().envs(VARIABLES).env("AWS_LAMBDA_FUNCTION_NAME", name);
    command.env("AWS_LAMBDA_RUNTIME_API", runtime_api.to_string());
    command.stdin(Stdio::null()).stdout(Stdio::null()).kill_on_drop(true);
    command
}

async fn first_line(runtime_api: &TcpListener) -> std::io::Result<String> {
    let (stream, _) = runtime_api.accept().await?;
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).await?;
    Ok(line)
}
