//! Parses the paths of files.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A path has at most this many bytes of UTF-8: `DynamoDB` allows 1024 in a sort key, and a displaced file's
/// key is longer.
pub const PATH_MAX_BYTES: usize = 990;

/// Sorts after every character of a path, so that `prefix + LAST` is an upper bound of all paths with that
/// prefix.
pub const LAST: char = '\u{10FFFF}';

/// A file's path: relative, `/` between segments, no empty, `.` or `..` segment, no control character. Case
/// and Unicode spelling are kept as given.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FilePath(String);

/// Why a path was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPath {
    /// The path is empty.
    #[error("a path is not empty")]
    Empty,
    /// The path is longer than [`PATH_MAX_BYTES`].
    #[error("a path has at most {PATH_MAX_BYTES} bytes in UTF-8")]
    TooLong,
    /// The path begins or ends with `/`, or has `//`.
    #[error("a path has no '/' at its beginning or end, and no empty segment")]
    EmptySegment,
    /// A segment is `.` or `..`.
    #[error("a path has no '.' or '..' segment")]
    DotSegment,
    /// The path contains a control character or U+10FFFF.
    #[error("a path has no control characters")]
    ControlCharacter,
}

impl FilePath {
    /// Parses a path and keeps it as given.
    ///
    /// # Errors
    /// [`InvalidPath`] names the rule that the path breaks.
    pub fn parse(text: &str) -> Result<Self, InvalidPath> {
        if text.is_empty() {
            return Err(InvalidPath::Empty);
        }
        if text.len() > PATH_MAX_BYTES {
            return Err(InvalidPath::TooLong);
        }
        if text.chars().any(|c| c.is_control() || c == LAST) {
            return Err(InvalidPath::ControlCharacter);
        }
        for segment in text.split('/') {
            match segment {
                "" => return Err(InvalidPath::EmptySegment),
                "." | ".." => return Err(InvalidPath::DotSegment),
                _ => {}
            }
        }
        Ok(Self(text.to_owned()))
    }

    /// The path as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last segment, which is the name of a download.
    pub fn file_name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or(&self.0)
    }
}

impl fmt::Display for FilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for FilePath {
    type Err = InvalidPath;
    fn from_str(text: &str) -> Result<Self, InvalidPath> {
        Self::parse(text)
    }
}

impl TryFrom<String> for FilePath {
    type Error = InvalidPath;
    fn try_from(text: String) -> Result<Self, InvalidPath> {
        Self::parse(&text)
    }
}

impl From<FilePath> for String {
    fn from(path: FilePath) -> String {
        path.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_people_use_are_paths() {
        for path in
            ["a", "a b/c'd\"e", "100%/x+y", "日本語/😀.txt", "..hidden", "a/...", " leading", "back\\slash"]
        {
            assert!(FilePath::parse(path).is_ok(), "{path}");
        }
        assert_eq!(FilePath::parse("a/b/c.txt").expect("valid").file_name(), "c.txt");
    }

    #[test]
    fn bad_paths_say_why() {
        let long = "a".repeat(PATH_MAX_BYTES + 1);
        let cases = [
            ("", InvalidPath::Empty),
            (&*long, InvalidPath::TooLong),
            ("/etc/passwd", InvalidPath::EmptySegment),
            ("a//b", InvalidPath::EmptySegment),
            ("a/", InvalidPath::EmptySegment),
            ("a/../b", InvalidPath::DotSegment),
            (".", InvalidPath::DotSegment),
            ("a\0b", InvalidPath::ControlCharacter),
            ("a\u{7f}", InvalidPath::ControlCharacter),
            ("a\u{10FFFF}", InvalidPath::ControlCharacter),
        ];
        for (path, why) in cases {
            assert_eq!(FilePath::parse(path), Err(why), "{path:?}");
        }
    }
}
