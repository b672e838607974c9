//! Waits between two questions about something that takes from a moment to many minutes.

use std::time::Duration;

use tokio::time::sleep;

const FIRST: Duration = Duration::from_millis(100);
/// Short enough for people who watch, and long enough for the limits of AWS on describing calls.
const LONGEST: Duration = Duration::from_secs(2);

/// An interval that grows with each wait.
pub(crate) struct PollInterval(Duration);

impl PollInterval {
    pub(crate) fn new() -> Self {
        Self(FIRST)
    }

    pub(crate) async fn wait(&mut self) {
        sleep(self.0).await;
        self.0 = LONGEST.min(self.0 * 3 / 2);
    }
}
