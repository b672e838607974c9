//! Lists what S3-compatible stores may or may not support.

use serde::{Deserialize, Serialize};
use std::fmt;

use super::kind::StoreKind;

/// A feature that S3 has and another store may lack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Capability {
    /// A presigned URL allows nothing but the signed request, and only until it expires.
    PresignedUrls,
    /// `If-Match` on GET is honoured, so that verification reads one and the same object throughout.
    ConditionalRead,
    /// `CopyObject` honours a condition on the `ETag` of the source, so that what was verified is what is
    /// copied. Ceph has `x-amz-copy-if-match` for it, and no condition for `UploadPartCopy`.
    ConditionalCopy,
    /// `UploadPartCopy` works.
    PartCopy,
    /// A PUT is refused if its body does not have the signed `x-amz-checksum-sha256`.
    VerifiedChecksums,
    /// `If-None-Match: *` on PUT is honoured.
    ConditionalPut,
    /// `x-oss-forbid-overwrite: true` on PUT is honoured.
    ForbidOverwrite,
    /// Responses have the CRC-64/XZ of the whole object in `x-oss-hash-crc64ecma`.
    Crc64,
    /// Responses to a PUT have the MD5 of the body as `ETag`, in upper or lower case.
    Md5Etag,
    /// The landing bucket notifies Sluice of new objects, by its own queue or through bridge-events.
    Notifications,
    /// CORS rules can be set on a bucket.
    Cors,
}

impl Capability {
    /// All capabilities. Those that security depends on come first.
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

    /// Whether stores of this kind are known to have it (`docs/stores/`). `sluice-admin doctor` tests a
    /// particular store.
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
