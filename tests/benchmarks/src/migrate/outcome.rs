//! Collects the results of a contender over all rounds.

use std::time::Duration;

use super::workload::Workload;
use crate::samples::{Samples, ratio};

/// The result of one round.
#[derive(Debug, Clone, Copy)]
pub struct Outcome {
    /// The time from before the first process starts to the end of the last.
    pub elapsed: Duration,
    /// The processor time of all processes.
    pub processor_seconds: f64,
    /// The peak memory of the largest process.
    pub peak_resident_kib: u64,
}

/// The results of all rounds.
#[derive(Debug)]
pub struct Outcomes {
    elapsed: Samples,
    processor: Samples,
    peak_resident_kib: u64,
}

impl Outcomes {
    pub const fn new() -> Self {
        Self { elapsed: Samples::new(), processor: Samples::new(), peak_resident_kib: 0 }
    }

    pub fn push(&mut self, outcome: Outcome) {
        self.elapsed.push(outcome.elapsed);
        self.processor.push(Duration::from_secs_f64(outcome.processor_seconds));
        self.peak_resident_kib = self.peak_resident_kib.max(outcome.peak_resident_kib);
    }

    /// The headings of [`Outcomes::cells`].
    pub const COLUMNS: [&str; 6] =
        ["seconds", "objects/s", "MB/s", "processor seconds", "peak memory", "time, rclone = 1"];

    /// The cells of a row. The time is relative to `beside`.
    #[expect(clippy::cast_precision_loss, reason = "some digits are printed")]
    pub fn cells(&self, workload: Workload, beside: &Self) -> [String; 6] {
        let seconds = self.elapsed.median().as_secs_f64();
        let objects = f64::from(workload.objects) / seconds;
        [
            self.elapsed.seconds(),
            if objects < 10.0 { format!("{objects:.2}") } else { format!("{objects:.0}") },
            format!("{:.1}", workload.size_bytes() as f64 / seconds / 1e6),
            format!("{:.1}", self.processor.median().as_secs_f64()),
            format!("{} MiB", self.peak_resident_kib.div_ceil(1024)),
            format!("{:.2}", ratio(&self.elapsed, &beside.elapsed)),
        ]
    }
}
