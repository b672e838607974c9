//! Uploads: init, parts, completion.

use serde::{Deserialize, Serialize};
use sluice_domain::hash::{Sha1, Sha256};
use sluice_domain::id::{FileId, UploadId, VersionId};
use sluice_domain::part_plan::{PartNumber, UploadMethod};
use sluice_domain::path::FilePath;
use sluice_domain::time::Timestamp;
use sluice_domain::upload::{DeclaredPack, UploadState};
use sluice_domain::version::{Metadata, RejectReason};
use std::collections::BTreeMap;

use crate::files::VersionView;
use crate::packs::PackManifest;

/// Most URLs in one answer, and most uploads asked about in one call.
pub const PAGE_MAX: usize = 100;

/// `POST /uploads`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct UploadRequest {
    /// Where the file shall lie.
    pub path: FilePath,
    /// Its size in bytes, at most 5 TiB.
    pub size: u64,
    /// Its SHA-256. With it a known content is instant, and the store refuses a single PUT of anything else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Sha256>,
    /// Its SHA-1, checked if given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha1: Option<Sha1>,
    /// Media type; `application/octet-stream` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// The user's own key-value pairs: at most 2048 bytes in all.
    #[serde(default, skip_serializing_if = "Metadata::is_empty")]
    pub metadata: Metadata,
    /// The size in bytes of every part but the last: 5 MiB to 5 GiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part_size: Option<u64>,
    /// The packs of missing chunks that will be sent in place of the whole, at most 90; none where the account has every
    /// chunk. Wants `sha256`. `POST /uploads/{id}/complete` then brings the manifest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub packs: Option<Vec<DeclaredPack>>,
    /// A promise to give every part's SHA-256 to `POST /uploads/{id}/parts`, so that the store refuses a damaged part.
    /// A multipart answer then holds no URLs yet.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub part_sha256: bool,
}

/// The answer to an [`UploadRequest`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "lowercase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum UploadAnswer {
    /// The account held the content: the version is available and no byte is sent.
    Instant {
        /// The new version.
        version: VersionView,
    },
    /// Send the bytes.
    Upload(UploadPlan),
}

/// How to send the bytes.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct UploadPlan {
    /// The upload.
    pub upload_id: UploadId,
    /// The version it makes.
    pub version_id: VersionId,
    /// One PUT of the whole file, parts, or packs.
    pub method: UploadMethod,
    /// Size in bytes of every part but the last; of packs, the most a pack may have.
    pub part_size: u64,
    /// How many parts or packs.
    pub part_count: u32,
    /// The first parts' URLs, at most 100.
    pub parts: Vec<PartUrl>,
    /// When the upload ends if the bytes have not arrived.
    pub expires_at: Timestamp,
}

/// Where and how to PUT one part.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PartUrl {
    /// Which part.
    pub number: PartNumber,
    /// Its size in bytes, signed into the URL.
    pub size: u64,
    /// The presigned URL.
    pub url: String,
    /// The headers to send with it: they are signed.
    pub headers: BTreeMap<String, String>,
    /// When the URL stops working; ask for a fresh one.
    pub expires_at: Timestamp,
}

impl std::fmt::Debug for PartUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The URL is a capability and stays out of logs.
        f.debug_struct("PartUrl")
            .field("number", &self.number)
            .field("size", &self.size)
            .finish_non_exhaustive()
    }
}

/// `POST /uploads/{upload_id}/parts`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PartUrlsRequest {
    /// Which parts, at most 100.
    pub parts: Vec<PartUrlRequest>,
}

/// One part of a [`PartUrlsRequest`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PartUrlRequest {
    /// Which part.
    pub number: PartNumber,
    /// Its SHA-256: given for every part of an upload that promised it, and for no other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Sha256>,
}

/// The answer to a [`PartUrlsRequest`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PartUrls {
    /// Fresh URLs, in the order asked for.
    pub parts: Vec<PartUrl>,
}

/// `POST /uploads/{upload_id}/complete`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Completion {
    /// Every part, in order. For a single PUT and for packs the list may be empty.
    pub parts: Vec<CompletedPart>,
    /// The content's SHA-256, if it was not known when a multipart upload began. The bytes are checked against it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Sha256>,
    /// How the content is put together, where packs were sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manifest: Option<PackManifest>,
}

/// One part the client has sent.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CompletedPart {
    /// Which part.
    pub number: PartNumber,
    /// The `ETag` the store answered, with or without quotes.
    pub etag: String,
}

/// The answer to a [`Completion`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Completed {
    /// The version; pending until every byte is verified.
    pub version: VersionView,
}

/// A part the store has received.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReceivedPart {
    /// Which part.
    pub number: PartNumber,
    /// Its size in bytes.
    pub size: u64,
    /// Its `ETag`, without quotes.
    pub etag: String,
}

/// `GET /uploads/{upload_id}`, and one row of `GET /uploads`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct UploadView {
    /// The upload.
    pub upload_id: UploadId,
    /// The version it makes.
    pub version_id: VersionId,
    /// The file that the version belongs to; settled once all bytes have arrived.
    pub file_id: FileId,
    /// Where the file shall lie.
    pub path: FilePath,
    /// Declared size in bytes.
    pub size: u64,
    /// Where the upload stands.
    pub state: UploadState,
    /// Why its version was rejected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<RejectReason>,
    /// One PUT of the whole file, or parts.
    pub method: UploadMethod,
    /// Size in bytes of every part but the last.
    pub part_size: u64,
    /// How many parts.
    pub part_count: u32,
    /// What the store has received; only when one open upload is asked about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub received: Vec<ReceivedPart>,
    /// When the upload ends if the bytes have not arrived.
    pub expires_at: Timestamp,
    /// The version, once all bytes have arrived; only when one upload is asked about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<VersionView>,
}

/// `GET /uploads`: the account's open and pending uploads, one page; or, with `?ids=`, the uploads asked about whatever
/// their state.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct UploadList {
    /// The uploads. An id of `?ids=` that the account does not have is absent.
    pub uploads: Vec<UploadView>,
    /// Pass as `cursor` for the next page; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}
