//! Defines the bodies of the calls under `/uploads`.

use serde::{Deserialize, Serialize};
use sluice_domain::hash::{Sha1, Sha256};
use sluice_domain::id::{FileId, UploadId, VersionId};
use sluice_domain::part_plan::{PartNumber, UploadMethod};
use sluice_domain::path::FilePath;
use sluice_domain::time::Timestamp;
use sluice_domain::upload::{DeclaredPack, UploadState};
use sluice_domain::version::{Metadata, RejectReason};
#[cfg(feature = "schema")]
use sluice_domain::{
    manifest::MANIFEST_MAX_PACKS,
    part_plan::{OBJECT_MAX_BYTES, PART_MAX_BYTES, PART_MAX_COUNT, PART_MIN_BYTES},
};
use std::collections::BTreeMap;

use crate::files::VersionView;
use crate::packs::PackManifest;

/// One answer has at most this many URLs, and `ids` names at most this many uploads.
pub const PAGE_MAX: usize = 100;

/// The body of `POST /uploads`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct UploadRequest {
    /// The path of the file.
    pub path: FilePath,
    /// Size in bytes, at most 48.8 TiB.
    #[cfg_attr(feature = "schema", schemars(range(max = OBJECT_MAX_BYTES)))]
    pub size: u64,
    /// SHA-256 of the file. If the account holds the blob, the upload is instant. The store refuses a single
    /// PUT of other bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Sha256>,
    /// SHA-1 of the file. The bytes are checked against it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha1: Option<Sha1>,
    /// Media type: `type/subtype` in printable ASCII. The default is `application/octet-stream`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "schema",
        schemars(length(max = 255), regex(pattern = crate::openapi::limits::CONTENT_TYPE_PATTERN))
    )]
    pub content_type: Option<String>,
    /// The user's own key-value pairs, at most 2048 bytes in total.
    #[serde(default, skip_serializing_if = "Metadata::is_empty")]
    #[cfg_attr(feature = "schema", schemars(transform = crate::openapi::limits::metadata))]
    pub metadata: Metadata,
    /// Size in bytes of every part except the last: 5 MiB to 5 GiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(range(min = PART_MIN_BYTES, max = PART_MAX_BYTES)))]
    pub part_size: Option<u64>,
    /// Makes this a delta upload: the packs of missing chunks, at most 90, or none if the account has every
    /// chunk. Requires `sha256`. `POST /uploads/{id}/complete` then takes the manifest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(length(max = MANIFEST_MAX_PACKS)))]
    pub packs: Option<Vec<DeclaredPack>>,
    /// Promises every part's SHA-256 in `POST /uploads/{id}/parts`, so that the store refuses a damaged part.
    /// The answer to a multipart upload then has no URLs yet.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub part_sha256: bool,
}

/// The answer to an [`UploadRequest`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "lowercase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum UploadAnswer {
    /// The account held the blob: the version is available without sending a byte.
    Instant {
        /// The version, available at once.
        version: VersionView,
    },
    /// The client has to send the bytes.
    Upload(UploadPlan),
}

/// How the client sends the bytes.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct UploadPlan {
    /// The id of the upload.
    pub upload_id: UploadId,
    /// The version that the upload creates.
    pub version_id: VersionId,
    /// A single PUT of the whole file, multipart, or packs.
    pub method: UploadMethod,
    /// Size in bytes of every part except the last; of packs, the maximum.
    pub part_size: u64,
    /// Number of parts or packs to send.
    pub part_count: u32,
    /// URLs of the first parts, at most 100.
    pub parts: Vec<PartUrl>,
    /// The upload expires unless all bytes have arrived by this time.
    pub expires_at: Timestamp,
}

/// A presigned URL for the PUT of one part or pack.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PartUrl {
    /// The number of the part or pack, from 1.
    pub number: PartNumber,
    /// Size in bytes, signed into the URL.
    pub size: u64,
    /// The presigned URL, which is a capability: do not log it.
    pub url: String,
    /// The headers to send with the PUT: they are signed.
    pub headers: BTreeMap<String, String>,
    /// When the URL stops working. `POST /uploads/{id}/parts` gives a new one.
    pub expires_at: Timestamp,
}

impl std::fmt::Debug for PartUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The URL is a capability and must not appear in logs.
        f.debug_struct("PartUrl")
            .field("number", &self.number)
            .field("size", &self.size)
            .finish_non_exhaustive()
    }
}

/// The body of `POST /uploads/{upload_id}/parts`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PartUrlsRequest {
    /// The parts that need URLs: 1 to 100, each once.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = PAGE_MAX)))]
    pub parts: Vec<PartUrlRequest>,
}

/// One part of a [`PartUrlsRequest`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PartUrlRequest {
    /// The number of the part or pack, from 1.
    pub number: PartNumber,
    /// SHA-256 of the part: required if the upload promised it, else refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Sha256>,
}

/// The answer to a [`PartUrlsRequest`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PartUrls {
    /// New URLs, in the order of the request.
    pub parts: Vec<PartUrl>,
}

/// The body of `POST /uploads/{upload_id}/complete`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Completion {
    /// Every part, in ascending order. The list may be empty for a single PUT and for packs.
    #[cfg_attr(feature = "schema", schemars(length(max = PART_MAX_COUNT)))]
    pub parts: Vec<CompletedPart>,
    /// SHA-256 of the file, if it was not known when a multipart upload began. The bytes are checked against
    /// it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Sha256>,
    /// How the packs make the file; required for a delta upload.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manifest: Option<PackManifest>,
}

/// A part that the client has sent.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CompletedPart {
    /// The number of the part, from 1.
    pub number: PartNumber,
    /// The `ETag` that the store answered, with or without quotes.
    pub etag: String,
}

/// The answer to a [`Completion`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Completed {
    /// The version, pending until every byte is verified.
    pub version: VersionView,
}

/// A part or pack that the store has received.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReceivedPart {
    /// The number of the part or pack, from 1.
    pub number: PartNumber,
    /// Received size in bytes.
    pub size: u64,
    /// The `ETag` without quotes.
    pub etag: String,
}

/// An upload, as `GET /uploads/{upload_id}` and `GET /uploads` answer it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct UploadView {
    /// The id of the upload.
    pub upload_id: UploadId,
    /// The version that the upload creates.
    pub version_id: VersionId,
    /// The file that the version belongs to. It is final once all bytes have arrived.
    pub file_id: FileId,
    /// The path of the file.
    pub path: FilePath,
    /// Declared size in bytes.
    pub size: u64,
    /// The state of the upload.
    pub state: UploadState,
    /// Why the version was rejected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<RejectReason>,
    /// A single PUT of the whole file, multipart, or packs.
    pub method: UploadMethod,
    /// Size in bytes of every part except the last; of packs, the maximum.
    pub part_size: u64,
    /// Number of parts or packs to send.
    pub part_count: u32,
    /// The parts or packs that the store has received. Only in `GET /uploads/{upload_id}` of an open upload.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub received: Vec<ReceivedPart>,
    /// The upload expires unless all bytes have arrived by this time.
    pub expires_at: Timestamp,
    /// The version, once all bytes have arrived. Only in `GET /uploads/{upload_id}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<VersionView>,
}

/// The answer to `GET /uploads`: a page of the open and pending uploads, or the uploads named by `ids` in any
/// state.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct UploadList {
    /// The uploads. Ids that the account does not have are left out.
    pub uploads: Vec<UploadView>,
    /// The `cursor` of the next page; absent on the last page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}
