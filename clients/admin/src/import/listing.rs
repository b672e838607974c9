//! Lists the objects of a bucket in the order of their keys, page by page.

use backon::Retryable as _;
use sluice_storage::{Bucket, ErrorKind, ObjectHead, StorageError};
use std::vec::IntoIter;

use crate::retries::RETRIES;

pub(super) struct Listing<'a> {
    bucket: &'a Bucket,
    prefix: &'a str,
    /// The last key that [`Self::next`] returned.
    after: Option<String>,
    /// What the present page was asked for with.
    page_after: Option<String>,
    page: IntoIter<(String, ObjectHead)>,
    ended: bool,
}

/// An object, and where the list has it.
pub(super) struct ListedObject {
    pub key: String,
    pub head: ObjectHead,
    /// The page that has the object begins after this key.
    pub page_after: Option<String>,
}

impl<'a> Listing<'a> {
    /// The objects with keys that begin with `prefix`, after the key `after`.
    pub fn new(bucket: &'a Bucket, prefix: &'a str, after: Option<String>) -> Self {
        Self { bucket, prefix, after, page_after: None, page: Vec::new().into_iter(), ended: false }
    }

    /// The next object. Only an empty page marks the end: a store may return fewer objects than were asked
    /// for.
    pub async fn next(&mut self) -> Result<Option<ListedObject>, StorageError> {
        if self.page.as_slice().is_empty() && !self.ended {
            let is_transient = |error: &StorageError| error.kind != ErrorKind::Fault;
            let list = || self.bucket.list_after(self.prefix, self.after.as_deref());
            self.page = list.retry(RETRIES).when(is_transient).await?.into_iter();
            self.ended = self.page.as_slice().is_empty();
            self.page_after.clone_from(&self.after);
        }
        let Some((key, head)) = self.page.next() else { return Ok(None) };
        self.after = Some(key.clone());
        Ok(Some(ListedObject { key, head, page_after: self.page_after.clone() }))
    }
}
