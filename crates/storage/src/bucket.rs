//! Reads and writes the objects of one bucket.

use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{ChecksumAlgorithm, CompletedMultipartUpload, CompletedPart};
use bytes::Bytes;
use futures::stream::{self, StreamExt, TryStreamExt};
use sluice_domain::key::ObjectKey;
use sluice_domain::part_plan::PartNumber;
use sluice_domain::time::Timestamp;
use std::future::ready;
use std::ops::Range;

use crate::call::{self, found};
use crate::clients::Clients;
use crate::dialect::Dialect;
use crate::error::{ErrorKind, StorageError};

const DELETES_IN_FLIGHT: usize = 8;

/// A bucket of an S3-compatible store.
#[derive(Debug, Clone)]
pub struct Bucket {
    pub(crate) client: aws_sdk_s3::Client,
    pub(crate) name: String,
    pub(crate) dialect: Dialect,
}

/// The size and `ETag` of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectHead {
    pub size: u64,
    /// The `ETag` as the store writes it, for
    pub etag: String,
}

/// A part that a store has received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredPart {
    pub number: PartNumber,
    pub size: u64,
    /// The `ETag`, normalised
    pub etag: String,
    /// The `ETag` as the store writes it. Some stores compare it letter by letter at completion.
    pub written_etag: String,
    /// The SHA-256 in base 64
    pub sha256_base64: Option<String>,
}

/// An `ETag` in the form that is compared
pub fn normalise_etag(etag: &str) -> String {
    etag.trim().trim_matches('"').to_ascii_lowercase()
}

impl Bucket {
    pub fn new(clients: &Clients, name: impl Into<String>) -> Self {
        let dialect = Dialect { verifies_sha256: true, part_sha256: true, ..Dialect::default() };
        Self { client: clients.s3.clone(), name: name.into(), dialect }
    }

    /// The same bucket for a caller that repeats requests itself: the SDK sends each only once.
    #[must_use]
    pub fn without_retries(&self) -> Self {
        let config = self.client.config().to_builder().retry_config(RetryConfig::disabled());
        Self { client: aws_sdk_s3::Client::from_conf(config.build()), ..self.clone() }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// Size and `ETag` of an object; nothing if there is none.
    pub async fn head(&self, key: &ObjectKey) -> Result<Option<ObjectHead>, StorageError> {
        let request = self.client.head_object().bucket(&self.name).key(key.as_str());
        let answer = found(call::read("s3:HeadObject", request.send()).await)?;
        Ok(answer.map(|head| ObjectHead {
            size: u64::try_from(head.content_length().unwrap_or(0)).unwrap_or(0),
            etag: head.e_tag().unwrap_or_default().to_owned(),
        }))
    }

    /// When an object was last written, by the clock of the store; nothing if there is none.
    pub async fn modified_at(&self, key: &ObjectKey) -> Result<Option<Timestamp>, StorageError> {
        let request = self.client.head_object().bucket(&self.name).key(key.as_str());
        let answer = found(call::read("s3:HeadObject", request.send()).await)?;
        let seconds = answer.and_then(|head| Some(head.last_modified()?.secs()));
        Ok(seconds.map(|seconds| Timestamp::from_unix_milliseconds(seconds.unsigned_abs() * 1000)))
    }

    /// The bytes of `range` of an object. Give an `etag` where another object might replace the one that is
    /// meant.
    ///
    /// # Errors
    /// `NotFound` if the object is gone, `Conflict` if it does not have the `etag`.
    pub async fn get_range(
        &self,
        key: &ObjectKey,
        etag: Option<&str>,
        range: Range<u64>,
    ) -> Result<Bytes, StorageError> {
        const OPERATION: &str = "s3:GetObject";
        let request = self
            .client
            .get_object()
            .bucket(&self.name)
            .key(key.as_str())
            .set_if_match(etag.map(str::to_owned))
            .range(format!("bytes={}-{}", range.start, range.end - 1));
        let answer = call::read(OPERATION, request.send()).await?;
        let bytes = call::body(OPERATION, answer.body).await?;
        if bytes.len() as u64 != range.end - range.start {
            return Err(StorageError::new(
                ErrorKind::Unavailable,
                OPERATION,
                "the answer is shorter than the range",
            ));
        }
        Ok(bytes)
    }

    /// Size, `ETag` and up to the first `length` bytes of an object in one call; nothing if there is none.
    pub async fn get_start(
        &self,
        key: &ObjectKey,
        length: u64,
    ) -> Result<Option<(ObjectHead, Bytes)>, StorageError> {
        const OPERATION: &str = "s3:GetObject";
        let range = format!("bytes=0-{}", length - 1);
        let request = self.client.get_object().bucket(&self.name).key(key.as_str()).range(range);
        let answer = match request.send().await {
            // An empty object has no first byte.
            Err(error) if error.raw_response().is_some_and(|response| response.status().as_u16() == 416) => {
                return Ok(self.head(key).await?.map(|head| (head, Bytes::new())));
            }
            answer => found(call::read(OPERATION, ready(answer)).await)?,
        };
        let Some(answer) = answer else { return Ok(None) };
        let total = answer.content_range().and_then(|range| range.rsplit('/').next()?.parse().ok());
        let etag = answer.e_tag().unwrap_or_default().to_owned();
        let bytes = call::body(OPERATION, answer.body).await?;
        let size = total.unwrap_or(bytes.len() as u64);
        if (bytes.len() as u64) < size.min(length) {
            return Err(StorageError::new(
                ErrorKind::Unavailable,
                OPERATION,
                "the answer is shorter than the range",
            ));
        }
        Ok(Some((ObjectHead { size, etag }, bytes)))
    }

    /// A whole object, in memory; nothing if there is none.
    pub async fn get(&self, key: &ObjectKey) -> Result<Option<Bytes>, StorageError> {
        const OPERATION: &str = "s3:GetObject";
        let request = self.client.get_object().bucket(&self.name).key(key.as_str());
        let Some(answer) = found(call::read(OPERATION, request.send()).await)? else {
            return Ok(None);
        };
        call::body(OPERATION, answer.body).await.map(Some)
    }

    /// Writes a whole object from memory.
    pub async fn put(&self, key: &ObjectKey, bytes: Bytes) -> Result<(), StorageError> {
        let request =
            self.client.put_object().bucket(&self.name).key(key.as_str()).body(ByteStream::from(bytes));
        call::write("s3:PutObject", request.send()).await?;
        Ok(())
    }

    /// Deletes an object. It is no error if there is none.
    pub async fn delete(&self, key: &ObjectKey) -> Result<(), StorageError> {
        let request = self.client.delete_object().bucket(&self.name).key(key.as_str());
        found(call::write("s3:DeleteObject", request.send()).await).map(drop)
    }

    /// Deletes objects, several at a time. It is no error if there are none.
    pub async fn delete_all(&self, keys: impl IntoIterator<Item = ObjectKey>) -> Result<(), StorageError> {
        stream::iter(keys)
            .map(|key| async move { self.delete(&key).await })
            .buffer_unordered(DELETES_IN_FLIGHT)
            .try_collect()
            .await
    }

    /// Begins a multipart upload and returns its id. With `part_sha256` the store wants the SHA-256 of every
    /// part, and checks it.
    pub async fn create_multipart(&self, key: &ObjectKey, part_sha256: bool) -> Result<String, StorageError> {
        const OPERATION: &str = "s3:CreateMultipartUpload";
        let algorithm = (part_sha256 && self.dialect.part_sha256).then_some(ChecksumAlgorithm::Sha256);
        let request = self
            .client
            .create_multipart_upload()
            .bucket(&self.name)
            .key(key.as_str())
            .set_checksum_algorithm(algorithm);
        let answer = call::write(OPERATION, request.send()).await?;
        answer
            .upload_id
            .ok_or_else(|| StorageError::new(ErrorKind::Fault, OPERATION, "no upload id in the answer"))
    }

    /// Sends one part of a multipart upload.
    pub async fn upload_part(
        &self,
        key: &ObjectKey,
        multipart_id: &str,
        number: PartNumber,
        bytes: Bytes,
    ) -> Result<(), StorageError> {
        let request = self
            .client
            .upload_part()
            .bucket(&self.name)
            .key(key.as_str())
            .upload_id(multipart_id)
            .part_number(number.get().cast_signed())
            .body(ByteStream::from(bytes));
        call::write("s3:UploadPart", request.send()).await?;
        Ok(())
    }

    /// The parts received so far, in order; nothing if the multipart upload does not exist.
    pub async fn list_parts(
        &self,
        key: &ObjectKey,
        multipart_id: &str,
    ) -> Result<Option<Vec<StoredPart>>, StorageError> {
        let mut parts = self.list_every_part(key, multipart_id).await?;
        if let Some(parts) = &mut parts {
            parts.dedup_by_key(|part| part.number);
        }
        Ok(parts)
    }

    /// Like [`Bucket::list_parts`], but with every body of a part that was sent more than once: `SeaweedFS`
    /// lists them all, in no order.
    pub async fn list_every_part(
        &self,
        key: &ObjectKey,
        multipart_id: &str,
    ) -> Result<Option<Vec<StoredPart>>, StorageError> {
        const OPERATION: &str = "s3:ListParts";
        let mut parts = Vec::new();
        let request = self.client.list_parts().bucket(&self.name).key(key.as_str()).upload_id(multipart_id);
        let mut pages = request.into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = call::read(OPERATION, ready(page)).await;
            let Some(page) = found(page)? else { return Ok(None) };
            for part in page.parts() {
                let number = u32::try_from(part.part_number().unwrap_or(0)).unwrap_or(0);
                let number =
                    PartNumber::try_from(number).map_err(|error| StorageError::fault(OPERATION, error))?;
                parts.push(StoredPart {
                    number,
                    size: u64::try_from(part.size().unwrap_or(0)).unwrap_or(0),
                    etag: normalise_etag(part.e_tag().unwrap_or_default()),
                    written_etag: part.e_tag().unwrap_or_default().to_owned(),
                    sha256_base64: part.checksum_sha256().map(str::to_owned),
                });
            }
        }
        Ok(Some(parts))
    }

    /// Merges the parts into the object.
    ///
    /// # Errors
    /// `NotFound` if the multipart upload does not exist: it was completed or aborted before.
    pub async fn complete_multipart(
        &self,
        key: &ObjectKey,
        multipart_id: &str,
        parts: &[StoredPart],
    ) -> Result<(), StorageError> {
        let parts = parts.iter().map(|part| {
            CompletedPart::builder()
                .part_number(part.number.get().cast_signed())
                .e_tag(&part.written_etag)
                .set_checksum_sha256(part.sha256_base64.clone())
                .build()
        });
        let request = self
            .client
            .complete_multipart_upload()
            .bucket(&self.name)
            .key(key.as_str())
            .upload_id(multipart_id)
            .multipart_upload(CompletedMultipartUpload::builder().set_parts(Some(parts.collect())).build());
        call::write("s3:CompleteMultipartUpload", request.send()).await?;
        Ok(())
    }

    /// Aborts a multipart upload and frees its parts. It is no error if there is none.
    pub async fn abort_multipart(&self, key: &ObjectKey, multipart_id: &str) -> Result<(), StorageError> {
        let request =
            self.client.abort_multipart_upload().bucket(&self.name).key(key.as_str()).upload_id(multipart_id);
        found(call::write("s3:AbortMultipartUpload", request.send()).await).map(drop)
    }
}
