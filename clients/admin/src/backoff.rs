//! Repeats calls that may succeed later.

use std::time::Duration;
use tokio::time::sleep;

const FIRST_DELAY: Duration = Duration::from_millis(200);
const LONGEST_DELAY: Duration = Duration::from_secs(20);

/// The most attempts for a call. The SDK makes up to three requests for each attempt.
const ATTEMPTS_MAX: u32 = 6;

/// Repeats a call as long as its error is transient, after delays that double. Waits about seven seconds in
/// all.
pub async fn retrying<T, E>(
    is_transient: impl Fn(&E) -> bool,
    mut call: impl AsyncFnMut() -> Result<T, E>,
) -> Result<T, E> {
    let mut attempt = 0;
    loop {
        match call().await {
            Err(error) if is_transient(&error) && attempt + 1 < ATTEMPTS_MAX => {
                sleep(delay(attempt)).await;
                attempt += 1;
            }
            result => return result,
        }
    }
}

/// How long to wait after failure number `attempt`, from 0. The delay is drawn from the upper half of an
/// interval that doubles, so that clients that failed at the same time do not retry at the same time.
fn delay(attempt: u32) -> Duration {
    let interval = FIRST_DELAY.saturating_mul(1 << attempt.min(16)).min(LONGEST_DELAY);
    // Without randomness there is merely no jitter.
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
    async fn only_transient_errors_are_repeated() {
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
