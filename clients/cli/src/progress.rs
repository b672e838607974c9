//! Progress bars: one for all files, one for each large file.

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::meter::Meter;
use crate::output::printable;

/// A smaller file is done before its bar could be read.
const OWN_BAR_MIN_BYTES: u64 = 8 << 20;

/// The progress of a command over all its files.
#[derive(Debug, Clone)]
pub struct Progress {
    bars: MultiProgress,
    total: ProgressBar,
}

impl Progress {
    /// Draws on `bars`; `verb` says what is done to the files.
    pub fn new(bars: &MultiProgress, verb: &'static str) -> Self {
        let total = bars.add(ProgressBar::new(0).with_style(transfer_style()).with_message(verb));
        Self { bars: bars.clone(), total }
    }

    /// Begins a file of `size_bytes`.
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

    /// Takes the bar of all files away.
    pub fn finish(&self) {
        self.total.finish_and_clear();
    }
}

/// The progress of one file. Its bar goes when this is dropped.
#[derive(Debug)]
pub struct FileProgress {
    bar: ProgressBar,
    total: ProgressBar,
    /// What `total` holds of this file.
    counted_bytes: AtomicU64,
}

impl FileProgress {
    /// The file is being hashed.
    pub fn begin_hashing(&self) {
        self.bar.set_style(style("{msg:30!} hashing   {bar:24} {binary_bytes_per_sec:>12}"));
    }

    /// `bytes` more were hashed.
    pub fn add_hashed(&self, bytes: u64) {
        self.bar.inc(bytes);
    }

    /// The file's bytes begin to move, but for `done_bytes` that did so before.
    pub fn begin_transfer(&self, done_bytes: u64) {
        self.bar.set_style(transfer_style());
        self.bar.reset();
        self.bar.set_position(done_bytes);
        self.total.dec(self.counted_bytes.swap(done_bytes, Relaxed));
        self.total.inc(done_bytes);
    }

    /// The bytes are all there; the server hashes them.
    pub fn begin_verification(&self) {
        // Nothing that moves by itself: that would be a thread for each of a thousand files.
        self.bar.set_style(style("{msg:30!} waiting for verification"));
        self.bar.tick();
    }

    /// `bytes` more are there.
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

/// One attempt to move bytes.
#[derive(Debug)]
pub struct Attempt {
    progress: Arc<FileProgress>,
    meter: Arc<Meter>,
    moved_bytes: AtomicU64,
}

impl Attempt {
    /// An attempt that has moved nothing yet.
    pub fn new(progress: &Arc<FileProgress>, meter: &Arc<Meter>) -> Arc<Self> {
        Arc::new(Self { progress: progress.clone(), meter: meter.clone(), moved_bytes: 0.into() })
    }

    /// `bytes` more were moved.
    pub fn add(&self, bytes: u64) {
        self.moved_bytes.fetch_add(bytes, Relaxed);
        self.progress.add(bytes);
        self.meter.add_bucket_bytes(bytes);
    }

    /// How many bytes the attempt has moved.
    pub fn moved_bytes(&self) -> u64 {
        self.moved_bytes.load(Relaxed)
    }

    /// The attempt came to nothing.
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
        let (file, meter) = (Arc::new(progress.file("a", 100)), Arc::new(Meter::default()));
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
