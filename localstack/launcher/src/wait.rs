//! Waits until something that was started answers.
//!
//! `backon` counts attempts and pauses, not the time that attempts take, and its attempts may not borrow what
//! they change.

use std::path::PathBuf;
use std::time::Duration;
use tokio::time::{Instant, sleep};

use crate::Error;

/// Why something is not ready.
pub(crate) enum NotReady {
    /// It may be later. Holds its answer, or why there was none.
    Yet(String),
    /// It will never be.
    Ever(Error),
}

/// What is waited for.
pub(crate) struct Wait {
    pub what: &'static str,
    pub timeout_seconds: u64,
    /// The pause between two attempts. It is short: people wait for the start.
    pub pause: Duration,
    pub log: PathBuf,
}

impl Wait {
    /// Calls `attempt` until it succeeds.
    pub(crate) async fn until_ready<T>(
        self,
        mut attempt: impl AsyncFnMut() -> Result<T, NotReady>,
    ) -> Result<T, Error> {
        let Self { what, timeout_seconds: seconds, pause, log } = self;
        let deadline = Instant::now() + Duration::from_secs(seconds);
        loop {
            match attempt().await {
                Ok(ready) => return Ok(ready),
                Err(NotReady::Ever(error)) => return Err(error),
                Err(NotReady::Yet(last_answer)) if Instant::now() >= deadline => {
                    return Err(Error::NoAnswer { what, seconds, last_answer, log });
                }
                Err(NotReady::Yet(_)) => sleep(pause).await,
            }
        }
    }
}
