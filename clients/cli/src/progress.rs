//! Draws progress bars: one for all files, and one for each large file.

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use crate::meter::Meter;
use crate::output::printable;
use crate::speed::{Speed, Traffic};

/// Smaller files finish before anybody could read their bar.
const OWN_BAR_MIN_BYTES: u64 = 8 << 20;

/// How often the bar of all files is drawn when nothing moves, so that it shows a stall.
const REDRAW: Duration = Duration::from_millis(500);

/// The progress of all files of a command.
#[derive(Debug, Clone)]
pub struct Progress {
    bars: MultiProgress,
    all: Arc<All>,
}

/// What the bar for all files shows.
#[derive(Debug)]
struct All {
    bar: ProgressBar,
    counts: Arc<Counts>,
    traffic: Arc<Traffic>,
}

#[derive(Debug, Default)]
struct Counts {
    expected: AtomicU64,
    finished: AtomicU64,
}

impl Progress {
    pub fn new(bars: &MultiProgress) -> Self {
        let counts = Arc::<Counts>::default();
        let traffic = Arc::<Traffic>::default();
        let shown = counts.clone();
        let files = move |_: &ProgressState, text: &mut dyn fmt::Write| {
            // The bar goes on without them.
            let _ = write!(text, "{} of {} files", shown.finished(), shown.expected.load(Relaxed));
        };
        let style = style("{files} {wide_bar} {binary_bytes}/{binary_total_bytes}{speed}")
            .with_key("files", files)
            .with_key("speed", Speed::new(traffic.clone()));
        let bar = bars.add(ProgressBar::new(0).with_style(style));
        if !bars.is_hidden() {
            bar.enable_steady_tick(REDRAW);
        }
        Self { bars: bars.clone(), all: Arc::new(All { bar, counts, traffic }) }
    }

    /// Whether nobody sees it.
    pub fn is_hidden(&self) -> bool {
        self.bars.is_hidden()
    }

    /// Adds a file that [`Self::file`] will begin to what all files are.
    pub fn expect(&self, size_bytes: u64) {
        self.all.counts.expected.fetch_add(1, Relaxed);
        self.all.bar.inc_length(size_bytes);
    }

    /// Begins a file, with a bar if it is large.
    pub fn file(&self, name: &str, size_bytes: u64) -> FileProgress {
        let bar = ProgressBar::new(size_bytes).with_message(printable(name));
        let bar = if size_bytes < OWN_BAR_MIN_BYTES {
            bar.set_draw_target(ProgressDrawTarget::hidden());
            bar
        } else {
            self.bars.insert_before(&self.all.bar, bar)
        };
        FileProgress {
            bar,
            all: self.all.clone(),
            size_bytes,
            counted_bytes: AtomicU64::new(0),
            is_in_transfer: AtomicBool::new(false),
        }
    }

    /// Removes the bar for all files.
    pub fn finish(&self) {
        self.all.bar.finish_and_clear();
    }
}

impl Counts {
    fn finished(&self) -> u64 {
        self.finished.load(Relaxed)
    }
}

/// The progress of one file. Dropping it removes its bar and counts the file as finished.
#[derive(Debug)]
pub struct FileProgress {
    bar: ProgressBar,
    all: Arc<All>,
    size_bytes: u64,
    /// How much of the bar for all files is from this file.
    counted_bytes: AtomicU64,
    is_in_transfer: AtomicBool,
}

impl FileProgress {
    pub fn begin_hashing(&self) {
        self.bar.set_style(style("{wide_msg} {bar:10} hashing"));
    }

    pub fn add_hashed(&self, bytes: u64) {
        self.bar.inc(bytes);
    }

    /// Restarts the bar for the transfer; `done_bytes` of it need not be transferred.
    pub fn begin_transfer(&self, done_bytes: u64) {
        self.bar.set_style(style("{wide_msg} {bar:10} {binary_bytes}/{binary_total_bytes}"));
        self.bar.set_position(done_bytes);
        self.count(done_bytes);
        self.set_in_transfer(true);
    }

    /// Shows that all bytes were sent and the server is verifying them.
    pub fn begin_verification(&self) {
        self.set_in_transfer(false);
        // No spinner: it would need a thread for each of up to a thousand files.
        self.bar.set_style(style("{wide_msg} waiting for verification"));
        self.bar.tick();
    }

    /// Adds bytes that went over the network.
    pub fn add(&self, bytes: u64) {
        self.all.traffic.moved_bytes.fetch_add(bytes, Relaxed);
        self.add_reused(bytes);
    }

    /// Adds bytes that were already here. They do not count for the speed.
    pub fn add_reused(&self, bytes: u64) {
        self.bar.inc(bytes);
        self.all.bar.inc(bytes);
        self.counted_bytes.fetch_add(bytes, Relaxed);
    }

    fn retract(&self, bytes: u64) {
        self.bar.dec(bytes);
        self.all.bar.dec(bytes);
        self.counted_bytes.fetch_sub(bytes, Relaxed);
    }

    /// Lets the bar for all files count this many bytes of the file.
    fn count(&self, bytes: u64) {
        self.all.bar.dec(self.counted_bytes.swap(bytes, Relaxed));
        self.all.bar.inc(bytes);
    }

    fn set_in_transfer(&self, is_in_transfer: bool) {
        if self.is_in_transfer.swap(is_in_transfer, Relaxed) == is_in_transfer {
            return;
        }
        let transfers = &self.all.traffic.transfers;
        if is_in_transfer {
            transfers.fetch_add(1, Relaxed)
        } else {
            transfers.fetch_sub(1, Relaxed)
        };
    }
}

impl Drop for FileProgress {
    fn drop(&mut self) {
        self.set_in_transfer(false);
        self.count(self.size_bytes);
        self.all.counts.finished.fetch_add(1, Relaxed);
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

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).expect("the templates above are well formed")
}

#[cfg(test)]
mod tests {
    use super::*;
    use indicatif::TermLike;
    use std::io;
    use std::sync::Mutex;

    /// A terminal that keeps the lines that were written to it.
    #[derive(Debug, Clone, Default)]
    struct Terminal(Arc<Mutex<Vec<String>>>);

    impl Terminal {
        const WIDTH: u16 = 60;

        fn lines(&self) -> Vec<String> {
            self.0.lock().expect("a lock").clone()
        }
    }

    impl TermLike for Terminal {
        fn width(&self) -> u16 {
            Self::WIDTH
        }

        fn move_cursor_up(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn move_cursor_down(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn move_cursor_right(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn move_cursor_left(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn write_line(&self, text: &str) -> io::Result<()> {
            self.write_str(text)
        }

        fn write_str(&self, text: &str) -> io::Result<()> {
            self.0.lock().expect("a lock").push(text.to_owned());
            Ok(())
        }

        fn clear_line(&self) -> io::Result<()> {
            Ok(())
        }

        fn flush(&self) -> io::Result<()> {
            Ok(())
        }
    }

    fn hidden() -> Progress {
        Progress::new(&MultiProgress::with_draw_target(ProgressDrawTarget::hidden()))
    }

    #[test]
    fn a_failed_attempt_counts_as_cost_but_not_as_progress() {
        let progress = hidden();
        progress.expect(100);
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
        assert_eq!((file.bar.position(), progress.all.bar.position()), (100, 100));
        assert_eq!(meter.bucket_bytes(), 120);
    }

    #[test]
    fn all_files_count_before_they_begin_and_only_moved_bytes_make_speed() {
        let progress = hidden();
        for size_bytes in [100, 200, 300] {
            progress.expect(size_bytes);
        }
        let All { bar, counts, traffic } = &*progress.all;
        assert_eq!((counts.expected.load(Relaxed), bar.length()), (3, Some(600)));
        let moved_bytes = || traffic.moved_bytes.load(Relaxed);
        let transfers = || traffic.transfers.load(Relaxed);

        let resumed = progress.file("resumed", 100);
        resumed.begin_hashing();
        resumed.add_hashed(100);
        assert_eq!((bar.position(), moved_bytes(), transfers()), (0, 0, 0));
        resumed.begin_transfer(70);
        resumed.add_reused(10);
        resumed.add(20);
        assert_eq!((bar.position(), moved_bytes(), transfers()), (100, 20, 1));
        drop(resumed);
        drop(progress.file("known to the server", 200));
        assert_eq!((bar.position(), moved_bytes(), transfers(), counts.finished()), (300, 20, 0, 2));
    }

    #[test]
    fn each_bar_fits_on_a_line_of_sixty_columns() {
        let terminal = Terminal::default();
        let target = ProgressDrawTarget::term_like_with_hz(Box::new(terminal.clone()), 255);
        let progress = Progress::new(&MultiProgress::with_draw_target(target));
        for _ in 0..12_000 {
            progress.expect(1_234_567_890);
        }
        let file = progress.file(&"a long name with \n and \u{202e} ".repeat(9), 1_234_567_890);
        file.begin_hashing();
        until_drawn(&terminal, "hashing", || file.add_hashed(1000));
        file.begin_transfer(123_456_789);
        file.add(1000);
        until_drawn(&terminal, "117.74 MiB/1.15 GiB", || file.add(0));
        // The speed is measured over a while.
        until_drawn(&terminal, "/s ", || {
            file.add(123_456);
            file.retract(123_456);
        });
        file.begin_verification();
        until_drawn(&terminal, "waiting for verification", || file.add(0));
        drop(file);
        let lines = terminal.lines();
        let width = usize::from(Terminal::WIDTH);
        for line in &lines {
            assert!(line.chars().count() <= width, "{line:?}");
            assert!(!line.contains(['\n', '\u{202e}']), "{line:?}");
        }
        assert!(lines.iter().any(|line| line.contains("0 of 12000 files")), "{lines:?}");
    }

    /// The bars are drawn a few hundred times a second, and not at each change.
    fn until_drawn(terminal: &Terminal, part: &str, change: impl Fn()) {
        for _ in 0..6000 {
            if terminal.lines().iter().any(|line| line.contains(part)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
            change();
        }
        panic!("{part}: {:?}", terminal.lines());
    }
}
