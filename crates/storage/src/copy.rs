//! Server-side copy: bytes move from bucket to bucket without passing through a function.

use futures::stream::{self, StreamExt, TryStreamExt};
use sluice_domain::key::ObjectKey;
use sluice_domain::part_plan::{PartNumber, PartPlan};
use std::collections::HashSet;

use crate::bucket::{Bucket, ObjectHead};
use crate::error::StorageError;
use crate::fault;

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

impl Copy<'_> {
    fn source_path(&self) -> String {
        // Keys made by this project are hex digits and slashes, which need no URL encoding.
        format!("{}/{}", self.source.name, self.source_key)
    }

    /// Copies the object in one call.
    pub async fn whole(&self) -> Result<(), StorageError> {
        const OPERATION: &str = "s3:CopyObject";
        let request = self
            .target
            .client
            .copy_object()
            .bucket(&self.target.name)
            .key(self.target_key.as_str())
            .copy_source(self.source_path())
            .copy_source_if_match(&self.head.etag);
        fault::write(OPERATION, request.send())
            .await
            .map_err(|error| StorageError::from_sdk(OPERATION, &error))?;
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
                _ => Err(StorageError::unavailable("s3:ListParts", "the copy's multipart upload is gone")),
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
                    self.part(multipart_id, number, plan.offset_of(number), size).await.map(|()| true)
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

    async fn part(&self, id: &str, number: PartNumber, offset: u64, size: u64) -> Result<(), StorageError> {
        const OPERATION: &str = "s3:UploadPartCopy";
        let request = self
            .target
            .client
            .upload_part_copy()
            .bucket(&self.target.name)
            .key(self.target_key.as_str())
            .upload_id(id)
            .part_number(number.get().cast_signed())
            .copy_source(self.source_path())
            .copy_source_if_match(&self.head.etag)
            .copy_source_range(format!("bytes={offset}-{}", offset + size - 1));
        fault::write(OPERATION, request.send())
            .await
            .map_err(|error| StorageError::from_sdk(OPERATION, &error))?;
        Ok(())
    }

    async fn merge(&self, multipart_id: &str) -> Result<(), StorageError> {
        let parts = self.target.list_parts(self.target_key, multipart_id).await?.unwrap_or_default();
        self.target.complete_multipart(self.target_key, multipart_id, &parts).await
    }
}
