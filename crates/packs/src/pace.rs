//! Limits the bandwidth of moves.

use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep_until};

/// Spreads bytes over time. All tasks that share a pace share its bandwidth.
#[derive(Debug, Default)]
pub struct Pace {
    bytes_per_second: Option<u64>,
    free_at: Mutex<Option<Instant>>,
}

impl Pace {
    /// Allows this many bytes a second; none is no limit.
    pub fn new(bytes_per_second: Option<u64>) -> Self {
        Self { bytes_per_second: bytes_per_second.filter(|limit| *limit > 0), free_at: Mutex::default() }
    }

    /// Waits until `bytes` more may be read.
    pub async fn wait(&self, bytes: u64) {
        let Some(limit) = self.bytes_per_second else { return };
        let begin = {
            let mut free_at = self.free_at.lock().await;
            let begin = free_at.unwrap_or_else(Instant::now).max(Instant::now());
            *free_at = Some(
                begin + Duration::from_nanos((u128::from(bytes) * 1_000_000_000 / u128::from(limit)) as u64),
            );
            begin
        };
        sleep_until(begin).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn bytes_take_the_time_they_are_allowed() {
        let start = Instant::now();
        let pace = Pace::new(Some(1000));
        for _ in 0..4 {
            pace.wait(500).await;
        }
        assert_eq!(start.elapsed().as_millis(), 1500, "the last has begun");
        Pace::default().wait(1 << 40).await;
        assert_eq!(start.elapsed().as_millis(), 1500);
    }
}
