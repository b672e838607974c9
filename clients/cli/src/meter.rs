//! What a transfer cost.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Counts requests and bytes of one file's transfer.
#[derive(Debug, Default)]
pub struct Meter {
    bucket_bytes: AtomicU64,
    reused_bytes: AtomicU64,
    api_bytes: AtomicU64,
    requests: AtomicU64,
}

impl Meter {
    /// Content bytes that went to or came from the bucket, repeats included.
    pub fn add_bucket_bytes(&self, bytes: u64) {
        self.bucket_bytes.fetch_add(bytes, Relaxed);
    }

    /// Content bytes that did not have to come, as they were here.
    pub fn add_reused_bytes(&self, bytes: u64) {
        self.reused_bytes.fetch_add(bytes, Relaxed);
    }

    /// Bytes of a request to the API and of its answer: URLs, headers and bodies.
    pub fn add_api_bytes(&self, bytes: u64) {
        self.api_bytes.fetch_add(bytes, Relaxed);
    }

    /// One request to the API or to the bucket, answered or not.
    pub fn add_request(&self) {
        self.requests.fetch_add(1, Relaxed);
    }

    /// Content bytes so far.
    pub fn bucket_bytes(&self) -> u64 {
        self.bucket_bytes.load(Relaxed)
    }

    /// Content bytes that were here so far.
    pub fn reused_bytes(&self) -> u64 {
        self.reused_bytes.load(Relaxed)
    }

    /// Bytes exchanged with the API so far.
    pub fn api_bytes(&self) -> u64 {
        self.api_bytes.load(Relaxed)
    }

    /// Requests so far.
    pub fn requests(&self) -> u64 {
        self.requests.load(Relaxed)
    }
}
