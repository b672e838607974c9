//! Prints results to a writer, and everything else to standard error.

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;
use std::fmt;
use std::io::{self, IsTerminal as _, Write};
use std::sync::{Mutex, PoisonError};

use crate::error::{Error, Result};
use sluice_domain::printable::printable;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Tables and sentences for people.
    Human,
    /// One JSON document per line.
    Json,
    /// Errors, and secrets that are not shown again.
    Quiet,
}

pub struct Output {
    format: Format,
    results: Mutex<Box<dyn Write + Send>>,
    bars: MultiProgress,
}

impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Output").field("format", &self.format).finish_non_exhaustive()
    }
}

impl Output {
    /// Prints results to `results`. Draws progress only for people at a terminal.
    pub fn new(format: Format, results: Box<dyn Write + Send>) -> Self {
        let visible = format == Format::Human && io::stderr().is_terminal();
        let target = if visible { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        Self { format, results: Mutex::new(results), bars: MultiProgress::with_draw_target(target) }
    }

    /// Prints a result: `value` as JSON, or `text` for people.
    pub fn result<T: Serialize>(&self, value: &T, text: impl FnOnce() -> String) -> Result<()> {
        let line = match self.format {
            Format::Human => printable(&text()),
            Format::Json => {
                serde_json::to_string(value).map_err(|error| Error::Output(io::Error::other(error)))?
            }
            Format::Quiet => return Ok(()),
        };
        self.write(&line)
    }

    fn write(&self, line: &str) -> Result<()> {
        let mut results = self.results.lock().unwrap_or_else(PoisonError::into_inner);
        self.bars
            .suspend(|| writeln!(results, "{line}").and_then(|()| results.flush()))
            .map_err(Error::Output)
    }

    /// Prints a result whose `secret` is not shown again: alone if nobody wants results.
    pub fn secret<T: Serialize>(&self, value: &T, secret: &str, text: impl FnOnce() -> String) -> Result<()> {
        if self.format == Format::Quiet { self.write(secret) } else { self.result(value, text) }
    }

    /// Prints a line for people only.
    pub fn line(&self, text: &str) -> Result<()> {
        if self.format == Format::Human { self.result(&(), || text.to_owned()) } else { Ok(()) }
    }

    /// Reports a problem that does not stop the command.
    pub fn warning(&self, text: &str) {
        if self.format != Format::Quiet {
            self.error_line(&format!("warning: {text}"));
        }
    }

    /// Reports a failure, in every format; as JSON also among the results.
    pub fn failure(&self, error: &Error) {
        self.error_line(&format!("error: {error}"));
        if let Some(advice) = error.advice() {
            self.error_line(&format!("  hint: {advice}"));
        }
        if self.format == Format::Json {
            let failure = serde_json::json!({ "code": error.kind().as_str(), "detail": error.to_string() });
            // If standard output is closed, standard error still has the message.
            let _ = self.result(&serde_json::json!({ "error": failure }), String::new);
        }
    }

    /// A progress bar that counts bytes.
    pub fn bar(&self, verb: &'static str) -> ProgressBar {
        const TEMPLATE: &str = "{prefix} {spinner} {binary_bytes} at {binary_bytes_per_sec}, {msg}";
        let style =
            ProgressStyle::with_template(TEMPLATE).unwrap_or_else(|_| ProgressStyle::default_spinner());
        self.bars.add(ProgressBar::no_length().with_style(style).with_prefix(verb))
    }

    fn error_line(&self, text: &str) {
        // If standard error is closed, there is nowhere to report that.
        self.bars.suspend(|| drop(writeln!(io::stderr().lock(), "{}", printable(text))));
    }
}

/// A size with a binary unit, such as `1.50 MiB`.
pub fn size(bytes: u64) -> String {
    indicatif::BinaryBytes(bytes).to_string()
}

/// Formats a table: each column but the last is as wide as its longest cell.
pub fn table<const COLUMNS: usize>(rows: &[[String; COLUMNS]]) -> Vec<String> {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let widths: Vec<usize> = (0..COLUMNS).map(width).collect();
    let line = |row: &[String; COLUMNS]| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("a lock").write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_secret_is_printed_even_if_results_are_not() {
        let kept = Kept::default();
        let output = Output::new(Format::Quiet, Box::new(kept.clone()));
        output.result(&1, || "a result".to_owned()).expect("written");
        output.secret(&1, "a secret", || "created  a secret".to_owned()).expect("written");
        assert_eq!(*kept.0.lock().expect("a lock"), b"a secret\n");
    }

    #[test]
    fn text_for_people() {
        let rows = [["a", "long", ""], ["abc", "b", "c"]].map(|row| row.map(str::to_owned));
        assert_eq!(table(&rows), ["a    long", "abc  b     c"]);
    }
}
