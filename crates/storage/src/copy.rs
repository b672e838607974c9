//! Server-side copy: bytes move from bucket to bucket without passing through a function.

use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use futures::stream::{self, StreamExt, TryStreamExt};
use sluice_domain::key::ObjectKey;
use sluice_domain::part_plan::{PartNumber, PartPlan};
use std::collections::HashSet;
use std::ops::Range;

use crate::bucket::{Bucket, ObjectHead};
use crate::call;
use crate::error::{ErrorKind, StorageError};

/// How large objects are copied.
#[derive(Debug, Clone, Copy)]
pub struct CopyLimits {
    /// Up to this many bytes in one call; S3 allows 5 GiB, and more parts in flight are faster long before that.
    pub single_max_bytes: u64,
    /// Above it, in parts of this many bytes.
    pub part_bytes: u64,
}

impl Default for CopyLimits {
    fn default() -> Self {
        Self { single_max_bytes: 1 << 30, part_bytes: 1 << 30 }
    }
}

/// How many parts are copied at once.
const PARTS_IN_FLIGHT: usize = 8;

/// One copy, from one bucket to another of the same store.
#[derive(Debug, Clone, Copy)]
pub struct Copy<'a> {
    /// Where the bytes are.
    pub source: &'a Bucket,
    /// Which object.
    pub source_key: &'a ObjectKey,
    /// The object that was verified: if another has taken its place, the copy fails with `Conflict`.
    pub head: &'a ObjectHead,
    /// Where they go.
    pub target: &'a Bucket,
    /// Under which key.
    pub target_key: &'a ObjectKey,
}

/// Bytes of an object that are copied as one part.
#[derive(Debug, Clone)]
pub struct CopySource<'a> {
    /// Where the object is.
    pub bucket: &'a Bucket,
    /// Which object.
    pub key: &'a ObjectKey,
    /// Its `ETag`, if another object might take its place: the copy then fails with `Conflict`.
    pub etag: Option<&'a str>,
    /// Which of its bytes. S3 wants at least 5 MiB in all parts but the last.
    pub range: Range<u64>,
}

/// An object as a copy's source. Keys made by this project are hex digits and slashes, which need no URL encoding.
fn source_path(bucket: &Bucket, key: &ObjectKey) -> String {
    format!("{}/{key}", bucket.name)
}

/// Ceph wants the length of a PUT's body even where there is none.
fn say_empty(request: &mut HttpRequest) {
    request.headers_mut().insert("content-length", "0");
}

impl Bucket {
    /// Copies bytes of another object of the same store as one part of a multipart upload.
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
        // A store of another dialect ignores the header that the SDK sends.
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

    /// Copies the parts that multipart upload `multipart_id` of the target lacks, until `out_of_time` says so, then
    /// merges them. True once the object is complete; false if time ran out, and the same call will go on.
    pub async fn parts(
        &self,
        multipart_id: &str,
        part_bytes: u64,
        out_of_time: impl Fn() -> bool,
    ) -> Result<bool, StorageError> {
        let plan = PartPlan { size: self.head.size, part_size: part_bytes };
        let Some(present) = self.target.list_parts(self.target_key, multipart_id).await? else {
            // Merged by an earlier run that died before it could say so, unless the object says otherwise.
            return match self.target.head(self.target_key).await? {
                Some(object) if object.size == self.head.size => Ok(true),
                _ => Err(StorageError::new(
                    ErrorKind::Unavailable,
                    "s3:ListParts",
                    "the copy's multipart upload is gone",
                )),
            };
        };
        let copied: HashSet<PartNumber> = present.iter().map(|part| part.number).collect();
        let missing = plan.parts().filter(|(number, _)| !copied.contains(number));
        let done: Vec<bool> = stream::iter(missing)
            .map(|(number, size)| {
                let late = out_of_time();
                async move {
                    if late {
                        return Ok(false);
                    }
                    let offset = plan.offset_of(number);
                    let (bucket, key, etag) = (self.source, self.source_key, Some(&*self.head.etag));
                    let source = CopySource { bucket, key, etag, range: offset..offset + size };
                    self.target.copy_part(self.target_key, multipart_id, number, &source).await.map(|()| true)
                }
            })
            .buffer_unordered(PARTS_IN_FLIGHT)
            .try_collect()
            .await?;
        if done.contains(&false) {
            return Ok(false);
        }
        self.merge(multipart_id).await.map(|()| true)
    }

    async fn merge(&self, multipart_id: &str) -> Result<(), StorageError> {
        let parts = self.target.list_parts(self.target_key, multipart_id).await?.unwrap_or_default();
        self.target.complete_multipart(self.target_key, multipart_id, &parts).await
    }
}
