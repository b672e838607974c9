//! The result line of each uploaded file.

use serde::Serialize;
use sluice_contracts::files::VersionView;
use sluice_domain::hash::Sha256;
use sluice_domain::id::{FileId, VersionId};
use sluice_domain::path::FilePath;
use sluice_domain::version::VersionState;
use std::path::Path;

use super::item::Item;
use crate::error::Error;
use crate::output::{self, Failure, printable};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// All bytes were sent.
    Uploaded,
    /// Only the bytes that the account lacked were sent.
    Delta,
    /// The account already had the blob.
    Instant,
    Failed,
    /// Something that is not uploaded.
    Skipped,
}

/// One line of `--json` output.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Null if the local name makes no valid remote path.
    pub path: Option<FilePath>,
    pub local: String,
    pub outcome: Outcome,
    /// `available`, or `pending` with `--no-wait`.
    pub state: Option<VersionState>,
    pub version_id: Option<VersionId>,
    /// Null if no answer named the file.
    pub file_id: Option<FileId>,
    pub size: u64,
    pub sha256: Option<Sha256>,
    /// Bytes sent to the bucket, including repeats.
    pub bytes_sent: u64,
    /// Bytes of requests to the API and of its answers.
    pub api_bytes: u64,
    /// Requests to the API and to the bucket.
    pub requests: u64,
    /// Why it was skipped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Failure>,
}

impl Report {
    /// What the item has cost so far.
    pub fn new(item: &Item, outcome: Outcome) -> Self {
        let meter = item.api.meter();
        let blob = item.blob.get();
        Self {
            path: Some(item.remote.clone()),
            local: item.local.to_string_lossy().into_owned(),
            outcome,
            state: None,
            version_id: None,
            file_id: None,
            size: blob.map_or(item.found_bytes, |blob| blob.size_bytes),
            sha256: blob.map(|blob| blob.sha256),
            bytes_sent: meter.bucket_bytes(),
            api_bytes: meter.api_bytes(),
            requests: meter.requests(),
            reason: None,
            error: None,
        }
    }

    /// A file that failed after the transfer began.
    pub fn failed(item: &Item, error: &Error) -> Self {
        Self { error: Some(Failure::from(error)), ..Self::new(item, Outcome::Failed) }
    }

    /// A file that failed before the first call to the server.
    pub fn not_begun(local: &Path, remote: Option<FilePath>, error: &Error) -> Self {
        Self { path: remote, error: Some(Failure::from(error)), ..Self::without_item(local, Outcome::Failed) }
    }

    pub fn skipped(local: &Path, reason: &'static str) -> Self {
        Self { reason: Some(reason), ..Self::without_item(local, Outcome::Skipped) }
    }

    fn without_item(local: &Path, outcome: Outcome) -> Self {
        Self {
            path: None,
            local: local.to_string_lossy().into_owned(),
            outcome,
            state: None,
            version_id: None,
            file_id: None,
            size: 0,
            sha256: None,
            bytes_sent: 0,
            api_bytes: 0,
            requests: 0,
            reason: None,
            error: None,
        }
    }

    /// Adds the server's view of the version.
    #[must_use]
    pub fn with_version(mut self, version: &VersionView) -> Self {
        self.state = Some(version.state);
        self.version_id = Some(version.version_id);
        self.file_id = Some(version.file_id);
        self
    }

    pub fn text(&self) -> String {
        let path = self.path.as_ref().map_or(&*self.local, FilePath::as_str);
        let outcome = match self.outcome {
            Outcome::Uploaded => "uploaded",
            Outcome::Delta => "delta",
            Outcome::Instant => "instant",
            Outcome::Failed => "failed",
            Outcome::Skipped => "skipped",
        };
        let size = if self.reason.is_some() { String::new() } else { output::size(self.size) };
        let remark = match (self.outcome, self.reason) {
            (Outcome::Delta, _) => format!(" ({} sent)", output::size(self.bytes_sent)),
            (_, Some(reason)) => format!(": {reason}"),
            _ => String::new(),
        };
        format!("{outcome:8}  {size:>10}  {}{remark}", printable(path))
    }
}
