//! Draws progress bars: one for all files, and one for each large file.

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::meter::Meter;
use crate::output::printable;

/// Smaller files finish before anybody could read their bar.
const OWN_BAR_MIN_BYTES: u64 = 8 << 20;

/// The progress of all files of a command.
#[derive(Debug, Clone)]
pub struct Progress {
    bars: MultiProgress,
    total: ProgressBar,
}

impl Progress {
    /// Adds the bar for all files, with this label.
    pub fn new(bars: &MultiProgress, label: &'static str) -> Self {
        let total = bars.add(ProgressBar::new(0).with_style(transfer_style()).with_message(label));
        Self { bars: bars.clone(), total }
    }

    /// Adds a file to the total, and a bar if it is large.
    pub fn file(&self, name: &str, size_bytes: u64) -> FileProgress {
        self.total.inc_length(size_bytes);
        let bar = ProgressBar::new(size_bytes).with_message(printable(name));
        let bar = if size_bytes < OWN_BAR_MIN_BYTES {
            bar.set_draw_target(indicatif::ProgressDrawTarget::hidden());
            bar
        } else {
            self.bars.insert_before(&self.total, bar)
        };
        FileProgress { bar, total: self.total.clone(), counted_bytes: AtomicU64::new(0) }
    }

    /// Removes the bar for all files.
    pub fn finish(&self) {
        self.total.finish_and_clear();
    }
}

/// The progress of one file. Dropping it removes its bar.
#[derive(Debug)]
pub struct FileProgress {
    bar: ProgressBar,
    total: ProgressBar,
    /// How much of `total` is from this file.
    counted_bytes: AtomicU64,
}

impl FileProgress {
    pub fn begin_hashing(&self) {
        self.bar.set_style(style("{msg:30!} hashing   {bar:24} {binary_bytes_per_sec:>12}"));
    }

    pub fn add_hashed(&self, bytes: u64) {
        self.bar.inc(bytes);
    }

    /// Restarts the bar for the transfer; `done_bytes` of it need not be transferred.
    pub fn begin_transfer(&self, done_bytes: u64) {
        self.bar.set_style(transfer_style());
        self.bar.reset();
        self.bar.set_position(done_bytes);
        self.total.dec(self.counted_bytes.swap(done_bytes, Relaxed));
        self.total.inc(done_bytes);
    }

    /// Shows that all bytes were sent and the server is verifying them.
    pub fn begin_verification(&self) {
        // No spinner: it would need a thread for each of up to a thousand files.
        self.bar.set_style(style("{msg:30!} waiting for verification"));
        self.bar.tick();
    }

    pub fn add(&self, bytes: u64) {
        self.bar.inc(bytes);
        self.total.inc(bytes);
        self.counted_bytes.fetch_add(bytes, Relaxed);
    }

    fn retract(&self, bytes: u64) {
        self.bar.dec(bytes);
        self.total.dec(bytes);
        self.counted_bytes.fetch_sub(bytes, Relaxed);
    }
}

impl Drop for FileProgress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// One attempt to transfer bytes. It can be taken back from the progress, but not from the meter.
#[derive(Debug)]
pub struct Attempt {
    progress: Arc<FileProgress>,
    meter: Arc<Meter>,
    moved_bytes: AtomicU64,
}

impl Attempt {
    pub fn new(progress: &Arc<FileProgress>, meter: &Arc<Meter>) -> Arc<Self> {
        Arc::new(Self { progress: progress.clone(), meter: meter.clone(), moved_bytes: 0.into() })
    }

    pub fn add(&self, bytes: u64) {
        self.moved_bytes.fetch_add(bytes, Relaxed);
        self.progress.add(bytes);
        self.meter.add_bucket_bytes(bytes);
    }

    pub fn moved_bytes(&self) -> u64 {
        self.moved_bytes.load(Relaxed)
    }

    /// Takes a failed attempt back from the progress.
    pub fn retract(&self) {
        self.progress.retract(self.moved_bytes());
    }
}

fn transfer_style() -> ProgressStyle {
    style("{msg:30!} {bar:24} {binary_bytes:>11}/{binary_total_bytes:11} {binary_bytes_per_sec:>12} {eta:>4}")
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).expect("the templates above are well formed")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_attempt_counts_as_cost_but_not_as_progress() {
        let progress =
            Progress::new(&MultiProgress::with_draw_target(indicatif::ProgressDrawTarget::hidden()), "");
        let file = Arc::new(progress.file("a", 100));
        let meter = Arc::new(Meter::default());
        file.begin_hashing();
        file.add_hashed(100);
        file.begin_transfer(10);
        let attempt = Attempt::new(&file, &meter);
        attempt.add(30);
        attempt.retract();
        Attempt::new(&file, &meter).add(90);
        file.begin_verification();
        assert_eq!((file.bar.position(), progress.total.position(), meter.bucket_bytes()), (100, 100, 120));
    }
}
