//! Writing objects so that what the store holds is known to be what was sent.

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

/// The header in which OSS says what an object's CRC-64/XZ is, in decimal.
const CRC64_HEADER: &str = "x-oss-hash-crc64ecma";

/// The header by which OSS is told not to overwrite.
const FORBID_OVERWRITE_HEADER: &str = "x-oss-forbid-overwrite";

/// What a store says of an object that it has just written, or that it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Size in bytes, as far as the store says it.
    pub size: Option<u64>,
    /// Its `ETag` as the store writes it.
    pub etag: String,
    /// The CRC-64/XZ that the store has computed of it, if it does such things.
    pub crc64: Option<u64>,
    /// Whether the store has compared it with the SHA-256 that was sent.
    pub sha256_verified: bool,
}

/// Reads a header that the SDK does not know.
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
    /// Writes an object and gives what the store says of it.
    ///
    /// # Errors
    /// `Conflict` if only a new object was to be written and there is one. `Fault` if the store found the body damaged on
    /// its way, which it looks for only where [`Written::sha256_verified`] is true.
    pub async fn put_checked(
        &self,
        key: &ObjectKey,
        bytes: Bytes,
        sha256: &Sha256,
        put_of: PutOf,
    ) -> Result<Written, StorageError> {
        self.put_described(key, bytes, sha256, put_of, &Description::default()).await
    }

    /// Like [`Bucket::put_checked`], for an object that says something of itself.
    pub async fn put_described(
        &self,
        key: &ObjectKey,
        bytes: Bytes,
        sha256: &Sha256,
        put_of: PutOf,
        description: &Description,
    ) -> Result<Written, StorageError> {
        let description = description.clone();
        let (crc64, sha256_verified) = (Crc64::default(), self.dialect.verifies_sha256);
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

    /// What the store says of an object; nothing if there is none.
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

    /// One page of the bucket's objects in the order of their keys, after `after`: fewer than 1,000 are the last.
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

/// The most objects that one page lists.
pub const LIST_PAGE: i32 = 1000;
