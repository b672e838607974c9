//! How long to wait before a request is repeated, and when to give up.

use std::time::Duration;

const FIRST_DELAY: Duration = Duration::from_millis(200);
const LONGEST_DELAY: Duration = Duration::from_secs(20);
/// A server may ask for more patience than our own schedule has, within reason.
const LONGEST_ASKED_DELAY: Duration = Duration::from_mins(2);

/// Exponential back-off with jitter: each delay is drawn from the upper half of an interval that doubles, so that
/// clients which failed together do not come back together.
#[derive(Debug, Clone)]
pub struct Backoff {
    failures: u32,
    failures_max: u32,
}

impl Backoff {
    /// For a command somebody waits for: about two seconds in all.
    pub fn brief() -> Self {
        Self { failures: 0, failures_max: 4 }
    }

    /// For a transfer: a minute or more of trouble is sat out.
    pub fn patient() -> Self {
        Self { failures: 0, failures_max: 10 }
    }

    /// Notes one more failure: how long to wait, at least `asked` if the server asked for that, or nothing if it is time
    /// to give up.
    pub fn next_delay(&mut self, asked: Option<Duration>) -> Option<Duration> {
        if self.failures == self.failures_max {
            return None;
        }
        let interval = FIRST_DELAY.saturating_mul(1 << self.failures.min(16)).min(LONGEST_DELAY);
        self.failures += 1;
        let drawn = interval / 2 + (interval / 2).mul_f64(random_fraction());
        Some(asked.map_or(drawn, |asked| drawn.max(asked.min(LONGEST_ASKED_DELAY))))
    }

    /// Notes progress: the failures so far no longer count.
    pub fn reset(&mut self) {
        self.failures = 0;
    }
}

/// From 0 to 1.
fn random_fraction() -> f64 {
    // Without a source of randomness there is no jitter, and nothing worse.
    let random = getrandom::u32().unwrap_or_default();
    f64::from(random) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_grow_stay_within_bounds_and_end() {
        let mut backoff = Backoff::patient();
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
    fn a_server_may_ask_for_more_but_not_for_everything() {
        let mut backoff = Backoff::brief();
        assert_eq!(backoff.next_delay(Some(Duration::from_secs(7))), Some(Duration::from_secs(7)));
        assert_eq!(backoff.next_delay(Some(Duration::from_hours(24))), Some(LONGEST_ASKED_DELAY));
    }
}
