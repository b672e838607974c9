//! Builds and parses the keys of objects in the buckets.
//!
//! Every key contains the account, so that one prefix covers all objects of an account.

use std::fmt;

use crate::hash::Sha256;
use crate::id::{AccountId, InvalidId, ObjectVersionId, PackId, UploadId};
use crate::part_plan::PartNumber;

/// The key of an object in a bucket, not URL-encoded.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ObjectKey(String);

impl ObjectKey {
    /// Takes a key from a table without checks: tables only hold keys that were built here.
    pub fn from_stored(key: impl Into<String>) -> Self {
        Self(key.into())
    }

    /// The vault key of an uploaded object that was adopted whole.
    pub fn adopted(account: AccountId, object_version: ObjectVersionId) -> Self {
        Self(format!("objects/{account}/{object_version}"))
    }

    /// Whether `key` was built by [`ObjectKey::adopted`].
    pub fn is_adopted(key: &str) -> bool {
        key.starts_with("objects/")
    }

    /// The vault key of a pack that has an object of its own.
    pub fn pack(account: AccountId, pack: PackId) -> Self {
        Self(format!("packs/{account}/{pack}"))
    }

    /// The key of a pack that was moved, in any store. Each `attempt` writes an object of its own.
    pub fn moved_pack(account: AccountId, pack: PackId, attempt: &str) -> Self {
        let attempt = &blake3::hash(attempt.as_bytes()).to_hex()[..16];
        Self(format!("packs/{account}/{pack}.{attempt}"))
    }

    /// The vault key of a pack index that is too large for the pack's row.
    pub fn pack_index(account: AccountId, pack: PackId) -> Self {
        Self(format!("indexes/{account}/{pack}"))
    }

    /// The vault key of a manifest that is too large for the blob's row.
    pub fn manifest(account: AccountId, object_version: ObjectVersionId) -> Self {
        Self(format!("manifests/{account}/{object_version}"))
    }

    /// The cache key of a blob that was materialized for plain HTTP readers.
    pub fn materialized(account: AccountId, sha256: &Sha256) -> Self {
        Self(format!("blobs/{account}/{sha256}"))
    }

    /// The vault key of the checkpoint from which dedup-upload resumes.
    pub fn checkpoint(account: AccountId, object_version: ObjectVersionId) -> Self {
        Self(format!("checkpoints/{account}/{object_version}"))
    }

    /// The key as S3 takes it, without URL encoding.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The only key that a presigned upload may write: `uploads/{account}/{upload}` in the landing bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LandingKey {
    /// The account that owns the upload.
    pub account_id: AccountId,
    /// The upload that the object belongs to.
    pub upload_id: UploadId,
}

/// A key in the landing bucket that belongs to no upload.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key:?} is not the key of an upload (uploads/<account id>/<upload id>)")]
pub struct NotAnUpload {
    key: String,
}

impl LandingKey {
    /// Parses an object key that is already URL-decoded.
    ///
    /// # Errors
    /// [`NotAnUpload`] quotes up to 200 characters of the key.
    pub fn parse(key: &str) -> Result<Self, NotAnUpload> {
        let parse = || -> Result<Self, InvalidId> {
            let (account, upload) =
                key.strip_prefix("uploads/").and_then(|rest| rest.split_once('/')).ok_or(InvalidId)?;
            Ok(Self { account_id: account.parse()?, upload_id: upload.parse()? })
        };
        parse().map_err(|_| NotAnUpload { key: key.chars().take(200).collect() })
    }

    /// The same key, for calls to a bucket.
    pub fn object_key(&self) -> ObjectKey {
        ObjectKey(self.to_string())
    }

    /// The landing key of pack `number` of a delta upload. Its prefix triggers no notification.
    pub fn pack(&self, number: PartNumber) -> ObjectKey {
        ObjectKey(format!("packs/{}/{}/{}", self.account_id, self.upload_id, number.get()))
    }

    /// The landing key of the manifest of a delta upload.
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
