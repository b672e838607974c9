//! Models blobs and packs as the tables store them.

use serde::{Deserialize, Serialize};

use crate::content_pass::ContentDigest;
use crate::frames::FrameTable;
use crate::hash::{Sha1, Sha256};
use crate::id::{AccountId, PackId};
use crate::key::ObjectKey;
use crate::time::{Timestamp, optional_unix_milliseconds, unix_milliseconds};

/// Whether a blob or a pack may still be referred to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Life {
    /// New references are allowed.
    Live,
    /// It is about to be deleted; new references are refused.
    Condemned,
}

/// A manifest or pack index, inline in the row while it is short, else in an object of the vault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Attachment {
    /// The encoded bytes, at most [`ATTACHMENT_INLINE_MAX_BYTES`].
    Inline(#[serde(with = "serde_bytes")] Vec<u8>),
    /// The vault key of the object that contains the encoded bytes.
    Object(String),
}

/// An [`Attachment`] of up to this many bytes stays in its row: a longer row costs less than an object.
pub const ATTACHMENT_INLINE_MAX_BYTES: usize = 4096;

/// Bytes that an account holds, identified by their SHA-256.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blob {
    /// The row's key, from [`blob_id`].
    pub blob_id: String,
    /// The account that holds the blob.
    pub account_id: AccountId,
    /// SHA-256 of the bytes, which identifies the blob in its account.
    pub sha256: Sha256,
    /// SHA-1 of the bytes, only for search.
    pub sha1: Sha1,
    /// Size in bytes before compression.
    pub size: u64,
    /// Whether new versions may refer to the blob.
    pub life: Life,
    /// How many versions refer to the blob.
    pub references: u64,
    /// The vault key of the object that was adopted for this blob; none if only packs contain its bytes.
    pub object_key: Option<String>,
    /// The encoded [`Manifest`](crate::manifest::Manifest).
    pub manifest: Attachment,
    /// When the blob was last read, accurate to a day.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "optional_unix_milliseconds")]
    pub read_at: Option<Timestamp>,
    /// The name of the store that all packs of the blob have been moved to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub migrated_to: Option<String>,
    /// When the account first held the blob.
    #[serde(with = "unix_milliseconds")]
    pub created_at: Timestamp,
}

impl Blob {
    /// A live blob with one reference, for which no object was adopted.
    pub fn new(
        account_id: AccountId,
        digest: &ContentDigest,
        manifest: Attachment,
        created_at: Timestamp,
    ) -> Self {
        Self {
            blob_id: blob_id(account_id, &digest.sha256),
            account_id,
            sha256: digest.sha256,
            sha1: digest.sha1,
            size: digest.size_bytes,
            life: Life::Live,
            references: 1,
            object_key: None,
            manifest,
            read_at: None,
            migrated_to: None,
            created_at,
        }
    }
}

/// The key of a blob's row, `{account}#{sha256}`. Blobs belong to one account, so that none learns what
/// another holds.
pub fn blob_id(account_id: AccountId, sha256: &Sha256) -> String {
    format!("{account_id}#{sha256}")
}

/// How the chunks of a pack are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Encoding {
    /// Uncompressed, one chunk after the other.
    Raw,
    /// As Zstandard frames; see [`crate::frames`].
    Zstd,
}

/// The name of the deployment's own vault in placements, whatever store the vault is in.
pub const VAULT: &str = "vault";

/// Where and how a pack is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placement {
    /// The name of the store; [`VAULT`] is the deployment's own.
    pub store: String,
    /// The key of the object in that store.
    pub key: String,
    /// Offset of the pack in the object, in bytes.
    pub offset: u64,
    /// Length of the pack in the object, in bytes.
    pub length: u64,
    /// Whether the chunks are raw or compressed.
    pub encoding: Encoding,
    /// The frames of a compressed pack.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "frame_table_as_bytes")]
    pub frames: Option<FrameTable>,
    /// The number of moves so far. A move changes the placement only if the generation is still the one it
    /// read.
    pub generation: u64,
}

impl Placement {
    /// The first placement of a pack: raw, in `length` bytes of a vault object.
    pub fn first(key: String, offset: u64, length: u64) -> Self {
        Self {
            store: VAULT.to_owned(),
            key,
            offset,
            length,
            encoding: Encoding::Raw,
            frames: None,
            generation: 0,
        }
    }

    /// Whether the object is an adopted upload, which may contain other packs too.
    pub fn is_in_adopted_object(&self) -> bool {
        self.store == VAULT && ObjectKey::is_adopted(&self.key)
    }
}

/// The placement of a pack before its last move. Readers fall back to it until the object is deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Former {
    /// The placement before the move.
    pub placement: Placement,
    /// The object can be read until this time.
    #[serde(with = "unix_milliseconds")]
    pub until: Timestamp,
}

/// A row of the packs table. The chunks never change; the placement does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pack {
    /// The id of the pack; a move keeps it.
    pub pack_id: PackId,
    /// The account that owns the pack.
    pub account_id: AccountId,
    /// Whether new blobs may refer to the pack.
    pub life: Life,
    /// How many blobs refer to the pack. A pack of an adopted object starts with one, the adopted blob; any
    /// other starts with zero and gets its first reference when a blob is published.
    pub references: u64,
    /// Total length of the chunks in bytes before compression.
    pub size: u64,
    /// Number of chunks, at least 1.
    pub chunk_count: u32,
    /// The encoded [`PackIndex`](crate::pack_index::PackIndex).
    pub index: Attachment,
    /// Where the pack is stored now.
    pub placement: Placement,
    /// The placement before the last move, while it can still be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub former: Option<Former>,
    /// When the pack was created.
    #[serde(with = "unix_milliseconds")]
    pub created_at: Timestamp,
}

/// Stores a frame table as a binary attribute.
mod frame_table_as_bytes {
    use serde::{Deserializer, Serializer, de};

    use crate::frames::FrameTable;

    #[expect(clippy::ref_option, reason = "serde passes the field")]
    pub fn serialize<S: Serializer>(table: &Option<FrameTable>, serializer: S) -> Result<S::Ok, S::Error> {
        let bytes = table.as_ref().map(FrameTable::encode).unwrap_or_default();
        serde_bytes::serialize(&bytes, serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<FrameTable>, D::Error> {
        let bytes: Vec<u8> = serde_bytes::deserialize(deserializer)?;
        FrameTable::decode(&bytes).map(Some).map_err(de::Error::custom)
    }
}
