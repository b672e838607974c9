//! Computes how long to wait before a retry, and when to give up.

use std::time::Duration;

const FIRST_DELAY: Duration = Duration::from_millis(200);
const LONGEST_DELAY: Duration = Duration::from_secs(20);
/// The longest `Retry-After` that is honoured.
const LONGEST_ASKED_DELAY: Duration = Duration::from_mins(2);

/// Exponential back-off with jitter. Each delay is drawn from the upper half of an interval that doubles, so
/// that clients that failed at the same time do not retry at the same time.
#[derive(Debug, Clone)]
pub struct Backoff {
    failures: u32,
    failures_max: u32,
}

impl Backoff {
    /// About two seconds in all, for commands whose user waits.
    pub fn brief() -> Self {
        Self { failures: 0, failures_max: 4 }
    }

    /// A minute or more in all, for transfers.
    pub fn long() -> Self {
        Self { failures: 0, failures_max: 10 }
    }

    /// Counts one more failure and returns how long to wait: at least `asked`, if the server asked for that.
    /// Returns `None` when it is time to give up.
    pub fn next_delay(&mut self, asked: Option<Duration>) -> Option<Duration> {
        if self.failures == self.failures_max {
            return None;
        }
        let interval = FIRST_DELAY.saturating_mul(1 << self.failures.min(16)).min(LONGEST_DELAY);
        self.failures += 1;
        let drawn = interval / 2 + (interval / 2).mul_f64(random_fraction());
        Some(asked.map_or(drawn, |asked| drawn.max(asked.min(LONGEST_ASKED_DELAY))))
    }

    /// Forgets earlier failures, after progress was made.
    pub fn reset(&mut self) {
        self.failures = 0;
    }
}

/// From 0 to 1.
fn random_fraction() -> f64 {
    // Without randomness there is merely no jitter.
    let random = getrandom::u32().unwrap_or_default();
    f64::from(random) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_grow_within_bounds_and_end() {
        let mut backoff = Backoff::long();
        let delays: Vec<_> = std::iter::from_fn(|| backoff.next_delay(None)).collect();
        assert_eq!(delays.len(), 10);
        for (failures, delay) in delays.iter().enumerate() {
            let interval = (FIRST_DELAY * (1 << failures)).min(LONGEST_DELAY);
            assert!((interval / 2..=interval).contains(delay), "{failures}: {delay:?}");
        }
        backoff.reset();
        assert!(backoff.next_delay(None).is_some());
    }

    #[test]
    fn a_longer_delay_that_the_server_asks_for_is_bounded() {
        let mut backoff = Backoff::brief();
        assert_eq!(backoff.next_delay(Some(Duration::from_secs(7))), Some(Duration::from_secs(7)));
        assert_eq!(backoff.next_delay(Some(Duration::from_hours(24))), Some(LONGEST_ASKED_DELAY));
    }
}
