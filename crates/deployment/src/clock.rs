//! Reads the clock, which nothing else does.

use sluice_domain::time::Timestamp;

#[expect(clippy::disallowed_methods, reason = "the clock is read here only")]
pub fn now() -> Timestamp {
    Timestamp::from(std::time::SystemTime::now())
}
