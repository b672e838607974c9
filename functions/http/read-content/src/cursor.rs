//! Where the next page of a plan begins.

use sluice_domain::id::VersionId;
use std::fmt;
use std::str::FromStr;

/// A place in the plan of one version: pages belong together though the file change between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// The version.
    pub version_id: VersionId,
    /// The number of its first term.
    pub term: usize,
}

/// A text that no page has given.
#[derive(Debug, thiserror::Error)]
#[error("it is the next_cursor of a page of the same plan")]
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
