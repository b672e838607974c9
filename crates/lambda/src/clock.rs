//! The one place that reads the clock.

use sluice_domain::time::Timestamp;

/// Now.
#[expect(clippy::disallowed_methods, reason = "the one place")]
pub fn now() -> Timestamp {
    Timestamp::from(std::time::SystemTime::now())
}
