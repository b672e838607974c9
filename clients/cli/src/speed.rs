//! Measures the speed of all transfers of a command, for its display.

use indicatif::style::ProgressTracker;
use indicatif::{BinaryBytes, HumanDuration, ProgressState};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// The speed is that of about this last time.
const WINDOW: Duration = Duration::from_secs(15);

/// Shorter times say nothing about the speed.
const SAMPLE_MIN: Duration = Duration::from_millis(250);

/// What all transfers have moved so far.
#[derive(Debug, Default)]
pub struct Traffic {
    /// Bytes that went over the network, including those of failed attempts.
    pub moved_bytes: AtomicU64,
    /// How many files are being transferred now. While there are none, the clock stands still.
    pub transfers: AtomicUsize,
}

/// An average over the time that transfers took, in which later times weigh more.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Average {
    bytes_per_second: f64,
    /// How much of the full weight the samples have, up to 1.
    weight: f64,
}

impl Average {
    #[expect(clippy::cast_precision_loss, reason = "a display needs three digits")]
    fn add(&mut self, bytes: u64, time: Duration) {
        let seconds = time.as_secs_f64();
        let kept = (-seconds / WINDOW.as_secs_f64()).exp();
        self.bytes_per_second = self.bytes_per_second * kept + bytes as f64 / seconds * (1.0 - kept);
        self.weight = self.weight * kept + 1.0 - kept;
    }

    /// None before the first sample.
    fn bytes_per_second(self) -> Option<f64> {
        (self.weight > 0.0).then(|| self.bytes_per_second / self.weight)
    }
}

/// Shows the speed and the time that is left.
#[derive(Clone)]
pub struct Speed {
    traffic: Arc<Traffic>,
    average: Average,
    sampled_at: Instant,
    sampled_bytes: u64,
}

impl Speed {
    pub fn new(traffic: Arc<Traffic>) -> Self {
        Self { traffic, average: Average::default(), sampled_at: Instant::now(), sampled_bytes: 0 }
    }
}

impl ProgressTracker for Speed {
    fn clone_box(&self) -> Box<dyn ProgressTracker> {
        Box::new(self.clone())
    }

    fn tick(&mut self, _: &ProgressState, now: Instant) {
        let time = now.saturating_duration_since(self.sampled_at);
        if time < SAMPLE_MIN {
            return;
        }
        let moved = self.traffic.moved_bytes.load(Relaxed);
        let bytes = moved - self.sampled_bytes;
        if bytes > 0 || self.traffic.transfers.load(Relaxed) > 0 {
            self.average.add(bytes, time);
        }
        (self.sampled_at, self.sampled_bytes) = (now, moved);
    }

    fn reset(&mut self, _: &ProgressState, _: Instant) {}

    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a display needs three digits, and the speed is at least 1"
    )]
    fn write(&self, state: &ProgressState, text: &mut dyn fmt::Write) {
        let Some(speed) = self.average.bytes_per_second().filter(|speed| *speed >= 1.0) else { return };
        let left_bytes = state.len().unwrap_or_default().saturating_sub(state.pos());
        let left = Duration::try_from_secs_f64(left_bytes as f64 / speed).unwrap_or(Duration::MAX);
        // The bar goes on without them.
        let _ = write!(text, " {}/s {:#}", BinaryBytes(speed as u64), HumanDuration(left));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_speed_is_that_of_the_last_seconds() {
        let mut average = Average::default();
        assert_eq!(average.bytes_per_second(), None);
        average.add(500, Duration::from_millis(500));
        assert!((average.bytes_per_second().expect("one") - 1000.0).abs() < 1e-6, "from the first sample on");
        for _ in 0..200 {
            average.add(5000, Duration::from_millis(500));
        }
        assert!((average.bytes_per_second().expect("many") - 10_000.0).abs() < 100.0);
    }
}
