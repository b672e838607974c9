//! Limits what workers do for one account, so that it neither works for nothing nor keeps others waiting.

use std::time::Duration;

use crate::time::Timestamp;

const DAY: Duration = Duration::from_hours(24);

const PAUSE_MIN: Duration = Duration::from_secs(4);

/// Twice as long is within the 15 minutes for which SQS delays a message.
const PAUSE_MAX: Duration = Duration::from_mins(7);

/// The largest [`WorkLimits::workers`]: each is an attribute of the account's row.
pub const WORKERS_MAX: usize = 16;

/// Every message about an upload counts as at least so many bytes of work: it costs several requests.
pub const MESSAGE_WORK_MIN_BYTES: u64 = 64 << 10;

/// What workers do for one account at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WorkLimits {
    /// How many workers verify its uploads at once, 1 to [`WORKERS_MAX`].
    pub workers: usize,
    /// How many bytes they read and hash on a day of UTC. The last upload of a day may exceed it.
    pub daily_bytes: u64,
}

/// The day of UTC, counted from 1970.
pub fn day(now: Timestamp) -> u64 {
    now.unix_seconds() / DAY.as_secs()
}

/// When the next day begins, and with it the next allowance.
pub fn next_day(now: Timestamp) -> Timestamp {
    Timestamp::from_unix_milliseconds(0).after(DAY.saturating_mul(day(now) as u32 + 1))
}

/// How long a message waits until it asks for a free worker again: 4 seconds to 14 minutes.
///
/// It grows with the age of the upload, so that many that wait cost little. The random byte lengthens it, so
/// that those which were put off together do not come back together.
pub fn pause_for_worker(age: Duration, random: u8) -> Duration {
    let pause = (age / 4).clamp(PAUSE_MIN, PAUSE_MAX);
    pause + pause * u32::from(random) / 256
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_ends_at_midnight_of_utc() {
        let at = Timestamp::from_unix_milliseconds;
        let midnight = at(86_400_000 * 20_000);
        for now in [midnight, at(midnight.unix_milliseconds() + 86_399_999)] {
            assert_eq!((day(now), next_day(now)), (20_000, midnight.after(DAY)));
        }
        assert_eq!(day(midnight.after(DAY)), 20_001);
    }

    #[test]
    fn pauses_differ_and_grow_with_the_age() {
        let seconds = |age, random| pause_for_worker(Duration::from_secs(age), random).as_secs();
        for (age, shortest, longest) in [(0, 4, 7), (240, 60, 119), (86_400, 420, 838)] {
            assert_eq!((seconds(age, 0), seconds(age, u8::MAX)), (shortest, longest));
        }
    }
}
