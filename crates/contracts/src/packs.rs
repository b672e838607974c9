//! Defines what clients that cut chunks themselves send and receive.

use serde::{Deserialize, Serialize};
use sluice_domain::blob::Encoding;
use sluice_domain::hash::{ChunkId, Sha256};
use sluice_domain::id::{PackId, VersionId};
use sluice_domain::time::Timestamp;
use std::collections::BTreeMap;

pub use sluice_domain::delta::{ManifestTerm, PackManifest, PackReference};

/// One call looks up at most this many hooks.
pub const HOOKS_MAX: usize = 100;

/// A page of a plan ends with the run that reaches this number of chunks, if no other limit ends it before.
pub const PLAN_CHUNKS_MAX: usize = 8_000;

/// The body of `POST /lookups/hooks`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct HooksLookup {
    /// Ids of 1 to 100 hooks.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = HOOKS_MAX)))]
    pub hooks: Vec<ChunkId>,
}

/// The answer to a [`HooksLookup`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct HooksFound {
    /// The account's packs that contain at least one of the hooks, those with the most hooks first.
    pub packs: Vec<PackIndexView>,
}

/// A pack, and where to read its index.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PackIndexView {
    /// The id of the pack.
    pub pack_id: PackId,
    /// Total length of the chunks in bytes.
    pub size: u64,
    /// Number of chunks, at least 1.
    pub chunk_count: u32,
    /// The index in base 64, if it is short; `docs/FORMATS.md` has its format.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index_base64: Option<String>,
    /// A presigned URL of the index, if it is long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index_url: Option<String>,
}

impl std::fmt::Debug for PackIndexView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The URL is a capability and must not appear in logs.
        f.debug_struct("PackIndexView")
            .field("pack_id", &self.pack_id)
            .field("size", &self.size)
            .field("chunk_count", &self.chunk_count)
            .finish_non_exhaustive()
    }
}

/// One page of what a client needs to assemble the bytes of a version itself.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Plan {
    /// The version that the plan describes.
    pub version_id: VersionId,
    /// Size of the version in bytes.
    pub size: u64,
    /// SHA-256 of the version.
    pub sha256: Sha256,
    /// The objects that contain the runs of this page, each once; absent with `detail=terms`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub objects: Vec<PlanObject>,
    /// Runs of chunks, in order. With `from` and `to`, only the chunks with those bytes.
    pub terms: Vec<PlanTerm>,
    /// When the URLs of this page stop working.
    pub expires_at: Timestamp,
    /// The `cursor` of the next page; absent on the last page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// An object that contains runs, and how to read ranges of it.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PlanObject {
    /// A presigned URL of the object.
    pub url: String,
    /// Headers to send with each request to `url`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
}

impl std::fmt::Debug for PlanObject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The URL is a capability and must not appear in logs.
        f.debug_struct("PlanObject").finish_non_exhaustive()
    }
}

/// A run of consecutive chunks of one pack, and where to read it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PlanTerm {
    /// Offset of the run in the file, in bytes.
    pub offset: u64,
    /// Length of the run in bytes.
    pub length: u64,
    /// The pack that contains the run.
    pub pack_id: PackId,
    /// The number of the first chunk in the pack, from 0.
    pub first_chunk: u32,
    /// Number of chunks, at least 1.
    pub chunk_count: u32,
    /// The index in `objects` of the object that contains the run, from 0; absent with `detail=terms`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<u32>,
    /// The `Range` header to request the run, or the frames that contain it; absent with `detail=terms`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<String>,
    /// Whether the run is stored raw or compressed.
    pub encoding: Encoding,
    /// With the encoding `zstd`: the frames in the range, each a complete Zstandard frame (RFC 8878).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub frames: Vec<PlanFrame>,
    /// How many decoded bytes of the first frame come before the run.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub skip: u32,
    /// The chunks of the run; absent with `detail=terms`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub chunks: Vec<PlanChunk>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes the field")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// A Zstandard frame that a client decodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PlanFrame {
    /// Length of the frame in the object, in bytes.
    pub stored_length: u32,
    /// Length of the decoded frame in bytes, at most 262,144.
    pub length: u32,
}

/// A chunk that a client can verify.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PlanChunk {
    /// BLAKE3 hash of the chunk's bytes.
    pub id: ChunkId,
    /// Length of the chunk in bytes.
    pub length: u32,
}
