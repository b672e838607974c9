//! How the objects of an import fared.

use serde::Serialize;

use super::transfer::{ImportedObject, Outcome};
use crate::error::{Error, Result};
use crate::output::size;

/// Counts.
#[derive(Debug, Default, Serialize)]
pub(super) struct Tally {
    /// Copied, or to be copied.
    pub copied: u64,
    /// Their bytes.
    pub copied_bytes: u64,
    /// There already.
    pub unchanged: u64,
    /// Gone since they were listed.
    pub gone: u64,
    /// With keys that the target cannot have.
    pub refused: u64,
    /// Not copied for other reasons.
    pub failed: u64,
}

impl Tally {
    /// One more object.
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

    /// For the progress bar.
    pub fn progress(&self) -> String {
        let left = self.refused + self.failed;
        format!("{} objects, {} unchanged, {left} left", self.copied, self.unchanged)
    }

    /// For people.
    pub fn text(&self, dry_run: bool) -> String {
        let Self { copied, unchanged, gone, refused, failed, .. } = self;
        let verb = if dry_run { "would be copied" } else { "copied" };
        let bytes = size(self.copied_bytes);
        format!(
            "{copied} objects {verb}, {bytes}; {unchanged} unchanged, {gone} gone, {refused} refused, {failed} failed"
        )
    }

    /// What the run ends with.
    pub fn outcome(&self) -> Result<()> {
        match self.refused + self.failed {
            0 => Ok(()),
            left => Err(Error::Left(format!("{left} objects were not copied"))),
        }
    }
}
