//! Parses values on the command line: files, folders and sizes.

use sluice_domain::id::FileId;
use sluice_domain::part_plan::{PART_MAX_BYTES, PART_MIN_BYTES};
use sluice_domain::path::{FilePath, InvalidPath};
use std::fmt;
use std::str::FromStr;

/// A file on the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileReference {
    Path(FilePath),
    /// The id stays the same after a rename, and is valid after a deletion.
    Id(FileId),
}

impl FromStr for FileReference {
    type Err = InvalidPath;
    fn from_str(text: &str) -> Result<Self, InvalidPath> {
        match text.strip_prefix("id:").map(str::parse) {
            Some(Ok(file_id)) => Ok(Self::Id(file_id)),
            _ => FilePath::parse(text).map(Self::Path),
        }
    }
}

impl TryFrom<String> for FileReference {
    type Error = InvalidPath;
    fn try_from(text: String) -> Result<Self, InvalidPath> {
        text.parse()
    }
}

impl fmt::Display for FileReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => path.fmt(f),
            Self::Id(file_id) => write!(f, "id:{file_id}"),
        }
    }
}

/// A file or folder on the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remote<File = FilePath> {
    File(File),
    /// The prefix of all paths in the folder. Empty for the top; otherwise it ends in `/`.
    Folder(String),
}

impl<File: TryFrom<String, Error = InvalidPath>> FromStr for Remote<File> {
    type Err = InvalidPath;
    fn from_str(text: &str) -> Result<Self, InvalidPath> {
        match text.strip_suffix('/') {
            Some("") => Ok(Self::Folder(String::new())),
            Some(folder) => FilePath::parse(folder).map(|folder| Self::Folder(format!("{folder}/"))),
            None => File::try_from(text.to_owned()).map(Self::File),
        }
    }
}

/// Parses the size of a part: a number with an optional unit (b, k, m, g), in bytes.
pub fn part_size(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let unit: u64 = match &*text[digits.len()..].trim().to_ascii_lowercase() {
        "" | "b" => 1,
        "k" | "kib" => 1 << 10,
        "m" | "mib" => 1 << 20,
        "g" | "gib" => 1 << 30,
        _ => return Err("a size is a number with b, k, m or g, such as 16m".to_owned()),
    };
    let size_bytes = digits.parse::<u64>().ok().and_then(|number| number.checked_mul(unit));
    size_bytes
        .filter(|size_bytes| (PART_MIN_BYTES..=PART_MAX_BYTES).contains(size_bytes))
        .ok_or_else(|| "a part has between 5 MiB and 5 GiB".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units_and_bounds() {
        assert_eq!(part_size("16m"), Ok(16 << 20));
        assert_eq!(part_size("5 MiB"), Ok(PART_MIN_BYTES));
        assert_eq!(part_size("5242880"), Ok(PART_MIN_BYTES));
        for bad in ["", "m", "4m", "6g", "5x", "-5m", "99999999999999999999g"] {
            assert!(part_size(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_reference_is_an_id_only_if_it_is_one() {
        let id = "id:0123456789abcdef0123456789abcdef";
        assert!(matches!(id.parse(), Ok(FileReference::Id(_))));
        assert!(matches!("id:notes".parse(), Ok(FileReference::Path(_))));
        assert_eq!(id.parse::<FileReference>().map(|reference| reference.to_string()).as_deref(), Ok(id));
    }

    #[test]
    fn a_trailing_slash_makes_a_folder() {
        assert_eq!("a/b/".parse::<Remote>(), Ok(Remote::Folder("a/b/".to_owned())));
        assert_eq!("/".parse::<Remote>(), Ok(Remote::Folder(String::new())));
        for bad in ["", "/a", "../", "a//", "a/../b"] {
            assert!(bad.parse::<Remote>().is_err(), "{bad}");
        }
    }
}
