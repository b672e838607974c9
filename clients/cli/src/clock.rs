//! The one place that reads the clock.

use sluice_domain::time::Timestamp;

/// The present moment.
#[expect(clippy::disallowed_methods, reason = "a command has its edge here")]
pub fn now() -> Timestamp {
    std::time::SystemTime::now().into()
}
