//! The settings of a strict AWS.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

/// The settings of a strict AWS.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The address to listen on. Port 0 means any free port.
    pub listen: SocketAddr,
    /// The emulator behind the front, such as `http://127.0.0.1:4566`, without a path.
    pub backing: String,
    /// What all decisions follow from.
    pub seed: u64,
    /// How often each fault strikes.
    pub odds: Odds,
    /// The longest time after which indexes and eventually consistent reads show a write.
    pub index_lag: Duration,
    /// The longest time by which a message or its duplicate is late.
    pub message_delay: Duration,
}

/// How often each fault strikes: once in so many requests, 0 for never.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Odds {
    /// A request to a table is throttled.
    pub throttled: u64,
    /// A transaction meets another one, although the front sees none.
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
        }
    }
}

impl Settings {
    /// The settings of a front on any free port.
    pub fn in_front_of(backing: &str) -> Self {
        Self {
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            backing: backing.to_owned(),
            seed: 0,
            odds: Odds::default(),
            index_lag: Duration::from_secs(1),
            message_delay: Duration::from_secs(5),
        }
    }
}
