//! Deletes the objects of one bucket, and builds them from parts.

use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{ChecksumAlgorithm, CompletedMultipartUpload, CompletedPart};
use bytes::Bytes;
use futures::stream::{self, StreamExt, TryStreamExt};
use sluice_domain::key::ObjectKey;
use sluice_domain::part_plan::PartNumber;

use crate::answer_headers::Description;
use crate::call::{self, found};
use crate::clients::Clients;
use crate::dialect::Dialect;
use crate::error::{ErrorKind, StorageError};
use crate::time_limits::TimeLimits;

const DELETES_IN_FLIGHT: usize = 8;

/// A bucket of an S3-compatible store.
#[derive(Debug, Clone)]
pub struct Bucket {
    pub(crate) client: aws_sdk_s3::Client,
    /// Signs URLs.
    pub(crate) signer: aws_sdk_s3::Client,
    pub(crate) name: String,
    pub(crate) dialect: Dialect,
    pub(crate) time_limits: TimeLimits,
}

/// How a multipart upload is begun: by default without checksums and descriptive headers.
#[derive(Debug, Clone, Copy, Default)]
pub struct MultipartOptions<'a> {
    /// Who sends the SHA-256 of every part, for stores that compare the part with it.
    pub part_sha256: PartSha256,
    /// The descriptive headers, if the object has any.
    pub description: Option<&'a Description>,
}

/// Who sends the SHA-256 of every part of a multipart upload.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PartSha256 {
    #[default]
    NotSent,
    /// A client, by presigned URLs. The store must keep them, because whoever merges the parts knows them
    /// only from [`Bucket::list_parts`].
    ByClient,
    /// `CheckedUpload`, which remembers them until it completes.
    ByCheckedUpload,
}

/// A part that a store has received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredPart {
    pub number: PartNumber,
    pub size: u64,
    /// The `ETag` as [`normalise_etag`] returns it.
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
        let time_limits = TimeLimits::default();
        let (client, signer) = (clients.s3.clone(), clients.s3_signer.clone());
        Self { client, signer, name: name.into(), dialect, time_limits }
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

    /// Begins a multipart upload and returns its id.
    pub async fn create_multipart(
        &self,
        key: &ObjectKey,
        options: MultipartOptions<'_>,
    ) -> Result<String, StorageError> {
        const OPERATION: &str = "s3:CreateMultipartUpload";
        let MultipartOptions { part_sha256, description } = options;
        let with_sha256 = match part_sha256 {
            PartSha256::NotSent => false,
            PartSha256::ByClient => self.dialect.part_sha256,
            PartSha256::ByCheckedUpload => self.dialect.verifies_sha256,
        };
        let description = description.cloned().unwrap_or_default();
        let request = self
            .client
            .create_multipart_upload()
            .bucket(&self.name)
            .key(key.as_str())
            .set_checksum_algorithm(with_sha256.then_some(ChecksumAlgorithm::Sha256))
            .customize()
            .mutate_request(move |request| description.add_to(request));
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
            let Some(page) = found(call::interpret(OPERATION, page))? else { return Ok(None) };
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
