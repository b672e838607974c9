//! Keeps what the store behind the double cannot: checksums, storage classes and parts.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The number of locks. Two keys may share one.
const LOCKS: usize = 64;

/// A part that was uploaded through the double.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    /// OSS's `ETag` in quotes, as the client got it.
    pub etag: String,
    /// The store's `ETag`. That of a copied part may not be an MD5.
    pub etag_of_store: String,
    /// `None` for a part that the store copied itself.
    pub checksum: Option<PartChecksum>,
}

/// The checksum of a part and the size that combining needs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PartChecksum {
    pub crc: u64,
    pub size_bytes: u64,
}

/// An upload that was started through the double.
#[derive(Debug, Clone, Default)]
pub(crate) struct Upload {
    pub storage_class: Option<String>,
    pub parts: BTreeMap<u16, Part>,
}

#[derive(Debug, Default)]
struct State {
    /// Checksums by bucket, key and the store's `ETag`, so that a replaced object has none.
    crcs: HashMap<(String, String, String), u64>,
    classes: HashMap<(String, String), String>,
    uploads: HashMap<String, Upload>,
    ended_uploads: HashSet<String>,
}

/// The double's memory, which is lost with the double.
#[derive(Debug)]
pub(crate) struct Memory {
    state: Mutex<State>,
    locks: [tokio::sync::Mutex<()>; LOCKS],
    hasher: RandomState,
}

impl Memory {
    pub(crate) fn new() -> Self {
        let locks = std::array::from_fn(|_| tokio::sync::Mutex::new(()));
        Self { state: Mutex::default(), locks, hasher: RandomState::new() }
    }

    /// Waits until no other write of this key is running.
    pub(crate) async fn lock(&self, bucket: &str, key: &str) -> tokio::sync::MutexGuard<'_, ()> {
        let hash = self.hasher.hash_one((bucket, key));
        self.locks[hash as usize % LOCKS].lock().await
    }

    pub(crate) fn crc(&self, bucket: &str, key: &str, etag: &str) -> Option<u64> {
        self.state().crcs.get(&(bucket.to_owned(), key.to_owned(), etag.to_owned())).copied()
    }

    pub(crate) fn keep_crc(&self, bucket: &str, key: &str, etag: &str, crc: u64) {
        self.state().crcs.insert((bucket.to_owned(), key.to_owned(), etag.to_owned()), crc);
    }

    /// The class of an object, if it is not `STANDARD`.
    pub(crate) fn storage_class(&self, bucket: &str, key: &str) -> Option<String> {
        self.state().classes.get(&(bucket.to_owned(), key.to_owned())).cloned()
    }

    /// Keeps the class of an object that was just written; `None` means `STANDARD`.
    pub(crate) fn keep_storage_class(&self, bucket: &str, key: &str, class: Option<String>) {
        let name = (bucket.to_owned(), key.to_owned());
        match class.filter(|class| class != "STANDARD") {
            Some(class) => self.state().classes.insert(name, class),
            None => self.state().classes.remove(&name),
        };
    }

    pub(crate) fn begin_upload(&self, upload_id: &str, storage_class: Option<String>) {
        let upload = Upload { storage_class, ..Upload::default() };
        self.state().uploads.insert(upload_id.to_owned(), upload);
    }

    /// Keeps a part and replaces an earlier one of the same number. Ignores parts of uploads that were not
    /// started through the double.
    pub(crate) fn keep_part(&self, upload_id: &str, number: u16, part: Part) {
        if let Some(upload) = self.state().uploads.get_mut(upload_id) {
            upload.parts.insert(number, part);
        }
    }

    pub(crate) fn upload(&self, upload_id: &str) -> Option<Upload> {
        self.state().uploads.get(upload_id).cloned()
    }

    /// Forgets an upload that was completed or aborted.
    pub(crate) fn end_upload(&self, upload_id: &str) {
        let mut state = self.state();
        state.uploads.remove(upload_id);
        state.ended_uploads.insert(upload_id.to_owned());
    }

    pub(crate) fn is_ended(&self, upload_id: &str) -> bool {
        self.state().ended_uploads.contains(upload_id)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
