//! The objects of a bucket in the order of their keys, a page at a time.

use sluice_storage::bucket::ObjectHead;
use sluice_storage::{Bucket, ErrorKind, StorageError};
use std::vec::IntoIter;

use crate::backoff::retrying;

/// A walk through a bucket.
pub(super) struct Listing<'a> {
    bucket: &'a Bucket,
    prefix: &'a str,
    after: Option<String>,
    page: IntoIter<(String, ObjectHead)>,
    ended: bool,
}

impl<'a> Listing<'a> {
    /// The objects whose keys begin with `prefix`, after a key.
    pub fn new(bucket: &'a Bucket, prefix: &'a str, after: Option<String>) -> Self {
        Self { bucket, prefix, after, page: Vec::new().into_iter(), ended: false }
    }

    /// The next one. A page may be short of what was asked for: only an empty one is the end.
    pub async fn next(&mut self) -> Result<Option<(String, ObjectHead)>, StorageError> {
        if self.page.as_slice().is_empty() && !self.ended {
            let passes = |error: &StorageError| error.kind != ErrorKind::Fault;
            let list = async || self.bucket.list_after(self.prefix, self.after.as_deref()).await;
            self.page = retrying(passes, list).await?.into_iter();
            self.ended = self.page.as_slice().is_empty();
        }
        let next = self.page.next();
        if let Some((key, _)) = &next {
            self.after = Some(key.clone());
        }
        Ok(next)
    }
}
