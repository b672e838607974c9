//! The result line of each downloaded file.

use serde::Serialize;
use sluice_contracts::files::VersionView;
use sluice_domain::hash::Sha256;
use sluice_domain::id::{FileId, VersionId};
use std::path::{Path, PathBuf};

use super::download::Fetched;
use crate::api::Api;
use crate::error::Error;
use crate::output::{self, Failure, printable};

/// One line of `--json` output.
#[derive(Debug, Serialize)]
pub struct Report {
    /// The remote path, or the argument if there is no such file.
    pub path: String,
    pub local: Option<String>,
    /// `downloaded`, `unchanged` or `failed`.
    pub outcome: &'static str,
    pub version_id: Option<VersionId>,
    pub file_id: Option<FileId>,
    pub size: Option<u64>,
    pub sha256: Option<Sha256>,
    /// Bytes received from the bucket, including repeats.
    pub bytes_received: u64,
    /// Bytes taken from an earlier run or from local files.
    pub bytes_reused: u64,
    /// Bytes of requests to the API and of its answers.
    pub api_bytes: u64,
    /// Requests to the API and to the bucket.
    pub requests: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Failure>,
}

impl Report {
    /// A file that exists on the server.
    pub fn new(version: &VersionView, local: &Path, api: &Api, outcome: Result<Fetched, &Error>) -> Self {
        let meter = api.meter();
        Self {
            path: version.path.to_string(),
            local: Some(local.to_string_lossy().into_owned()),
            outcome: match outcome {
                Ok(Fetched::Downloaded) => "downloaded",
                Ok(Fetched::Unchanged) => "unchanged",
                Err(_) => "failed",
            },
            version_id: Some(version.version_id),
            file_id: Some(version.file_id),
            size: Some(version.size),
            sha256: version.sha256,
            bytes_received: meter.bucket_bytes(),
            bytes_reused: meter.reused_bytes(),
            api_bytes: meter.api_bytes(),
            requests: meter.requests(),
            error: outcome.err().map(Failure::from),
        }
    }

    /// A file or folder that failed before its download began.
    pub fn not_begun(path: String, error: &Error) -> Self {
        Self {
            path,
            local: None,
            outcome: "failed",
            version_id: None,
            file_id: None,
            size: None,
            sha256: None,
            bytes_received: 0,
            bytes_reused: 0,
            api_bytes: 0,
            requests: 0,
            error: Some(Failure::from(error)),
        }
    }

    /// The local folder of the file.
    pub fn folder(&self) -> Option<PathBuf> {
        Path::new(self.local.as_deref()?).parent().map(Path::to_owned)
    }

    pub fn text(&self) -> String {
        let size = self.size.map(output::size).unwrap_or_default();
        let reused = match self.bytes_reused {
            0 => String::new(),
            bytes => format!(" ({} reused)", output::size(bytes)),
        };
        format!("{:10}  {size:>11}  {}{reused}", self.outcome, printable(&self.path))
    }
}
