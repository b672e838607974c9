//! Reads the clock. No other module does.

use sluice_domain::time::Timestamp;

#[expect(clippy::disallowed_methods, reason = "the clock is read here and passed on")]
pub fn now() -> Timestamp {
    std::time::SystemTime::now().into()
}
