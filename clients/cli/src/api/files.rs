//! Calls for files, their versions, and lookups of blobs and hooks.

use sluice_contracts::files::{
    FileChange, FileList, Lookup, LookupAnswer, Restore, VersionList, VersionView,
};
use sluice_contracts::packs::{HooksFound, HooksLookup, Plan};
use sluice_domain::hash::ChunkId;
use sluice_domain::id::{FileId, VersionId};
use sluice_domain::path::FilePath;

use super::call::Call;
use super::client::Api;
use crate::error::Result;

/// The most rows that one answer may have.
const PAGE_ROWS: &str = "1000";

/// Which files to list.
#[derive(Debug, Clone)]
pub struct Selection {
    pub prefix: String,
    /// Whether files in deeper folders appear only as a folder.
    pub folded: bool,
}

/// How detailed a plan is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// One term for each run of chunks in a pack.
    Terms,
    /// Each chunk, with URLs to read it.
    Chunks,
    /// The same, but with the former locations of packs that were moved, while they can still be read there.
    FormerChunks,
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

    /// Renames or edits the file if `version_id` is still current.
    pub async fn change_file(
        &self,
        file_id: FileId,
        change: &FileChange,
        version_id: VersionId,
    ) -> Result<VersionView> {
        let call = Call::patch(&["files", &file_id.to_string()], change).idempotent();
        self.json(&call.if_match(Some(version_id))).await
    }

    /// Deletes the file if `version_id` is still current. Its versions stay.
    pub async fn delete_file(&self, file_id: FileId, version_id: VersionId) -> Result<()> {
        let call = Call::delete(&["files", &file_id.to_string()]).idempotent();
        self.success(&call.if_match(Some(version_id))).await.map(drop)
    }

    /// One page of the file's versions, the latest first.
    pub async fn versions(&self, file_id: FileId, cursor: Option<String>) -> Result<VersionList> {
        let call = Call::get(&["files", &file_id.to_string(), "versions"]).query_if_some("cursor", cursor);
        self.json(&call).await
    }

    /// Makes `version_id` current again. With `expected`, only if that version is still current.
    pub async fn restore_version(
        &self,
        file_id: FileId,
        version_id: VersionId,
        expected: Option<VersionId>,
    ) -> Result<VersionView> {
        let call = Call::post(&["files", &file_id.to_string(), "restore"], &Restore { version_id });
        self.json(&call.idempotent().if_match(expected)).await
    }

    /// One page of the plan for assembling the version from packs.
    pub async fn plan(
        &self,
        file_id: FileId,
        version_id: VersionId,
        detail: Detail,
        cursor: Option<String>,
    ) -> Result<Plan> {
        let former = (detail == Detail::FormerChunks).then(|| "true".to_owned());
        let detail = match detail {
            Detail::Terms => "terms",
            Detail::Chunks | Detail::FormerChunks => "chunks",
        };
        let call = Call::get(&["files", &file_id.to_string(), "plan"])
            .query("version", version_id.to_string())
            .query("detail", detail)
            .query_if_some("former", former)
            .query_if_some("cursor", cursor);
        self.json(&call).await
    }

    /// Makes a version from a blob that the account already has, without sending bytes. With `if_match`, only
    /// if the file still has that version.
    pub async fn look_up(&self, lookup: &Lookup, if_match: Option<VersionId>) -> Result<LookupAnswer> {
        self.json(&Call::post(&["lookups"], lookup).idempotent().if_match(if_match)).await
    }

    /// The account's packs that hold any of these hooks. Takes at most
    /// [`sluice_contracts::packs::HOOKS_MAX`].
    pub async fn look_up_hooks(&self, hooks: &[ChunkId]) -> Result<HooksFound> {
        self.json(&Call::post(&["lookups", "hooks"], &HooksLookup { hooks: hooks.to_vec() })).await
    }
}
