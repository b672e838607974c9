//! How a store's dialect of the S3 protocol differs from that of others.

/// The differences that requests and signatures depend on. By default a store has none of these.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is one difference, and none excludes another")]
pub(crate) struct Dialect {
    /// `x-oss-forbid-overwrite` takes the place of `If-None-Match: *`.
    pub forbid_overwrite_header: bool,
    /// A PUT is refused if its body does not have the SHA-256 in its headers.
    pub verifies_sha256: bool,
    /// `CopyObject` knows `x-amz-copy-source-if-match` as `x-amz-copy-if-match`
    /// (<https://docs.ceph.com/en/pacific/radosgw/s3/objectops/#copy-object>).
    pub copy_if_match_header: bool,
    /// The store obeys headers that a URL's signature does not cover: whoever has a URL for a PUT could make it a copy of any
    /// object that the signer may read.
    pub obeys_unsigned_headers: bool,
    /// The store keeps the SHA-256 of parts, lists them, and accepts them at completion.
    pub part_sha256: bool,
}

impl Dialect {
    /// The header that makes a copy fail if its source has changed.
    pub fn copy_condition_header(self) -> &'static str {
        if self.copy_if_match_header { "x-amz-copy-if-match" } else { "x-amz-copy-source-if-match" }
    }
}
