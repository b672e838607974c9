//! Remembers files and the chunks of blobs, so that nothing is hashed, looked up or sent twice.
//!
//! The cache is optional: losing it costs time and bytes, never data. When it fails, the command warns and
//! continues without it.

mod blobs;
mod database;
mod files;
mod fingerprint;

pub use database::Cache;
pub use files::{CachedFile, CachedVersion};
pub use fingerprint::Fingerprint;

#[cfg(test)]
mod tests;
