//! Models moves of packs: former placements, objects to delete, and signed receipts.

use serde::{Deserialize, Serialize};
use std::fmt::Write as _;
use std::time::Duration;

use crate::hash::Sha256;
use crate::id::{AccountId, PackId};
use crate::time::{Timestamp, unix_milliseconds};

/// An object that is written for a pack counts as abandoned after this time. A mover that takes longer
/// notices and starts again.
pub const UNPLACED_LIFE: Duration = Duration::from_hours(24);

/// What a retired object was written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ObjectOwner {
    /// The pack that was stored in the object.
    Pack(PackId),
    /// The blob that the object was adopted for.
    Blob(Sha256),
}

/// An object that is deleted when it is due, unless its owner is stored there by then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetiredObject {
    /// The name of the store that has the object.
    pub store: String,
    /// The key of the object in that store.
    pub key: String,
    /// The account that owns the object.
    pub account_id: AccountId,
    /// The pack or blob that was, or was to be, stored in the object.
    pub owner: ObjectOwner,
    /// When the object may be deleted.
    #[serde(with = "unix_milliseconds")]
    pub due_at: Timestamp,
}

impl RetiredObject {
    /// The key of the row, from [`object_id`].
    pub fn object_id(&self) -> String {
        object_id(&self.store, &self.key)
    }
}

/// Identifies an object among all stores: `{store}#{key}`.
pub fn object_id(store: &str, key: &str) -> String {
    format!("{store}#{key}")
}

/// The source or target of a move, as a receipt describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiptObject {
    /// The name of the store.
    pub store: String,
    /// The name of the bucket.
    pub bucket: String,
    /// The key of the object.
    pub key: String,
    /// Offset of the moved bytes in the object.
    #[serde(default)]
    pub offset: u64,
    /// The object's `ETag`, as the store writes it.
    pub etag: String,
}

/// A signed record of a verified move.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The group of receipts: the account, or `import#` and the import's name.
    pub scope: String,
    /// The id in the group. It is ordered by time, or derived from source and target for an import.
    pub receipt_id: String,
    /// The pack that was moved; none for an import.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pack_id: Option<PackId>,
    /// The object that the bytes were read from.
    pub source: ReceiptObject,
    /// The object that the bytes were written to.
    pub target: ReceiptObject,
    /// Number of bytes that were written.
    pub size: u64,
    /// SHA-256 of the bytes that were sent.
    pub sha256: Sha256,
    /// CRC-64/XZ of the whole target object in 16 hex digits, if the store computed it. It matched Sluice's
    /// own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crc64: Option<String>,
    /// How the target was verified.
    pub verified_by: Verification,
    /// When the verification was complete.
    #[serde(with = "unix_milliseconds")]
    pub moved_at: Timestamp,
    /// The Ed25519 public key for the signature, in hex.
    pub public_key: String,
    /// Ed25519 signature (RFC 8032) of [`Receipt::statement`], in hex.
    pub signature: String,
}

/// How a mover verified that a store has the bytes that were sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verification {
    /// The store computed the CRC-64/XZ of the whole object, and it matched.
    Crc64,
    /// The store compared the body with the SHA-256 in the request.
    Sha256,
    /// The mover read the whole object back and compared it.
    ReadBack,
}

impl Verification {
    /// The stable word in receipts and their statements.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Crc64 => "crc64",
            Self::Sha256 => "sha256",
            Self::ReadBack => "read_back",
        }
    }
}

impl Receipt {
    /// The text that is signed: one line per field, in this order. Line breaks and backslashes in names are
    /// escaped, so that different receipts have different statements.
    pub fn statement(&self) -> String {
        let mut text = "sluice receipt 1\n".to_owned();
        let pack = self.pack_id.map(|pack| pack.to_string()).unwrap_or_default();
        let size = self.size.to_string();
        let moved_at = self.moved_at.to_string();
        let sha256 = self.sha256.to_string();
        let offsets = [self.source.offset.to_string(), self.target.offset.to_string()];
        let mut lines = vec![("scope", &*self.scope), ("receipt", &self.receipt_id), ("pack", &pack)];
        for ((end, object), offset) in
            [("source", &self.source), ("target", &self.target)].into_iter().zip(&offsets)
        {
            lines.push((end, &object.store));
            lines.push(("bucket", &object.bucket));
            lines.push(("key", &object.key));
            lines.push(("offset", offset));
            lines.push(("etag", &object.etag));
        }
        lines.extend([
            ("size", &*size),
            ("sha256", &sha256),
            ("crc64", self.crc64.as_deref().unwrap_or_default()),
            ("verified", self.verified_by.as_str()),
            ("moved", &moved_at),
        ]);
        for (name, value) in lines {
            let value = value.replace('\\', "\\\\").replace('\n', "\\n").replace('\r', "\\r");
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{name} {value}");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_forge_lines_of_a_statement() {
        let object = |key: &str| ReceiptObject {
            store: "oss".to_owned(),
            bucket: "b".to_owned(),
            key: key.to_owned(),
            offset: 0,
            etag: "\"E\"".to_owned(),
        };
        let receipt = |key: &str, etag: &str| Receipt {
            scope: "import#a".to_owned(),
            receipt_id: "1".to_owned(),
            pack_id: None,
            source: ReceiptObject { etag: etag.to_owned(), ..object(key) },
            target: object("t"),
            size: 3,
            sha256: Sha256::of(b"abc"),
            crc64: Some("995dc9bbdf1939fa".to_owned()),
            verified_by: Verification::Crc64,
            moved_at: Timestamp::from_unix_milliseconds(1_000),
            public_key: String::new(),
            signature: String::new(),
        };
        let plain = receipt("a", "e").statement();
        assert_eq!(plain.lines().count(), 19, "{plain}");
        assert!(plain.contains("moved 1970-01-01T00:00:01Z\n"));
        assert_ne!(receipt("a\netag e", "f").statement(), receipt("a", "e\netag f").statement());
        assert_ne!(receipt("a\\n", "").statement(), receipt("a\n", "").statement());
        assert_eq!(receipt("a\nb", "e").statement().lines().count(), 19);
    }
}
