//! Contents and packs as the tables hold them.

use serde::{Deserialize, Serialize};

use crate::hash::{Sha1, Sha256};
use crate::id::{AccountId, PackId};
use crate::time::{Timestamp, unix_milliseconds};

/// Where a content or a pack stands with the collector.
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
pub enum Table {
    /// The bytes.
    Inline(#[serde(with = "bytes_as_bytes")] Vec<u8>),
    /// The vault key of the object that holds them.
    Object(String),
}

/// Up to this many bytes a [`Table`] stays in its row: a second kilobyte of a row costs less than an object.
pub const TABLE_INLINE_MAX_BYTES: usize = 4096;

/// A content that an account holds, known by its SHA-256.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// `{scope}#{sha256}`; the scope is the account.
    pub content_id: String,
    /// Whose content.
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
    pub manifest: Table,
    /// When it became known.
    #[serde(with = "unix_milliseconds")]
    pub created_at: Timestamp,
}

/// The key of a content's row. The account is the scope, so that no account learns what another holds.
pub fn content_id(account_id: AccountId, sha256: &Sha256) -> String {
    format!("{account_id}#{sha256}")
}

/// How a placement's bytes are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Encoding {
    /// As they are.
    Raw,
}

/// Where a pack is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placement {
    /// The store; `vault` is the deployment's own.
    pub store: String,
    /// The object.
    pub key: String,
    /// Where the pack begins in the object, in bytes.
    pub offset: u64,
    /// How many bytes it takes there.
    pub length: u64,
    /// How they are written.
    pub encoding: Encoding,
    /// Counts the pack's moves; a move flips the placement only if this is what it has seen.
    pub generation: u64,
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
    /// How many contents have it. A pack that was cut out of an adopted object begins with the reference of that
    /// content; any other begins with none and gets its first when a content is published.
    pub references: u64,
    /// Raw size in bytes.
    pub size: u64,
    /// How many chunks.
    pub chunk_count: u32,
    /// Its chunk table.
    pub index: Table,
    /// Where it is stored.
    pub placement: Placement,
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
