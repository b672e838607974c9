//! Waits for conditions that the pipeline brings about by itself.

use std::fmt::Debug;
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// How long anything may take before a story fails.
pub const DEADLINE: Duration = Duration::from_mins(2);

const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_millis(50);

/// Waits for `what`: calls `look` until it returns Ok. Its error is the state that it saw instead.
///
/// # Panics
///
/// Panics after two minutes, with the last state seen.
pub async fn wait_for<T, S: Debug>(what: &str, mut look: impl AsyncFnMut() -> Result<T, S>) -> T {
    let mut last_seen = None;
    let found = timeout(DEADLINE, async {
        let mut pause = FIRST_PAUSE;
        loop {
            match look().await {
                Ok(found) => return found,
                Err(seen) => last_seen = Some(seen),
            }
            sleep(pause).await;
            pause = LONGEST_PAUSE.min(pause * 2);
        }
    });
    let found = found.await.ok();
    found.unwrap_or_else(|| panic!("waited {DEADLINE:?} for {what}; last seen: {last_seen:?}"))
}
