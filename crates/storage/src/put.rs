//! Writes objects, so that the caller can tell whether the store holds what was sent.

use aws_sdk_s3::primitives::ByteStream;
use bytes::Bytes;
use sluice_domain::hash::Sha256;
use sluice_domain::key::ObjectKey;

use crate::answer_headers::{AnswerHeaders, Description};
use crate::bucket::Bucket;
use crate::call;
use crate::error::StorageError;
use crate::presign::PutOf;

/// The header that keeps OSS from overwriting an object.
const FORBID_OVERWRITE_HEADER: &str = "x-oss-forbid-overwrite";

/// How an object is written: by default in place of any other, without checks.
#[derive(Debug, Clone, Copy, Default)]
pub struct PutOptions<'a> {
    /// Whether the object may replace another.
    pub put_of: PutOf,
    /// The SHA-256 of the bytes, for stores that compare the body with it.
    pub sha256: Option<&'a Sha256>,
    /// The descriptive headers, if it has any.
    pub description: Option<&'a Description>,
}

/// What a store reports about an object that it has written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The `ETag` as the store writes it.
    pub etag: String,
    /// The CRC-64/XZ that the store has computed, if it computes any.
    pub crc64: Option<u64>,
    /// Whether the store has compared the body with the SHA-256 that was sent.
    pub sha256_verified: bool,
}

impl Bucket {
    /// Writes an object from memory and returns what the store reports about it.
    ///
    /// # Errors
    /// `Conflict` if only a new object was to be written and there is one. `Unavailable` if the body was
    /// damaged in transit; a store detects that only where [`Written::sha256_verified`] is true.
    pub async fn put(
        &self,
        key: &ObjectKey,
        bytes: Bytes,
        options: PutOptions<'_>,
    ) -> Result<Written, StorageError> {
        let PutOptions { put_of, sha256, description } = options;
        let sha256 = sha256.filter(|_| self.dialect.verifies_sha256);
        let description = description.cloned().unwrap_or_default();
        let headers = AnswerHeaders::default();
        let only_new = put_of == PutOf::NewObject;
        let by_header = only_new && self.dialect.forbid_overwrite_header;
        let request = self
            .client
            .put_object()
            .bucket(&self.name)
            .key(key.as_str())
            .set_checksum_sha256(sha256.map(Sha256::to_base64))
            .set_if_none_match((only_new && !by_header).then(|| "*".to_owned()))
            .body(ByteStream::from(bytes))
            .customize()
            .interceptor(headers.clone())
            .mutate_request(move |request| {
                description.add_to(request);
                if by_header {
                    request.headers_mut().insert(FORBID_OVERWRITE_HEADER, "true");
                }
            });
        let answer = call::write("s3:PutObject", request.send()).await?;
        Ok(Written {
            etag: answer.e_tag.unwrap_or_default(),
            crc64: headers.take().crc64,
            sha256_verified: sha256.is_some(),
        })
    }
}
