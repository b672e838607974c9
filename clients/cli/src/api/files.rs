//! Files, their versions and their content.

use reqwest::header::LOCATION;
use reqwest::{StatusCode, Url};
use sluice_contracts::files::{FileChange, FileList, Restore, VersionList, VersionView};
use sluice_domain::id::{FileId, VersionId};
use sluice_domain::path::FilePath;
use std::time::Duration;

use super::{Api, Call, retry_after};
use crate::error::{Error, Result};

/// How long to wait for bytes that are being rebuilt when the server does not say.
const REBUILD_DELAY: Duration = Duration::from_secs(1);

/// As many rows as one answer holds: the fewer calls.
const PAGE_ROWS: &str = "1000";

/// Which files a list shows.
#[derive(Debug, Clone)]
pub struct Selection {
    /// What their paths begin with.
    pub prefix: String,
    /// Whether deeper paths are shown as the folder they lie in.
    pub folded: bool,
}

/// Where the bytes of a version are.
pub enum ContentAnswer {
    /// In the bucket, at this presigned URL.
    At(Url),
    /// Being rebuilt: ask again after a while.
    NotYet(Duration),
}

impl Api {
    /// The file at `path`, if there is one.
    pub async fn file_at(&self, path: &FilePath) -> Result<Option<VersionView>> {
        let list: FileList = self.json(&Call::get(&["files"]).query("path", path.as_str())).await?;
        Ok(list.files.into_iter().next())
    }

    /// The file's current version.
    pub async fn file(&self, file_id: FileId) -> Result<VersionView> {
        self.json(&Call::get(&["files", &file_id.to_string()])).await
    }

    /// One page of a list.
    pub async fn files(&self, selection: &Selection, cursor: Option<String>) -> Result<FileList> {
        let delimiter = selection.folded.then(|| "/".to_owned());
        let call = Call::get(&["files"])
            .query("prefix", &selection.prefix)
            .query("limit", PAGE_ROWS)
            .query_if_some("delimiter", delimiter)
            .query_if_some("cursor", cursor);
        self.json(&call).await
    }

    /// Renames or edits the file, if `version_id` is still current.
    pub async fn change_file(
        &self,
        file_id: FileId,
        change: &FileChange,
        version_id: VersionId,
    ) -> Result<VersionView> {
        let call = Call::patch(&["files", &file_id.to_string()], change).if_match(Some(version_id));
        self.json(&call).await
    }

    /// Deletes the file, if `version_id` is still current; its versions stay.
    pub async fn delete_file(&self, file_id: FileId, version_id: VersionId) -> Result<()> {
        let call = Call::delete(&["files", &file_id.to_string()]).if_match(Some(version_id));
        self.success(&call).await.map(drop)
    }

    /// One page of the file's versions, the latest first.
    pub async fn versions(&self, file_id: FileId, cursor: Option<String>) -> Result<VersionList> {
        let call = Call::get(&["files", &file_id.to_string(), "versions"]).query_if_some("cursor", cursor);
        self.json(&call).await
    }

    /// Makes `version_id` current again, if `expected` still is (when given).
    pub async fn restore_version(
        &self,
        file_id: FileId,
        version_id: VersionId,
        expected: Option<VersionId>,
    ) -> Result<VersionView> {
        let call = Call::post(&["files", &file_id.to_string(), "restore"], &Restore { version_id });
        self.json(&call.if_match(expected)).await
    }

    /// Where the bytes of a version are.
    pub async fn content(&self, file_id: FileId, version_id: VersionId) -> Result<ContentAnswer> {
        let call =
            Call::get(&["files", &file_id.to_string(), "content"]).query("version", version_id.to_string());
        let answer = self.success(&call).await?;
        if answer.status == StatusCode::ACCEPTED {
            return Ok(ContentAnswer::NotYet(retry_after(&answer.headers).unwrap_or(REBUILD_DELAY)));
        }
        let location = answer.headers.get(LOCATION).and_then(|location| location.to_str().ok());
        let url = location.and_then(|location| self.url().as_url().join(location).ok());
        url.map(ContentAnswer::At)
            .ok_or_else(|| Error::UnexpectedAnswer(format!("{} without a place to read from", answer.status)))
    }
}
