//! Repeating what may succeed later.

use std::time::Duration;
use tokio::time::sleep;

const FIRST_DELAY: Duration = Duration::from_millis(200);
const LONGEST_DELAY: Duration = Duration::from_secs(20);

/// How often a call is made at most; the SDK makes each up to three times by itself.
const ATTEMPTS_MAX: u32 = 6;

/// Makes a call again, while it fails in a way that may pass, after delays that double: about seven seconds in all.
pub async fn retrying<T, E>(
    passes: impl Fn(&E) -> bool,
    mut call: impl AsyncFnMut() -> Result<T, E>,
) -> Result<T, E> {
    let mut attempt = 0;
    loop {
        match call().await {
            Err(error) if passes(&error) && attempt + 1 < ATTEMPTS_MAX => {
                sleep(delay(attempt)).await;
                attempt += 1;
            }
            result => return result,
        }
    }
}

/// How long to wait after failure number `attempt`, from 0: drawn from the upper half of an interval that doubles, so that
/// those who failed together do not come back together.
fn delay(attempt: u32) -> Duration {
    let interval = FIRST_DELAY.saturating_mul(1 << attempt.min(16)).min(LONGEST_DELAY);
    // Without a source of randomness there is no jitter, and nothing worse.
    let fraction = f64::from(getrandom::u32().unwrap_or_default()) / f64::from(u32::MAX);
    interval / 2 + (interval / 2).mul_f64(fraction)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_grow_and_stay_within_bounds() {
        for attempt in 0..40 {
            let interval = FIRST_DELAY.saturating_mul(1 << attempt.min(16)).min(LONGEST_DELAY);
            assert!((interval / 2..=interval).contains(&delay(attempt)), "{attempt}");
        }
    }

    #[tokio::test]
    async fn what_does_not_pass_is_not_repeated() {
        let mut calls = 0;
        let failed: Result<(), u32> = retrying(
            |error| *error < 2,
            async || {
                calls += 1;
                Err(calls)
            },
        )
        .await;
        assert_eq!((failed, calls), (Err(2), 2));
    }
}
