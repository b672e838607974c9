//! What a store can do beyond keeping objects.

use serde::{Deserialize, Serialize};
use std::fmt;

use super::definition::StoreKind;

/// Something that S3 does and others may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Capability {
    /// A presigned URL works only as it was signed, and until it ends.
    PresignedUrls,
    /// `If-Match` on GET is honoured: what is verified is one object from the first byte to the last.
    ConditionalRead,
    /// A condition on the source's `ETag` is honoured by `CopyObject`: what is copied is what was verified. On Ceph it
    /// is `x-amz-copy-if-match`, and `UploadPartCopy` knows none.
    ConditionalCopy,
    /// `UploadPartCopy` works.
    PartCopy,
    /// A body that does not have the signed `x-amz-checksum-sha256` is refused.
    VerifiedChecksums,
    /// `If-None-Match: *` on PUT is honoured.
    ConditionalPut,
    /// `x-oss-forbid-overwrite: true` on PUT is honoured.
    ForbidOverwrite,
    /// Answers carry the whole object's CRC-64/XZ in `x-oss-hash-crc64ecma`.
    Crc64,
    /// Answers to a PUT carry the body's MD5 as `ETag`, in either case.
    Md5Etag,
    /// The landing bucket announces new objects, by its own queue or through bridge-events.
    Notifications,
    /// Rules for browsers (CORS) can be set on a bucket.
    Cors,
}

impl Capability {
    /// All of them, the ones that security needs first.
    pub const ALL: [Self; 11] = [
        Self::PresignedUrls,
        Self::ConditionalRead,
        Self::ConditionalCopy,
        Self::PartCopy,
        Self::VerifiedChecksums,
        Self::ConditionalPut,
        Self::ForbidOverwrite,
        Self::Crc64,
        Self::Md5Etag,
        Self::Notifications,
        Self::Cors,
    ];

    /// Its name in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PresignedUrls => "presigned_urls",
            Self::ConditionalRead => "conditional_read",
            Self::ConditionalCopy => "conditional_copy",
            Self::PartCopy => "part_copy",
            Self::VerifiedChecksums => "verified_checksums",
            Self::ConditionalPut => "conditional_put",
            Self::ForbidOverwrite => "forbid_overwrite",
            Self::Crc64 => "crc64",
            Self::Md5Etag => "md5_etag",
            Self::Notifications => "notifications",
            Self::Cors => "cors",
        }
    }

    /// Whether stores of this kind have it, as far as is known (`docs/stores/`); `sluice-admin doctor` finds out about one.
    pub fn is_known_of(self, kind: StoreKind) -> bool {
        match self {
            Self::PresignedUrls
            | Self::ConditionalRead
            | Self::ConditionalCopy
            | Self::PartCopy
            | Self::Md5Etag => true,
            Self::VerifiedChecksums => matches!(kind, StoreKind::Aws | StoreKind::Seaweedfs),
            Self::ConditionalPut => !matches!(kind, StoreKind::Minio | StoreKind::Oss),
            Self::ForbidOverwrite | Self::Crc64 => kind == StoreKind::Oss,
            Self::Notifications => matches!(kind, StoreKind::Aws | StoreKind::Ceph | StoreKind::Minio),
            Self::Cors => !matches!(kind, StoreKind::Minio | StoreKind::Oss),
        }
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
