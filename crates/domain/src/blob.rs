//! Blobs and packs as the tables hold them.

use serde::{Deserialize, Serialize};

use crate::content_pass::ContentDigest;
use crate::frames::FrameTable;
use crate::hash::{Sha1, Sha256};
use crate::id::{AccountId, PackId};
use crate::key::ObjectKey;
use crate::pack_move::Former;
use crate::time::{Timestamp, optional_unix_milliseconds, unix_milliseconds};

/// Where a blob or a pack stands with the collector.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Life {
    /// References may be taken.
    Live,
    /// To be deleted: no reference may be taken any more.
    Condemned,
}

/// Bytes of a binary format, in the row itself while they are few, else in an object of the vault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Attachment {
    /// The bytes.
    Inline(#[serde(with = "bytes_as_bytes")] Vec<u8>),
    /// The vault key of the object that holds them.
    Object(String),
}

/// Up to this many bytes a [`Attachment`] stays in its row: a second kilobyte of a row costs less than an object.
pub const ATTACHMENT_INLINE_MAX_BYTES: usize = 4096;

/// A blob that an account holds, known by its SHA-256.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blob {
    /// `{scope}#{sha256}`; the scope is the account.
    pub blob_id: String,
    /// Whose blob.
    pub account_id: AccountId,
    /// Its name.
    pub sha256: Sha256,
    /// Its label.
    pub sha1: Sha1,
    /// Raw size in bytes.
    pub size: u64,
    /// Whether references may be taken.
    pub life: Life,
    /// How many versions have it.
    pub references: u64,
    /// The vault key of the object that holds its bytes as they are. None if they lie in packs alone.
    pub object_key: Option<String>,
    /// Its manifest.
    pub manifest: Attachment,
    /// When it was last read, give or take a day.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "optional_unix_milliseconds")]
    pub read_at: Option<Timestamp>,
    /// The store to which all of its packs have been moved, by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub migrated_to: Option<String>,
    /// When it became known.
    #[serde(with = "unix_milliseconds")]
    pub created_at: Timestamp,
}

impl Blob {
    /// A blob that one version refers to. `object_key` is where it lies as it is, if it does.
    pub fn new(
        account_id: AccountId,
        digest: &ContentDigest,
        object_key: Option<String>,
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
            object_key,
            manifest,
            read_at: None,
            migrated_to: None,
            created_at,
        }
    }
}

/// The key of a blob's row. The account is the scope, so that no account learns what another holds.
pub fn blob_id(account_id: AccountId, sha256: &Sha256) -> String {
    format!("{account_id}#{sha256}")
}

/// How a placement's bytes are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Encoding {
    /// As they are.
    Raw,
    /// As Zstandard frames: see [`crate::frames`].
    Zstd,
}

/// The name by which placements call the deployment's own vault, whatever store that is in.
pub const VAULT: &str = "vault";

/// Where a pack is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placement {
    /// The store: [`VAULT`], or the name of another.
    pub store: String,
    /// The object.
    pub key: String,
    /// Where the pack begins in the object, in bytes.
    pub offset: u64,
    /// How many bytes it takes there.
    pub length: u64,
    /// How they are written.
    pub encoding: Encoding,
    /// The frames, where they are written so.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "frame_table_as_bytes")]
    pub frames: Option<FrameTable>,
    /// Counts the pack's moves; a move flips the placement only if this is what it has seen.
    pub generation: u64,
}

impl Placement {
    /// Where a pack lies first: as it is, in `length` bytes of an object of the vault.
    pub fn first(key: String, offset: u64, length: u64) -> Self {
        let (store, encoding) = (VAULT.to_owned(), Encoding::Raw);
        Self { store, key, offset, length, encoding, frames: None, generation: 0 }
    }

    /// Whether others may lie in the same object: it was adopted whole.
    pub fn is_in_adopted_object(&self) -> bool {
        self.store == VAULT && ObjectKey::is_adopted(&self.key)
    }
}

/// A pack: consecutive chunks, immutable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pack {
    /// Its id.
    pub pack_id: PackId,
    /// Whose pack.
    pub account_id: AccountId,
    /// Whether references may be taken.
    pub life: Life,
    /// How many blobs have it. A pack that was cut out of an adopted object begins with the reference of that
    /// blob; any other begins with none and gets its first when a blob is published.
    pub references: u64,
    /// Raw size in bytes.
    pub size: u64,
    /// How many chunks.
    pub chunk_count: u32,
    /// Its chunk table.
    pub index: Attachment,
    /// Where it is stored.
    pub placement: Placement,
    /// Where it was stored before, for as long as it may still be read there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub former: Option<Former>,
    /// When it was cut.
    #[serde(with = "unix_milliseconds")]
    pub created_at: Timestamp,
}

/// Bytes as a binary attribute rather than a list of numbers.
mod bytes_as_bytes {
    use serde::{Deserializer, Serializer, de::Visitor};

    pub fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(bytes)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        struct Bytes;
        impl Visitor<'_> for Bytes {
            type Value = Vec<u8>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("bytes")
            }
            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
                Ok(bytes.to_vec())
            }
            fn visit_byte_buf<E>(self, bytes: Vec<u8>) -> Result<Vec<u8>, E> {
                Ok(bytes)
            }
        }
        deserializer.deserialize_byte_buf(Bytes)
    }
}

/// A frame table as a binary attribute.
mod frame_table_as_bytes {
    use serde::{Deserializer, Serializer, de};

    use super::bytes_as_bytes;
    use crate::frames::FrameTable;

    #[expect(clippy::ref_option, reason = "serde passes the field")]
    pub fn serialize<S: Serializer>(table: &Option<FrameTable>, serializer: S) -> Result<S::Ok, S::Error> {
        let bytes = table.as_ref().map(FrameTable::encode).unwrap_or_default();
        bytes_as_bytes::serialize(&bytes, serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<FrameTable>, D::Error> {
        let bytes = bytes_as_bytes::deserialize(deserializer)?;
        FrameTable::decode(&bytes).map(Some).map_err(de::Error::custom)
    }
}
