//! Counts successes and failures of a command that handles several files, and derives its exit code.

use crate::error::{Error, Kind, Result};
use crate::output::Output;

#[derive(Debug, Default)]
pub struct Tally {
    done: u64,
    failed: u64,
    skipped: u64,
    kind: Option<Kind>,
}

impl Tally {
    pub fn add(&mut self, outcome: &Result<()>) {
        match outcome {
            Ok(()) => self.done += 1,
            Err(error) => {
                self.failed += 1;
                let kind = error.kind();
                self.kind =
                    Some(self.kind.map_or(kind, |before| if before == kind { kind } else { Kind::Failed }));
            }
        }
    }

    /// Counts a file that the command leaves alone.
    pub fn skip(&mut self) {
        self.skipped += 1;
    }

    pub fn is_empty(&self) -> bool {
        self.done + self.failed == 0
    }

    /// The outcome of the command: fails with the kind that all failures have in common, or [`Kind::Failed`].
    pub fn finish(&self, output: &Output, verb: &str) -> Result<()> {
        if self.done + self.failed + self.skipped > 1 {
            let skipped =
                if self.skipped > 0 { format!(", {} skipped", self.skipped) } else { String::new() };
            output.note(&format!("{} {verb}, {} failed{skipped}", self.done, self.failed));
        }
        self.kind.map_or(Ok(()), |kind| Err(Error::Several { count: self.failed, kind }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::Format;

    #[test]
    fn the_exit_code_is_the_common_kind_of_the_failures() {
        let output = Output::new(Format::Quiet);
        let kind = |tally: &Tally| tally.finish(&output, "done").err().map(|error| error.kind());
        let mut tally = Tally::default();
        tally.add(&Ok(()));
        assert_eq!(kind(&tally), None);
        tally.add(&Err(Error::Corrupt));
        tally.add(&Err(Error::Rejected(None)));
        assert_eq!(kind(&tally), Some(Kind::Rejected));
        tally.add(&Err(Error::NotFound("a".to_owned())));
        tally.add(&Err(Error::Corrupt));
        assert_eq!(kind(&tally), Some(Kind::Failed));
    }
}
