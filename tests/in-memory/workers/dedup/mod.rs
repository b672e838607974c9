//! dedup-upload.

mod batches;
pub mod delta;
mod fairness;
mod leases;
mod messages;
mod races;
mod time;
mod whole;

/// The length of a small file.
const SMALL: usize = 1000;
/// The length of a file with a pack index too long for its row.
const INDEXED: usize = 3 << 20;
