//! Writes objects so that the caller can tell whether the store holds what was sent.

use aws_sdk_s3::config::interceptors::BeforeDeserializationInterceptorContextRef;
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_s3::error::BoxError;
use aws_sdk_s3::primitives::ByteStream;
use bytes::Bytes;
use sluice_domain::hash::Sha256;
use sluice_domain::key::ObjectKey;
use std::sync::{Arc, OnceLock};

use crate::bucket::{Bucket, ObjectHead};
use crate::call::{self, found};
use crate::description::Description;
use crate::error::StorageError;
use crate::presign::PutOf;

/// The header of OSS with the CRC-64/XZ of an object, in decimal.
const CRC64_HEADER: &str = "x-oss-hash-crc64ecma";

/// The header that keeps OSS from overwriting an object.
const FORBID_OVERWRITE_HEADER: &str = "x-oss-forbid-overwrite";

/// What a store reports about an object that it has written or holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The size in bytes, if the store reports it.
    pub size: Option<u64>,
    /// The `ETag` as the store writes it.
    pub etag: String,
    /// The CRC-64/XZ that the store has computed, if it computes any.
    pub crc64: Option<u64>,
    /// Whether the store has compared the body with the SHA-256 that was sent.
    pub sha256_verified: bool,
}

/// How an object is written.
#[derive(Debug, Clone, Copy)]
pub struct PutOptions<'a> {
    /// Whether the object may replace another.
    pub put_of: PutOf,
    /// The descriptive headers, if it has any.
    pub description: Option<&'a Description>,
}

impl From<PutOf> for PutOptions<'_> {
    fn from(put_of: PutOf) -> Self {
        Self { put_of, description: None }
    }
}

/// Reads the CRC-64/XZ from a response header that the SDK does not know.
#[derive(Debug, Clone, Default)]
pub(crate) struct Crc64(Arc<OnceLock<u64>>);

impl Crc64 {
    pub(crate) fn get(&self) -> Option<u64> {
        self.0.get().copied()
    }
}

impl Intercept for Crc64 {
    fn name(&self) -> &'static str {
        "Crc64"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let header = context.response().headers().get(CRC64_HEADER);
        if let Some(value) = header.and_then(|value| value.parse().ok()) {
            self.0.set(value).ok();
        }
        Ok(())
    }
}

impl Bucket {
    /// Writes an object and returns what the store reports about it.
    ///
    /// # Errors
    /// `Conflict` if only a new object was to be written and there is one. `Unavailable` if the body was
    /// damaged in transit; a store detects that only where [`Written::sha256_verified`] is true.
    pub async fn put_checked(
        &self,
        key: &ObjectKey,
        bytes: Bytes,
        sha256: &Sha256,
        options: impl Into<PutOptions<'_>>,
    ) -> Result<Written, StorageError> {
        let PutOptions { put_of, description } = options.into();
        let description = description.cloned().unwrap_or_default();
        let crc64 = Crc64::default();
        let sha256_verified = self.dialect.verifies_sha256;
        let only_new = put_of == PutOf::NewObject;
        let by_header = only_new && self.dialect.forbid_overwrite_header;
        let request = self
            .client
            .put_object()
            .bucket(&self.name)
            .key(key.as_str())
            .set_checksum_sha256(sha256_verified.then(|| sha256.to_base64()))
            .set_if_none_match((only_new && !by_header).then(|| "*".to_owned()))
            .body(ByteStream::from(bytes))
            .customize()
            .interceptor(crc64.clone())
            .mutate_request(move |request| {
                description.add_to(request);
                if by_header {
                    request.headers_mut().insert(FORBID_OVERWRITE_HEADER, "true");
                }
            });
        let answer = call::write("s3:PutObject", request.send()).await?;
        let etag = answer.e_tag().unwrap_or_default().to_owned();
        Ok(Written { size: None, etag, crc64: crc64.get(), sha256_verified })
    }

    /// What the store reports about an object; nothing if there is none.
    pub async fn head_checked(&self, key: &ObjectKey) -> Result<Option<Written>, StorageError> {
        let crc64 = Crc64::default();
        let request = self.client.head_object().bucket(&self.name).key(key.as_str());
        let request = request.customize().interceptor(crc64.clone());
        let answer = found(call::read("s3:HeadObject", request.send()).await)?;
        Ok(answer.map(|head| Written {
            size: head.content_length().and_then(|length| u64::try_from(length).ok()),
            etag: head.e_tag().unwrap_or_default().to_owned(),
            crc64: crc64.get(),
            sha256_verified: false,
        }))
    }

    /// One page of the objects with this key prefix, in the order of their keys, from after
    /// `after`. A page of fewer than [`LIST_PAGE`] objects is the last.
    pub async fn list_after(
        &self,
        prefix: &str,
        after: Option<&str>,
    ) -> Result<Vec<(String, ObjectHead)>, StorageError> {
        let request = self.client.list_objects_v2().bucket(&self.name).prefix(prefix).max_keys(LIST_PAGE);
        let request = request.set_start_after(after.map(str::to_owned));
        let answer = call::read("s3:ListObjectsV2", request.send()).await?;
        let objects = answer.contents.unwrap_or_default().into_iter().map(|object| {
            let head = ObjectHead {
                size: u64::try_from(object.size().unwrap_or(0)).unwrap_or(0),
                etag: object.e_tag().unwrap_or_default().to_owned(),
            };
            (object.key.unwrap_or_default(), head)
        });
        Ok(objects.collect())
    }
}

/// The most objects that a page lists.
pub const LIST_PAGE: i32 = 1000;
