//! How a local file is known again, and how a change to it is noticed.

use file_id::FileId;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io;
use std::path::Path;
use std::time::UNIX_EPOCH;

/// Which file it is and what it looked like. Two equal stamps mean that nothing wrote to the file in between, as far as
/// its modification time tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// Device and inode, or what the platform has in their place; a rename keeps it.
    pub identity: FileId,
    /// Size in bytes.
    pub size_bytes: u64,
    /// When it was last written to, in nanoseconds since 1970 (negative before).
    pub modified_nanoseconds: i128,
}

impl Stamp {
    /// What the file looks like now.
    pub fn of(path: &Path) -> io::Result<Self> {
        let metadata = fs::metadata(path)?;
        let modified = metadata.modified()?;
        let modified_nanoseconds = match modified.duration_since(UNIX_EPOCH) {
            Ok(since) => since.as_nanos().cast_signed(),
            Err(before) => -before.duration().as_nanos().cast_signed(),
        };
        Ok(Self { identity: file_id::get_file_id(path)?, size_bytes: metadata.len(), modified_nanoseconds })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rename_keeps_the_stamp_and_a_write_does_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let (old, new) = (folder.path().join("old"), folder.path().join("new"));
        fs::write(&old, "12345").expect("written");
        let before = Stamp::of(&old).expect("stamp");
        fs::rename(&old, &new).expect("renamed");
        assert_eq!(Stamp::of(&new).expect("stamp"), before);
        fs::write(&new, "1234567").expect("written");
        assert_ne!(Stamp::of(&new).expect("stamp"), before);
    }
}
