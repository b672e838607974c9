//! Encodes the start of the next page of a plan.

use sluice_domain::id::VersionId;
use std::fmt;
use std::str::FromStr;

/// A position in the plan of one version. All pages have the same version, even if the file changes
/// meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    pub version_id: VersionId,
    /// The index of the page's first term in the manifest.
    pub term: usize,
}

#[derive(Debug, thiserror::Error)]
#[error("it is not the next_cursor of a page of this plan")]
pub struct InvalidCursor;

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.version_id, self.term)
    }
}

impl FromStr for Cursor {
    type Err = InvalidCursor;
    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        let (version, term) = text.split_once('-').ok_or(InvalidCursor)?;
        let version_id = version.parse().map_err(|_| InvalidCursor)?;
        Ok(Self { version_id, term: term.parse().map_err(|_| InvalidCursor)? })
    }
}
