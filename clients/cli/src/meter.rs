//! Counts the requests and bytes of a transfer.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// The requests and bytes of one file's transfer.
#[derive(Debug, Default)]
pub struct Meter {
    bucket_bytes: AtomicU64,
    reused_bytes: AtomicU64,
    api_bytes: AtomicU64,
    requests: AtomicU64,
}

impl Meter {
    /// Counts bytes sent to or received from the bucket, including repeats.
    pub fn add_bucket_bytes(&self, bytes: u64) {
        self.bucket_bytes.fetch_add(bytes, Relaxed);
    }

    /// Counts bytes that were found locally and not downloaded.
    pub fn add_reused_bytes(&self, bytes: u64) {
        self.reused_bytes.fetch_add(bytes, Relaxed);
    }

    /// Counts bytes of a request to the API and of its answer: URL, headers and body.
    pub fn add_api_bytes(&self, bytes: u64) {
        self.api_bytes.fetch_add(bytes, Relaxed);
    }

    /// Counts a request to the API or the bucket, answered or not.
    pub fn add_request(&self) {
        self.requests.fetch_add(1, Relaxed);
    }

    pub fn bucket_bytes(&self) -> u64 {
        self.bucket_bytes.load(Relaxed)
    }

    pub fn reused_bytes(&self) -> u64 {
        self.reused_bytes.load(Relaxed)
    }

    pub fn api_bytes(&self) -> u64 {
        self.api_bytes.load(Relaxed)
    }

    pub fn requests(&self) -> u64 {
        self.requests.load(Relaxed)
    }
}
