//! Moving packs: what a move leaves behind, and the proof that it gives.

use serde::{Deserialize, Serialize};
use std::fmt::Write as _;
use std::time::Duration;

use crate::blob::Placement;
use crate::hash::Sha256;
use crate::id::{AccountId, PackId};
use crate::time::{Timestamp, unix_milliseconds};

/// How long an object that is being written for a pack is left alone before it counts as abandoned. A mover that takes longer
/// finds that it has, and begins anew.
pub const UNPLACED_LIFE: Duration = Duration::from_hours(24);

/// Where a pack lay before: readers that cannot read it where it lies try here, until the object is deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Former {
    /// Where it lay.
    pub placement: Placement,
    /// Until when it may still be read there.
    #[serde(with = "unix_milliseconds")]
    pub until: Timestamp,
}

/// Whose object it is that is to be deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ObjectOwner {
    /// A pack's.
    Pack(PackId),
    /// A blob's, which was adopted whole: its name.
    Blob(Sha256),
}

/// An object that is to be deleted when it is due, unless its owner is there by then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetiredObject {
    /// The name of the store.
    pub store: String,
    /// The object.
    pub key: String,
    /// Whose account it belongs to.
    pub account_id: AccountId,
    /// Who lived there, or was to.
    pub owner: ObjectOwner,
    /// When it is to be deleted.
    #[serde(with = "unix_milliseconds")]
    pub due_at: Timestamp,
}

impl RetiredObject {
    /// The key of its row.
    pub fn object_id(&self) -> String {
        object_id(&self.store, &self.key)
    }
}

/// An object's name over all stores.
pub fn object_id(store: &str, key: &str) -> String {
    format!("{store}#{key}")
}

/// An object as a receipt names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiptObject {
    /// The name of the store.
    pub store: String,
    /// The bucket.
    pub bucket: String,
    /// The key.
    pub key: String,
    /// Where in the object the bytes begin.
    #[serde(default)]
    pub offset: u64,
    /// The `ETag`, as that store writes it.
    pub etag: String,
}

/// Proof that bytes were moved, and which.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// Whose receipts it belongs to: the account, or `import#` and what was imported.
    pub scope: String,
    /// Its place among them: a time-ordered id. Of an import, an id of source and target as they are, so that it is found.
    pub receipt_id: String,
    /// The pack, if it was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pack_id: Option<PackId>,
    /// Where the bytes came from.
    pub source: ReceiptObject,
    /// Where they are now.
    pub target: ReceiptObject,
    /// How many bytes were written.
    pub size: u64,
    /// Their SHA-256, computed of what was sent.
    pub sha256: Sha256,
    /// The CRC-64/XZ of the whole object that the target store has computed and that agreed with ours, in 16 hex digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crc64: Option<String>,
    /// How it was verified that the target holds them.
    pub verified_by: Verification,
    /// When they had been verified.
    #[serde(with = "unix_milliseconds")]
    pub moved_at: Timestamp,
    /// The public key that checks the signature, in hex.
    pub public_key: String,
    /// The Ed25519 signature (RFC 8032) of [`Receipt::statement`], in hex.
    pub signature: String,
}

/// How it is known that a store holds what was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verification {
    /// The store has computed the CRC-64/XZ of the whole object.
    Crc64,
    /// The store has compared the body with the SHA-256 that was sent along.
    Sha256,
    /// The object was read back, all of it.
    ReadBack,
}

impl Verification {
    /// As a stable word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Crc64 => "crc64",
            Self::Sha256 => "sha256",
            Self::ReadBack => "read_back",
        }
    }
}

impl Receipt {
    /// What is signed: one line for each field, in this order. Line breaks and backslashes in names are escaped, so that two
    /// receipts never have one statement.
    pub fn statement(&self) -> String {
        let mut text = "sluice receipt 1\n".to_owned();
        let pack = self.pack_id.map(|pack| pack.to_string()).unwrap_or_default();
        let (size, moved_at) = (self.size.to_string(), self.moved_at.to_string());
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
            // Writing to a String does not fail.
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
