//! Counts the outcomes of an import.

use serde::Serialize;

use super::transfer::{ImportedObject, Outcome};
use crate::error::{Error, Result};
use crate::output::size;

/// How many objects had which outcome.
#[derive(Debug, Default, Serialize)]
pub(super) struct Tally {
    /// Copied; in a dry run, to be copied.
    pub copied: u64,
    pub copied_bytes: u64,
    pub unchanged: u64,
    /// Deleted since they were listed.
    pub gone: u64,
    /// Not copied because of their keys.
    pub refused: u64,
    /// Not copied for another reason.
    pub failed: u64,
}

impl Tally {
    pub fn add(&mut self, imported: &ImportedObject) {
        match imported.outcome {
            Outcome::Copied { .. } => {
                self.copied += 1;
                self.copied_bytes += imported.size;
            }
            Outcome::Unchanged => self.unchanged += 1,
            Outcome::Gone => self.gone += 1,
            Outcome::Refused(_) => self.refused += 1,
            Outcome::Failed(_) => self.failed += 1,
        }
    }

    /// The text of the progress bar.
    pub fn progress(&self) -> String {
        let left = self.refused + self.failed;
        format!("{} objects, {} unchanged, {left} not copied", self.copied, self.unchanged)
    }

    pub fn text(&self, dry_run: bool) -> String {
        let Self { copied, unchanged, gone, refused, failed, .. } = self;
        let verb = if dry_run { "would be copied" } else { "copied" };
        let bytes = size(self.copied_bytes);
        format!(
            "{copied} objects {verb}, {bytes}; {unchanged} unchanged, {gone} deleted, {refused} refused, \
             {failed} failed"
        )
    }

    /// Fails if objects were not copied.
    pub fn outcome(&self) -> Result<()> {
        match self.refused + self.failed {
            0 => Ok(()),
            left => Err(Error::Left(format!("{left} objects were not copied"))),
        }
    }
}
