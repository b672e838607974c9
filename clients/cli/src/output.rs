//! Prints results to standard output, and everything else to standard error.

use indicatif::{MultiProgress, ProgressDrawTarget};
use serde::Serialize;
use sluice_domain::time::Timestamp;
use std::collections::BTreeSet;
use std::io::{self, IsTerminal as _, Write as _};
use std::sync::{Arc, Mutex, PoisonError};

use crate::error::{Error, Kind, Result};
pub use sluice_domain::printable::printable;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Tables and sentences for people.
    Human,
    /// One JSON document per line.
    Json,
    /// No results, only warnings and errors.
    Quiet,
}

/// Standard output, standard error, and the progress bars on the latter.
#[derive(Debug, Clone)]
pub struct Output {
    format: Format,
    bars: MultiProgress,
    /// The advice that was given. Once is enough.
    given_advice: Arc<Mutex<BTreeSet<&'static str>>>,
}

impl Output {
    /// Draws progress bars only for people at a terminal.
    pub fn new(format: Format) -> Self {
        let visible = format == Format::Human && io::stderr().is_terminal();
        let target = if visible { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        Self { format, bars: MultiProgress::with_draw_target(target), given_advice: Arc::default() }
    }

    pub fn format(&self) -> Format {
        self.format
    }

    pub fn bars(&self) -> &MultiProgress {
        &self.bars
    }

    /// Prints a result: `value` as JSON, or `text` for people.
    pub fn result<T: Serialize>(&self, value: &T, text: impl FnOnce() -> String) -> Result<()> {
        let line = match self.format {
            Format::Human => text(),
            Format::Json => {
                serde_json::to_string(value).map_err(|error| Error::Output(io::Error::other(error)))?
            }
            Format::Quiet => return Ok(()),
        };
        self.bars.suspend(|| writeln!(io::stdout().lock(), "{line}")).map_err(Error::Output)
    }

    /// Prints a note for people, which is not a result.
    pub fn note(&self, text: &str) {
        if self.format == Format::Human {
            self.error_line(text);
        }
    }

    /// Reports a problem that does not stop the command.
    pub fn warning(&self, text: &str) {
        if self.format != Format::Quiet {
            self.error_line(&format!("warning: {text}"));
        }
    }

    /// Reports a failure, in every format. That the account is full is reported once: the results say which
    /// files did not fit.
    pub fn failure(&self, subject: &str, error: &Error) {
        let advice = error.advice();
        let mut given_advice = self.given_advice.lock().unwrap_or_else(PoisonError::into_inner);
        let is_new = advice.is_some_and(|advice| given_advice.insert(advice));
        if error.kind() == Kind::Quota && !is_new && self.format != Format::Quiet {
            return;
        }
        self.error_line(&format!("error: {subject}{error}"));
        if let Some(advice) = advice.filter(|_| is_new) {
            self.error_line(&format!("  hint: {advice}"));
        }
    }

    /// Prints a failure as JSON, if no result line contains it.
    pub fn failure_document(&self, error: &Error) {
        #[derive(Serialize)]
        struct Document {
            error: Failure,
        }
        if self.format == Format::Json {
            // If standard output is closed, standard error still has the message.
            let _ = self.result(&Document { error: Failure::from(error) }, String::new);
        }
    }

    fn error_line(&self, text: &str) {
        // If standard error is closed, there is nowhere to report that.
        self.bars.suspend(|| drop(writeln!(io::stderr().lock(), "{}", printable(text))));
    }
}

/// The `error` field in `--json` output.
#[derive(Debug, Clone, Serialize)]
pub struct Failure {
    /// Stable, so that programs can rely on it.
    pub code: &'static str,
    /// A message for people.
    pub detail: String,
}

impl From<&Error> for Failure {
    fn from(error: &Error) -> Self {
        Self { code: error.code(), detail: error.to_string() }
    }
}

/// A time in UTC, to the minute.
pub fn minute(time: Timestamp) -> String {
    time.to_string().chars().take(16).collect::<String>().replace('T', " ")
}

/// A size with a binary unit, such as `1.50 MiB`.
pub fn size(bytes: u64) -> String {
    indicatif::BinaryBytes(bytes).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_for_people() {
        assert_eq!(minute(Timestamp::from_unix_milliseconds(1_795_000_000_123)), "2026-11-18 11:06");
        assert_eq!(size(3 << 19), "1.50 MiB");
    }
}
