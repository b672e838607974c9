//! Makes the files that are compressed.

use serde::Deserialize;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use tokio::process::Command;

use crate::stored::trees;
use crate::{Failure, builds, command, peers};

const IMAGES: &str = "tests/benchmarks/src/compress/make_jpegs.py";

/// A kind of file.
#[derive(Debug, Clone, Copy)]
pub enum Corpus {
    /// The sources of all packages that this workspace is built from, one file after the other.
    SourceCode,
    /// Log lines of a web service, each a JSON object.
    JsonLogs,
    /// JPEG images of noise in several sizes, one after the other.
    Jpeg,
}

impl Corpus {
    pub const ALL: [Self; 3] = [Self::SourceCode, Self::JsonLogs, Self::Jpeg];

    /// The name in the table's rows.
    pub fn name(self) -> &'static str {
        match self {
            Self::SourceCode => "source code",
            Self::JsonLogs => "JSON logs",
            Self::Jpeg => "JPEG images",
        }
    }

    /// Writes at most `size_bytes` of it to `path`.
    pub async fn make(self, path: &Path, size_bytes: usize) -> Result<(), Failure> {
        match self {
            Self::SourceCode => fs::write(path, source_code(size_bytes).await?)?,
            Self::JsonLogs => fs::write(path, json_logs(size_bytes))?,
            Self::Jpeg => {
                let mut images = Command::new(peers::install().await?.join("python"));
                images.arg(builds::workspace_dir().join(IMAGES)).arg(path).arg(size_bytes.to_string());
                command::run(images).await?;
            }
        }
        Ok(())
    }
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    source: Option<String>,
    manifest_path: PathBuf,
}

async fn source_code(size_bytes: usize) -> Result<Vec<u8>, Failure> {
    let mut metadata = Command::new("cargo");
    metadata.args(["metadata", "--format-version", "1", "--locked"]).current_dir(builds::workspace_dir());
    let metadata: Metadata = serde_json::from_str(&command::run(metadata).await?.output)?;
    let mut content = Vec::new();
    for package in metadata.packages.iter().filter(|package| package.source.is_some()) {
        let mut files =
            trees::files_below(package.manifest_path.parent().ok_or("a package without a folder")?)?;
        files.retain(|file| file.extension() == Some(OsStr::new("rs")));
        files.sort();
        for file in files {
            content.extend(fs::read(file)?);
        }
        if content.len() >= size_bytes {
            break;
        }
    }
    content.truncate(size_bytes);
    Ok(content)
}

const METHODS: [&str; 5] = ["GET", "GET", "GET", "POST", "DELETE"];
const STATUSES: [u16; 8] = [200, 200, 200, 200, 201, 304, 404, 503];
const SERVICES: [&str; 6] = ["gateway", "accounts", "search", "billing", "thumbnails", "mailer"];
const PATHS: [&str; 7] =
    ["/v1/files", "/v1/users", "/v1/search", "/v2/orders", "/v2/orders/items", "/health", "/v1/thumbnails"];
const MESSAGES: [&str; 6] = [
    "request served",
    "served from the cache",
    "retrying after the upstream closed the connection",
    "slow query",
    "token refreshed",
    "rate limit reached for this client",
];
const AGENTS: [&str; 4] = [
    "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/140.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15",
    "curl/8.14.1",
    "okhttp/5.1.0",
];

/// Makes lines with fields like those of a service: random identifiers, recurring addresses, increasing
/// times.
fn json_logs(size_bytes: usize) -> Vec<u8> {
    let numbers = sluice_tests::bytes(7, size_bytes / 8 + 1024);
    let mut lines = Vec::with_capacity(size_bytes + 1024);
    let mut milliseconds = 1_790_000_000_000_u64;
    for number in numbers.chunks_exact(24) {
        let [a, b, c] =
            [0, 8, 16].map(|at| u64::from_le_bytes(number[at..at + 8].try_into().unwrap_or_default()));
        milliseconds += a % 40;
        let line = serde_json::json!({
            "time": milliseconds,
            "service": pick(&SERVICES, a >> 8),
            "method": pick(&METHODS, a >> 16),
            "path": format!("{}/{}", pick(&PATHS, a >> 24), (a >> 32) % 50_000),
            "status": pick(&STATUSES, b),
            "duration_us": 150 + (b >> 8) % (1 << ((b >> 40) % 18 + 2)),
            "bytes": (b >> 20) % 60_000,
            "request_id": format!("{c:016x}"),
            "client": format!("10.{}.{}.{}", c % 4, (c >> 8) % 40, (c >> 16) % 250),
            "agent": pick(&AGENTS, c >> 24),
            "message": pick(&MESSAGES, c >> 32),
        });
        lines.extend(line.to_string().into_bytes());
        lines.push(b'\n');
        if lines.len() >= size_bytes {
            break;
        }
    }
    lines.truncate(size_bytes);
    lines
}

fn pick<T: Copy>(values: &[T], number: u64) -> T {
    values[(number % values.len() as u64) as usize]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logs_are_lines_of_json_of_the_requested_size() {
        let logs = json_logs(100_000);
        assert_eq!(logs.len(), 100_000);
        let lines: Vec<_> = logs.split(|byte| *byte == b'\n').collect();
        for line in &lines[..lines.len() - 1] {
            assert!(serde_json::from_slice::<serde_json::Value>(line).is_ok());
        }
    }
}
