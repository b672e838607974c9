//! Copies objects between buckets of one store, without passing their bytes through a function.

use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use futures::stream::{self, StreamExt, TryStreamExt};
use sluice_domain::key::ObjectKey;
use sluice_domain::part_plan::{PartNumber, PartPlan};
use std::collections::HashSet;
use std::ops::Range;

use crate::bucket::Bucket;
use crate::call;
use crate::error::{ErrorKind, StorageError};
use crate::get::ObjectHead;

/// When a copy is made in parts.
#[derive(Debug, Clone, Copy)]
pub struct CopyLimits {
    /// Up to this many bytes are copied in one call. S3 allows 5 GiB, but several parts at once are much
    /// faster.
    pub single_max_bytes: u64,
    /// The size of a part in bytes.
    pub part_bytes: u64,
}

impl Default for CopyLimits {
    fn default() -> Self {
        Self { single_max_bytes: 1 << 30, part_bytes: 1 << 30 }
    }
}

const PARTS_IN_FLIGHT: usize = 8;

/// A copy of an object to another bucket of the same store.
#[derive(Debug, Clone, Copy)]
pub struct Copy<'a> {
    pub source: &'a Bucket,
    pub source_key: &'a ObjectKey,
    /// The object that was verified. The copy fails with `Conflict` if another has replaced it.
    pub head: &'a ObjectHead,
    pub target: &'a Bucket,
    pub target_key: &'a ObjectKey,
}

/// How far a copy in parts has got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CopyProgress {
    Complete,
    /// The same call continues.
    OutOfTime,
}

/// A range of an object that is copied as one part.
#[derive(Debug, Clone)]
pub struct CopySource<'a> {
    pub bucket: &'a Bucket,
    pub key: &'a ObjectKey,
    /// The `ETag`, if another object might replace this one; the copy then fails with `Conflict`.
    pub etag: Option<&'a str>,
    /// The range in bytes. S3 wants at least 5 MiB in all parts but the last.
    pub range: Range<u64>,
}

/// The object as the source header of a copy. Keys made by this project are hex digits and slashes, which
/// need no URL encoding.
fn source_path(bucket: &Bucket, key: &ObjectKey) -> String {
    format!("{}/{key}", bucket.name)
}

/// Sets the length of an empty body, which Ceph requires of every PUT.
fn say_empty(request: &mut HttpRequest) {
    request.headers_mut().insert("content-length", "0");
}

impl Bucket {
    /// Copies a range of another object of the same store as one part of a multipart upload.
    pub async fn copy_part(
        &self,
        key: &ObjectKey,
        multipart_id: &str,
        number: PartNumber,
        source: &CopySource<'_>,
    ) -> Result<(), StorageError> {
        let request = self
            .client
            .upload_part_copy()
            .bucket(&self.name)
            .key(key.as_str())
            .upload_id(multipart_id)
            .part_number(number.get().cast_signed())
            .copy_source(source_path(source.bucket, source.key))
            .set_copy_source_if_match(source.etag.map(str::to_owned))
            .copy_source_range(format!("bytes={}-{}", source.range.start, source.range.end - 1))
            .customize()
            .mutate_request(say_empty);
        call::write("s3:UploadPartCopy", request.send()).await?;
        Ok(())
    }
}

impl Copy<'_> {
    /// Copies the object in one call.
    pub async fn whole(&self) -> Result<(), StorageError> {
        // Ceph ignores the condition that the SDK sends.
        let dialect = self.target.dialect;
        let condition = dialect.copy_if_match_header.then(|| self.head.etag.clone());
        let request = self
            .target
            .client
            .copy_object()
            .bucket(&self.target.name)
            .key(self.target_key.as_str())
            .copy_source(source_path(self.source, self.source_key))
            .copy_source_if_match(&self.head.etag)
            .customize()
            .mutate_request(move |request| {
                say_empty(request);
                if let Some(etag) = &condition {
                    request.headers_mut().insert(dialect.copy_condition_header(), etag.clone());
                }
            });
        call::write("s3:CopyObject", request.send()).await?;
        Ok(())
    }

    /// Copies the parts that multipart upload `multipart_id` lacks until `out_of_time` returns true, then
    /// completes the upload.
    pub async fn parts(
        &self,
        multipart_id: &str,
        part_bytes: u64,
        out_of_time: impl Fn() -> bool,
    ) -> Result<CopyProgress, StorageError> {
        let plan = PartPlan { size: self.head.size, part_size: part_bytes };
        let Some(present) = self.target.list_parts(self.target_key, multipart_id).await? else {
            // An earlier run may have completed the upload and died before it could say so.
            return match self.target.head(self.target_key).await? {
                Some(object) if object.size == self.head.size => Ok(CopyProgress::Complete),
                _ => Err(StorageError::new(
                    ErrorKind::Unavailable,
                    "s3:ListParts",
                    "the copy's multipart upload is gone",
                )),
            };
        };
        let present: HashSet<PartNumber> = present.iter().map(|part| part.number).collect();
        let missing = plan.parts().filter(|(number, _)| !present.contains(number));
        let copied: Vec<CopyProgress> = stream::iter(missing.enumerate())
            .map(|(position, (number, size))| {
                // One part is copied in any case, so that every run gets on.
                let late = position > 0 && out_of_time();
                async move {
                    if late {
                        return Ok(CopyProgress::OutOfTime);
                    }
                    let offset = plan.offset_of(number);
                    let source = CopySource {
                        bucket: self.source,
                        key: self.source_key,
                        etag: Some(&self.head.etag),
                        range: offset..offset + size,
                    };
                    self.target.copy_part(self.target_key, multipart_id, number, &source).await?;
                    Ok(CopyProgress::Complete)
                }
            })
            .buffer_unordered(PARTS_IN_FLIGHT)
            .try_collect()
            .await?;
        if copied.contains(&CopyProgress::OutOfTime) {
            return Ok(CopyProgress::OutOfTime);
        }
        self.merge(multipart_id).await?;
        Ok(CopyProgress::Complete)
    }

    async fn merge(&self, multipart_id: &str) -> Result<(), StorageError> {
        let parts = self.target.list_parts(self.target_key, multipart_id).await?.unwrap_or_default();
        self.target.complete_multipart(self.target_key, multipart_id, &parts).await
    }
}
