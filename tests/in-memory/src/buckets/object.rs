//! Objects, and the conditions and checksums of a request about one.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD as BASE64;
use bytes::Bytes;
use http::HeaderMap;
use md5::{Digest as _, Md5};
use s3s::checksum::ChecksumHasher;
use s3s::crypto::{Crc32, Sha256};
use s3s::dto::{ETag, ETagCondition, Metadata, StreamingBlob, Timestamp};
use s3s::{S3Error, TrailingHeaders, s3_error};
use sluice_deployment::clock;
use std::time::{Duration, UNIX_EPOCH};

/// The descriptive headers of an object.
#[derive(Debug, Clone, Default)]
pub struct Description {
    pub cache_control: Option<String>,
    pub content_disposition: Option<String>,
    pub content_encoding: Option<String>,
    pub content_language: Option<String>,
    pub content_type: Option<String>,
    pub metadata: Option<Metadata>,
}

/// Takes the descriptive headers out of the input of an operation.
macro_rules! description {
    ($input:expr) => {
        $crate::buckets::object::Description {
            cache_control: $input.cache_control,
            content_disposition: $input.content_disposition,
            content_encoding: $input.content_encoding,
            content_language: $input.content_language,
            content_type: $input.content_type,
            metadata: $input.metadata,
        }
    };
}
pub(super) use description;

#[derive(Debug, Clone)]
pub struct Object {
    pub bytes: Bytes,
    pub etag: ETag,
    pub modified_at: Timestamp,
    pub description: Description,
}

impl Object {
    pub fn new(bytes: Bytes, etag: ETag, description: Description) -> Self {
        Self { bytes, etag, modified_at: now(), description }
    }

    pub fn size(&self) -> i64 {
        length(&self.bytes)
    }
}

/// The number of bytes as S3 writes it.
pub fn length(bytes: &[u8]) -> i64 {
    i64::try_from(bytes.len()).expect("memory is smaller")
}

pub fn now() -> Timestamp {
    (UNIX_EPOCH + Duration::from_millis(clock::now().unix_milliseconds())).into()
}

/// The `ETag` of bytes that came in one piece.
pub fn md5_etag(bytes: &[u8]) -> ETag {
    ETag::Strong(hex::encode(Md5::digest(bytes)))
}

/// Fails if `current`, the `ETag` of what is there, does not meet a condition.
pub fn check_conditions(
    current: Option<&ETag>,
    if_match: Option<&ETagCondition>,
    if_none_match: Option<&ETagCondition>,
) -> Result<(), S3Error> {
    let is = |condition: &ETagCondition| match (condition, current) {
        (_, None) => false,
        (ETagCondition::Any, Some(_)) => true,
        (ETagCondition::ETag(wanted), Some(current)) => wanted.strong_cmp(current),
    };
    if if_match.is_some_and(|condition| !is(condition)) || if_none_match.is_some_and(is) {
        return Err(s3_error!(PreconditionFailed));
    }
    Ok(())
}

/// The checksums that a request gives for its body, in base 64.
#[derive(Debug, Default)]
pub struct Checksums {
    pub md5: Option<String>,
    pub crc32: Option<String>,
    pub sha256: Option<String>,
}

impl Checksums {
    /// Reads a body, and fails if it does not have these checksums or those in the trailers behind it.
    pub async fn read(
        mut self,
        body: Option<StreamingBlob>,
        trailers: Option<TrailingHeaders>,
    ) -> Result<Bytes, S3Error> {
        let mut body = s3s::Body::from(body.ok_or_else(|| s3_error!(IncompleteBody))?);
        let bytes = body.store_all_limited(usize::MAX).await;
        let bytes = bytes.map_err(|_| s3_error!(IncompleteBody))?;
        if let Some(trailers) = trailers.and_then(|trailers| trailers.take()) {
            self.crc32 = header(&trailers, "x-amz-checksum-crc32").or(self.crc32);
            self.sha256 = header(&trailers, "x-amz-checksum-sha256").or(self.sha256);
        }
        self.check(&bytes)?;
        Ok(bytes)
    }

    fn check(&self, bytes: &[u8]) -> Result<(), S3Error> {
        let mut hasher = ChecksumHasher {
            crc32: self.crc32.as_ref().map(|_| Crc32::default()),
            sha256: self.sha256.as_ref().map(|_| Sha256::default()),
            ..ChecksumHasher::default()
        };
        hasher.update(bytes);
        let found = hasher.finalize();
        let md5 = || BASE64.encode(Md5::digest(bytes));
        let is_right = found.checksum_crc32 == self.crc32
            && found.checksum_sha256 == self.sha256
            && self.md5.as_ref().is_none_or(|wanted| *wanted == md5());
        is_right.then_some(()).ok_or_else(|| s3_error!(BadDigest))
    }
}

fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}
