//! The settings of a strict AWS.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

/// The settings of a strict AWS.
#[derive(Clone)]
pub struct Settings {
    /// The address to listen on. Port 0 means any free port.
    pub listen: SocketAddr,
    /// The emulator behind the front, such as `http://127.0.0.1:4566`, without a path.
    pub backing: String,
    /// The keys of the emulator's administrator.
    pub access_key: String,
    pub secret_key: String,
    /// What all decisions follow from.
    pub seed: u64,
    /// How often each fault strikes.
    pub odds: Odds,
    /// The longest time after which indexes and eventually consistent reads show a write.
    pub index_lag: Duration,
    /// The longest time by which a message or its duplicate is late.
    pub message_delay: Duration,
    /// How long S3 is silent during a copy or merge that takes its time. The SDKs' protection against stalled
    /// streams hangs up after 5 s.
    pub copy_silence: Duration,
    /// The limits of S3's sizes.
    pub sizes: SizeLimits,
    /// How long an HTTP API waits for a function.
    pub api_timeout: Duration,
}

/// The limits of S3's sizes, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SizeLimits {
    /// The largest object or part that one request puts or copies.
    pub put_max_bytes: u64,
    /// The smallest part of an upload, except the last one.
    pub part_min_bytes: u64,
}

impl Default for SizeLimits {
    fn default() -> Self {
        Self { put_max_bytes: 5 << 30, part_min_bytes: 5 << 20 }
    }
}

/// How often each fault strikes: once in so many requests, 0 for never.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Odds {
    /// A request to a table is throttled.
    pub throttled: u64,
    /// A write of one row, or a transaction, meets another transaction, although the front sees none.
    pub conflict: u64,
    /// A write happens, but is answered with 500.
    pub lost_answer: u64,
    /// A batch is done in part.
    pub unprocessed: u64,
    /// A query or scan ends its page early.
    pub short_page: u64,
    /// A message is delivered twice.
    pub duplicate: u64,
    /// A message is late.
    pub delay: u64,
    /// A receive finds one message only, or none.
    pub fewer_received: u64,
    /// A request to S3 is one too many.
    pub slow_down: u64,
    /// A conditional write to S3 meets another one, although the front sees none.
    pub write_conflict: u64,
    /// A copy or merge fails, but is answered with 200.
    pub failed_copy: u64,
    /// A copy or merge takes its time.
    pub silent_copy: u64,
}

impl Odds {
    /// No fault ever strikes.
    pub const NEVER: Self = Self {
        throttled: 0,
        conflict: 0,
        lost_answer: 0,
        unprocessed: 0,
        short_page: 0,
        duplicate: 0,
        delay: 0,
        fewer_received: 0,
        slow_down: 0,
        write_conflict: 0,
        failed_copy: 0,
        silent_copy: 0,
    };
}

impl Default for Odds {
    /// More often than on AWS, so that a run of minutes meets each of them.
    fn default() -> Self {
        Self {
            throttled: 100,
            conflict: 50,
            lost_answer: 100,
            unprocessed: 10,
            short_page: 5,
            duplicate: 10,
            delay: 10,
            fewer_received: 5,
            slow_down: 100,
            write_conflict: 20,
            failed_copy: 20,
            silent_copy: 10,
        }
    }
}

/// Shows no secret.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("backing", &self.backing)
            .field("seed", &self.seed)
            .finish_non_exhaustive()
    }
}

impl Settings {
    /// The settings of a front on any free port.
    pub fn in_front_of(backing: &str, access_key: &str, secret_key: &str) -> Self {
        Self {
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            backing: backing.to_owned(),
            access_key: access_key.to_owned(),
            secret_key: secret_key.to_owned(),
            seed: 0,
            odds: Odds::default(),
            index_lag: Duration::from_secs(1),
            message_delay: Duration::from_secs(5),
            copy_silence: Duration::from_secs(8),
            sizes: SizeLimits::default(),
            api_timeout: Duration::from_secs(29),
        }
    }
}
