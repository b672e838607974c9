//! Lists the objects of a bucket.

use crate::bucket::Bucket;
use crate::call;
use crate::error::StorageError;
use crate::get::{ObjectHead, size, timestamp};

/// The most objects that a page lists.
pub const LIST_PAGE: i32 = 1000;

impl Bucket {
    /// One page of the objects with this key prefix, in the order of their keys, from after `after`. A page
    /// of fewer than [`LIST_PAGE`] objects is the last.
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
                size: size(object.size()),
                etag: object.e_tag().unwrap_or_default().to_owned(),
                modified_at: object.last_modified().map(timestamp),
                crc64: None,
            };
            (object.key.unwrap_or_default(), head)
        });
        Ok(objects.collect())
    }
}
