//! What became of each file.

use serde::Serialize;
use sluice_contracts::files::VersionView;
use sluice_domain::hash::Sha256;
use sluice_domain::id::{FileId, VersionId};
use std::path::Path;

use super::download::Fetched;
use crate::api::Api;
use crate::error::Error;
use crate::output::{self, Failure, printable};

/// One line of `--json` output.
#[derive(Debug, Serialize)]
pub struct Report {
    /// The remote path, or what was asked for if there is no such file.
    pub path: String,
    /// The local path.
    pub local: Option<String>,
    /// `downloaded`, `unchanged` or `failed`.
    pub outcome: &'static str,
    /// Which version.
    pub version_id: Option<VersionId>,
    /// Of which file.
    pub file_id: Option<FileId>,
    /// Size in bytes.
    pub size: Option<u64>,
    /// SHA-256 of the content.
    pub sha256: Option<Sha256>,
    /// Content bytes received, repeats included.
    pub bytes_received: u64,
    /// Content bytes that were here already: of an earlier run, or in a local file.
    pub bytes_reused: u64,
    /// Bytes exchanged with the API.
    pub api_bytes: u64,
    /// Requests to the API and the bucket.
    pub requests: u64,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Failure>,
}

impl Report {
    /// A file that was found.
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

    /// A file or folder that was not found.
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

    /// For people.
    pub fn text(&self) -> String {
        let size = self.size.map(output::size).unwrap_or_default();
        let reused = match self.bytes_reused {
            0 => String::new(),
            bytes => format!(" ({} of it were here)", output::size(bytes)),
        };
        format!("{:10}  {size:>11}  {}{reused}", self.outcome, printable(&self.path))
    }
}
