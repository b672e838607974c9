//! How long to wait before a retry, and when to give up.

use backon::ExponentialBuilder;
use std::time::Duration;

/// The longest `Retry-After` that is honoured.
const LONGEST_ASKED_DELAY: Duration = Duration::from_mins(2);

/// Delays that double from 0.1 to 10 seconds. Jitter adds up to as much again, so that clients that failed at
/// the same time do not retry at the same time.
const DOUBLING: ExponentialBuilder = ExponentialBuilder::new()
    .with_min_delay(Duration::from_millis(100))
    .with_max_delay(Duration::from_secs(10))
    .with_jitter();

/// About two seconds in all, for commands whose user waits.
pub const BRIEF: ExponentialBuilder = DOUBLING.with_max_times(4);

/// A minute or more in all, for transfers.
pub const LONG: ExponentialBuilder = DOUBLING.with_max_times(10);

/// Makes the next delay of a policy as long as the server `asked` for, within limits. None gives up.
pub fn at_least(asked: Option<Duration>, drawn: Option<Duration>) -> Option<Duration> {
    let asked = asked.unwrap_or_default().min(LONGEST_ASKED_DELAY);
    drawn.map(|drawn| drawn.max(asked))
}

#[cfg(test)]
mod tests {
    use super::*;
    use backon::BackoffBuilder as _;

    #[test]
    fn delays_grow_within_bounds_and_end() {
        let delays: Vec<_> = LONG.build().collect();
        assert_eq!(delays.len(), 10);
        for (failures, delay) in delays.iter().enumerate() {
            let interval = Duration::from_millis(200 << failures).min(Duration::from_secs(20));
            assert!((interval / 2..=interval).contains(delay), "{failures}: {delay:?}");
        }
    }

    #[test]
    fn a_longer_delay_that_the_server_asks_for_is_bounded() {
        let drawn = BRIEF.build().next();
        assert_eq!(at_least(None, drawn), drawn);
        assert_eq!(at_least(Some(Duration::from_secs(7)), drawn), Some(Duration::from_secs(7)));
        assert_eq!(at_least(Some(Duration::from_hours(24)), drawn), Some(LONGEST_ASKED_DELAY));
        assert_eq!(at_least(Some(Duration::from_secs(7)), None), None);
    }
}
