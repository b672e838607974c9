//! Writes large objects part by part so that the caller can tell whether the store holds what was sent.

use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use bytes::Bytes;
use sluice_domain::hash::Sha256;
use sluice_domain::key::ObjectKey;
use sluice_domain::part_plan::PartNumber;

use crate::answer_headers::{AnswerHeaders, Description};
use crate::bucket::{Bucket, MultipartOptions, PartSha256};
use crate::call;
use crate::error::StorageError;
use crate::put::Written;

/// A multipart upload with a checksum for every part.
#[derive(Debug)]
pub struct CheckedUpload<'a> {
    bucket: &'a Bucket,
    key: &'a ObjectKey,
    multipart_id: String,
    parts: Vec<CompletedPart>,
}

impl<'a> CheckedUpload<'a> {
    /// Begins a multipart upload. Its parts are sent in order.
    pub async fn begin(
        bucket: &'a Bucket,
        key: &'a ObjectKey,
        description: &Description,
    ) -> Result<Self, StorageError> {
        let options =
            MultipartOptions { part_sha256: PartSha256::ByCheckedUpload, description: Some(description) };
        let multipart_id = bucket.create_multipart(key, options).await?;
        Ok(Self { bucket, key, multipart_id, parts: Vec::new() })
    }

    /// Sends the next part and returns the CRC-64/XZ that the store has computed of it, if it computes any.
    ///
    /// # Errors
    /// `Unavailable` if the part was damaged in transit; a store detects that only if it verifies SHA-256.
    pub async fn send(&mut self, bytes: Bytes) -> Result<Option<u64>, StorageError> {
        const OPERATION: &str = "s3:UploadPart";
        let number = PartNumber::try_from(self.parts.len() as u32 + 1);
        let number = number.map_err(|error| StorageError::fault(OPERATION, error))?.get().cast_signed();
        let sha256 = self.bucket.dialect.verifies_sha256.then(|| Sha256::of(&bytes).to_base64());
        let headers = AnswerHeaders::default();
        let request = self
            .bucket
            .client
            .upload_part()
            .bucket(&self.bucket.name)
            .key(self.key.as_str())
            .upload_id(&self.multipart_id)
            .part_number(number)
            .set_checksum_sha256(sha256.clone())
            .body(ByteStream::from(bytes))
            .customize()
            .interceptor(headers.clone());
        let answer = call::write(OPERATION, request.send()).await?;
        let part = CompletedPart::builder().part_number(number).set_e_tag(answer.e_tag);
        self.parts.push(part.set_checksum_sha256(sha256).build());
        Ok(headers.take().crc64)
    }

    /// Completes the upload and returns what the store reports about the object.
    pub async fn complete(&self) -> Result<Written, StorageError> {
        let headers = AnswerHeaders::default();
        let parts = CompletedMultipartUpload::builder().set_parts(Some(self.parts.clone())).build();
        let request = self
            .bucket
            .client
            .complete_multipart_upload()
            .bucket(&self.bucket.name)
            .key(self.key.as_str())
            .upload_id(&self.multipart_id)
            .multipart_upload(parts)
            .customize()
            .interceptor(headers.clone());
        let answer = call::write("s3:CompleteMultipartUpload", request.send()).await?;
        Ok(Written {
            etag: answer.e_tag.unwrap_or_default(),
            crc64: headers.take().crc64,
            sha256_verified: self.bucket.dialect.verifies_sha256,
        })
    }

    /// Aborts the upload and frees its parts.
    pub async fn abort(&self) -> Result<(), StorageError> {
        self.bucket.abort_multipart(self.key, &self.multipart_id).await
    }
}
