//! How calls to stores are repeated.

use backon::ExponentialBuilder;
use std::time::Duration;

/// Six attempts in about seven seconds. Delays double from 0.1 seconds; jitter adds up to as much again, so
/// that clients that failed at the same time do not retry at the same time. Use it with
/// [`Bucket::without_retries`](sluice_storage::Bucket::without_retries).
pub const RETRIES: ExponentialBuilder = ExponentialBuilder::new()
    .with_min_delay(Duration::from_millis(100))
    .with_max_delay(Duration::from_secs(10))
    .with_jitter()
    .with_max_times(5);
