//! Encodes where the next page of a list begins. Cursors are opaque to clients.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64_URL;
use sluice_domain::id::VersionId;
use std::fmt;
use std::str::FromStr;

/// A place in a list has at most this many bytes, more than the sort key of any row.
pub(crate) const PLACE_MAX_BYTES: usize = 1024;

/// A text that is no cursor of this list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is not the next_cursor of a page")]
pub struct InvalidCursor;

/// A place in a list of files. It is only a place in the caller's own list, so a forged one does no harm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListCursor(pub String);

impl fmt::Display for ListCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&BASE64_URL.encode(&self.0))
    }
}

impl FromStr for ListCursor {
    type Err = InvalidCursor;
    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        let bytes = BASE64_URL.decode(text).map_err(|_| InvalidCursor)?;
        let place = String::from_utf8(bytes).map_err(|_| InvalidCursor)?;
        if (1..=PLACE_MAX_BYTES).contains(&place.len()) { Ok(Self(place)) } else { Err(InvalidCursor) }
    }
}

/// A place in the plan of one version. All pages have the same version, even if the file changes meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlanCursor {
    /// The version of all pages.
    pub version_id: VersionId,
    /// The index of the page's first term in the manifest.
    pub term: usize,
}

impl fmt::Display for PlanCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.version_id, self.term)
    }
}

impl FromStr for PlanCursor {
    type Err = InvalidCursor;
    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        let (version, term) = text.split_once('-').ok_or(InvalidCursor)?;
        let version_id = version.parse().map_err(|_| InvalidCursor)?;
        Ok(Self { version_id, term: term.parse().map_err(|_| InvalidCursor)? })
    }
}
