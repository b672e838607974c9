//! Where objects lie in the buckets.
//!
//! Every key holds the account, so that what belongs to one account can be found, counted and removed by prefix.

use std::fmt;

use crate::hash::Sha256;
use crate::id::{AccountId, InvalidId, ObjectVersionId, PackId, UploadId};
use crate::part_plan::PartNumber;

/// The key of an object in a bucket.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ObjectKey(String);

impl ObjectKey {
    /// A key read back from a table, where only keys made here are stored.
    pub fn from_stored(key: impl Into<String>) -> Self {
        Self(key.into())
    }

    /// The bytes an adopted upload brought, in the vault.
    pub fn adopted(account: AccountId, brought: ObjectVersionId) -> Self {
        Self(format!("objects/{account}/{brought}"))
    }

    /// Whether this is the key of such an object.
    pub fn is_adopted(key: &str) -> bool {
        key.starts_with("objects/")
    }

    /// A pack that was written by itself, in the vault.
    pub fn pack(account: AccountId, pack: PackId) -> Self {
        Self(format!("packs/{account}/{pack}"))
    }

    /// A pack that was moved, wherever: no two attempts write the same object.
    pub fn moved_pack(account: AccountId, pack: PackId, attempt: &str) -> Self {
        let attempt = &blake3::hash(attempt.as_bytes()).to_hex()[..16];
        Self(format!("packs/{account}/{pack}.{attempt}"))
    }

    /// A pack's index, in the vault, when it is too large for the pack's row.
    pub fn pack_index(account: AccountId, pack: PackId) -> Self {
        Self(format!("indexes/{account}/{pack}"))
    }

    /// A blob's manifest, in the vault, when it is too large for the blob's row.
    pub fn manifest(account: AccountId, brought: ObjectVersionId) -> Self {
        Self(format!("manifests/{account}/{brought}"))
    }

    /// A blob rebuilt for plain HTTP readers, in the cache.
    pub fn rebuilt(account: AccountId, sha256: &Sha256) -> Self {
        Self(format!("contents/{account}/{sha256}"))
    }

    /// Where dedup-upload left off, in the vault.
    pub fn checkpoint(account: AccountId, brought: ObjectVersionId) -> Self {
        Self(format!("checkpoints/{account}/{brought}"))
    }

    /// The key as S3 takes it, not URL-encoded.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The one key a presigned upload may write: `uploads/{account}/{upload}` in the landing bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LandingKey {
    /// Whose upload.
    pub account_id: AccountId,
    /// Which upload.
    pub upload_id: UploadId,
}

/// A key in the landing bucket that no upload of ours has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key:?} is not the key of an upload (uploads/<account id>/<upload id>)")]
pub struct NotAnUpload {
    key: String,
}

impl LandingKey {
    /// Reads a decoded object key.
    pub fn parse(key: &str) -> Result<Self, NotAnUpload> {
        let parse = || -> Result<Self, InvalidId> {
            let (account, upload) =
                key.strip_prefix("uploads/").and_then(|rest| rest.split_once('/')).ok_or(InvalidId)?;
            Ok(Self { account_id: account.parse()?, upload_id: upload.parse()? })
        };
        parse().map_err(|_| NotAnUpload { key: key.chars().take(200).collect() })
    }

    /// The key as an [`ObjectKey`].
    pub fn object_key(&self) -> ObjectKey {
        ObjectKey(self.to_string())
    }

    /// Where a pack lands that the client sends in place of the whole. Outside the prefix whose objects wake the worker.
    pub fn pack(&self, number: PartNumber) -> ObjectKey {
        ObjectKey(format!("packs/{}/{}/{}", self.account_id, self.upload_id, number.get()))
    }

    /// Where the manifest of an upload that sends packs is kept until the worker reads it.
    pub fn manifest(&self) -> ObjectKey {
        ObjectKey(format!("packs/{}/{}/manifest", self.account_id, self.upload_id))
    }
}

impl fmt::Display for LandingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "uploads/{}/{}", self.account_id, self.upload_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Timestamp;

    #[test]
    fn a_landing_key_round_trips_and_others_are_refused() {
        let now = Timestamp::from_unix_milliseconds(1);
        let key =
            LandingKey { account_id: AccountId::new(now, [1; 10]), upload_id: UploadId::new(now, [2; 10]) };
        assert_eq!(LandingKey::parse(&key.to_string()), Ok(key));
        for bad in ["", "uploads/x/y", &format!("{key}/more"), &key.to_string().replace("uploads", "objects")]
        {
            assert!(LandingKey::parse(bad).is_err(), "{bad}");
        }
    }
}
