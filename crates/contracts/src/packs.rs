//! Chunks and packs on the wire: what a client that cuts chunks itself asks, is told and sends.

use serde::{Deserialize, Serialize};
use sluice_domain::blob::Encoding;
use sluice_domain::hash::{ChunkId, Sha256};
use sluice_domain::id::{PackId, VersionId};
use sluice_domain::time::Timestamp;
use std::collections::BTreeMap;

pub use sluice_domain::delta::{ManifestTerm, PackManifest, PackReference};

/// Most hooks asked about in one call.
pub const HOOKS_MAX: usize = 100;

/// A page of a plan ends with the run that brings it to this many chunks.
pub const PLAN_CHUNKS_MAX: usize = 8_000;

/// `POST /lookups/hooks`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct HooksLookup {
    /// Ids of sampled chunks, at most 100.
    pub hooks: Vec<ChunkId>,
}

/// The answer to a [`HooksLookup`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct HooksFound {
    /// The account's packs that hold at least one of the chunks, those with the most first.
    pub packs: Vec<PackIndexView>,
}

/// Where a pack's index is read.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PackIndexView {
    /// The pack.
    pub pack_id: PackId,
    /// Raw size in bytes.
    pub size: u64,
    /// How many chunks.
    pub chunk_count: u32,
    /// The index itself in base 64, while it is short; its format is in `docs/FORMATS.md`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index_base64: Option<String>,
    /// A presigned URL of the index, where it is long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index_url: Option<String>,
}

/// What a client needs to put a version's bytes together itself: one page.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Plan {
    /// The version.
    pub version_id: VersionId,
    /// Its size in bytes.
    pub size: u64,
    /// Its SHA-256.
    pub sha256: Sha256,
    /// Runs of chunks, in order. With `from` and `to`, the chunks that hold those bytes.
    pub terms: Vec<PlanTerm>,
    /// When the URLs stop working.
    pub expires_at: Timestamp,
    /// Where the next page begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// A run of consecutive chunks of one pack, and where to read it.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PlanTerm {
    /// Where the run begins in the content, in bytes.
    pub offset: u64,
    /// Its length in bytes.
    pub length: u64,
    /// The pack.
    pub pack_id: PackId,
    /// The number of the first chunk in the pack, from 0.
    pub first_chunk: u32,
    /// How many chunks.
    pub chunk_count: u32,
    /// A presigned URL of the object that holds the run; absent with `detail=terms`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Headers to send with it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// The value of the `Range` header that asks for the run, or for the frames that hold it; absent with `detail=terms`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<String>,
    /// How the run is written there.
    pub encoding: Encoding,
    /// With the encoding `zstd`: the frames that the range is, each a Zstandard frame (RFC 8878) by itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub frames: Vec<PlanFrame>,
    /// How many bytes of the first frame, decoded, come before the run.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub skip: u32,
    /// Its chunks; none with `detail=terms`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub chunks: Vec<PlanChunk>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes the field")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// A frame to decode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PlanFrame {
    /// How many bytes it takes in the object.
    pub stored_length: u32,
    /// How many it is decoded to: at most 262,144.
    pub length: u32,
}

/// A chunk to check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PlanChunk {
    /// The BLAKE3 of its bytes.
    pub id: ChunkId,
    /// Its length in bytes.
    pub length: u32,
}

impl std::fmt::Debug for PlanTerm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The URL is a capability and stays out of logs.
        f.debug_struct("PlanTerm")
            .field("offset", &self.offset)
            .field("length", &self.length)
            .field("pack_id", &self.pack_id)
            .finish_non_exhaustive()
    }
}
