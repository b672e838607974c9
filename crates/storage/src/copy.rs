//! Copies objects between buckets of one store, without passing their bytes through a function.

use aws_sdk_s3::types::MetadataDirective;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use futures::stream::{self, StreamExt, TryStreamExt};
use sluice_domain::key::ObjectKey;
use sluice_domain::part_plan::{PART_MAX_COUNT, PartNumber, PartPlan};
use std::collections::HashSet;
use std::ops::Range;

use crate::bucket::{Bucket, MultipartOptions, StoredPart};
use crate::call;
use crate::error::{ErrorKind, StorageError};
use crate::get::ObjectHead;

/// When a copy is made in parts.
#[derive(Debug, Clone, Copy)]
pub struct CopyLimits {
    /// Up to this many bytes are copied in one call. S3 allows 5 GiB, but several parts at once are much
    /// faster, and none of them takes a minute.
    pub single_max_bytes: u64,
    /// The size of a part in bytes. Parts are larger if there would be too many.
    pub part_bytes: u64,
}

impl Default for CopyLimits {
    fn default() -> Self {
        Self { single_max_bytes: 256 << 20, part_bytes: 256 << 20 }
    }
}

impl CopyLimits {
    fn plan(&self, size: u64) -> PartPlan {
        let enough = size.div_ceil(PART_MAX_COUNT).next_multiple_of(1 << 20);
        PartPlan { size, part_size: self.part_bytes.max(enough) }
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
    /// Whether a copy of a part into this bucket fails if its source was replaced.
    pub fn checks_copied_parts(&self) -> bool {
        // Ceph has a condition for whole copies only.
        !self.dialect.copy_if_match_header
    }

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
    /// Copies the object in one call, without the headers that describe it.
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
            // A URL for a PUT does not cover headers such as Content-Encoding, which change what readers get.
            .metadata_directive(MetadataDirective::Replace)
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

    /// Copies the object in parts until `out_of_time` returns true. Continues the multipart upload of an
    /// earlier run, if `multipart_id` names one, and leaves the id of its own there.
    pub async fn in_parts(
        &self,
        multipart_id: &mut Option<String>,
        limits: CopyLimits,
        out_of_time: impl Fn() -> bool,
    ) -> Result<CopyProgress, StorageError> {
        let plan = limits.plan(self.head.size);
        let mut present = Vec::new();
        if let Some(id) = multipart_id {
            match self.target.list_parts(self.target_key, id).await? {
                Some(parts) if parts.iter().all(|part| is_of_plan(part, &plan)) => present = parts,
                // A run with other limits began it.
                Some(_) => {
                    self.target.abort_multipart(self.target_key, id).await?;
                    *multipart_id = None;
                }
                // An earlier run may have completed it and died before it could say so.
                None if self.is_complete().await? => return Ok(CopyProgress::Complete),
                None => *multipart_id = None,
            }
        }
        let id = match multipart_id.take() {
            Some(id) => id,
            None => self.target.create_multipart(self.target_key, MultipartOptions::default()).await?,
        };
        let id = multipart_id.insert(id);
        if self.copy_missing(id, &plan, &present, &out_of_time).await? == CopyProgress::OutOfTime {
            return Ok(CopyProgress::OutOfTime);
        }
        // The merge may take minutes. A run that has nothing to copy begins it.
        if (present.len() as u64) < u64::from(plan.part_count()) && out_of_time() {
            return Ok(CopyProgress::OutOfTime);
        }
        self.merge(id).await.map(|()| CopyProgress::Complete)
    }

    /// A merge whose answer is lost is repeated, and the store then says that there is nothing to merge.
    async fn merge(&self, multipart_id: &str) -> Result<(), StorageError> {
        let parts = self.target.list_parts(self.target_key, multipart_id).await?.unwrap_or_default();
        match self.target.complete_multipart(self.target_key, multipart_id, &parts).await {
            Err(error) if error.kind == ErrorKind::NotFound && self.is_complete().await? => Ok(()),
            merged => merged,
        }
    }

    async fn is_complete(&self) -> Result<bool, StorageError> {
        let object = self.target.head(self.target_key).await?;
        Ok(object.is_some_and(|object| object.size == self.head.size))
    }

    /// Copies the parts of the plan that are not present.
    async fn copy_missing(
        &self,
        multipart_id: &str,
        plan: &PartPlan,
        present: &[StoredPart],
        out_of_time: impl Fn() -> bool,
    ) -> Result<CopyProgress, StorageError> {
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
        let is_late = copied.contains(&CopyProgress::OutOfTime);
        Ok(if is_late { CopyProgress::OutOfTime } else { CopyProgress::Complete })
    }
}

fn is_of_plan(part: &StoredPart, plan: &PartPlan) -> bool {
    plan.size_of(part.number) == Some(part.size)
}

#[cfg(test)]
mod tests {
    use super::*;
    use sluice_domain::part_plan::OBJECT_MAX_BYTES;

    #[test]
    fn parts_grow_only_where_there_would_be_too_many() {
        let limits = CopyLimits::default();
        assert_eq!(limits.plan(10 << 30).part_size, 256 << 20);
        let largest = limits.plan(OBJECT_MAX_BYTES);
        assert!(largest.part_size > 256 << 20, "{largest:?}");
        assert!(u64::from(largest.part_count()) <= PART_MAX_COUNT, "{largest:?}");
    }
}
