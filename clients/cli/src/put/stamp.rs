//! Recognises a local file, and notices when it changes.

use file_id::FileId;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io;
use std::path::Path;
use std::time::UNIX_EPOCH;

/// Identity, size and modification time of a file. Two equal stamps mean that nothing wrote to the file in
/// between, as far as the modification time can tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// Device and inode, or what the platform has instead. A rename does not change it.
    pub identity: FileId,
    pub size_bytes: u64,
    /// Nanoseconds since 1970; negative before.
    pub modified_nanoseconds: i128,
}

impl Stamp {
    /// The present state of the file.
    pub fn of(path: &Path) -> io::Result<Self> {
        let metadata = fs::metadata(path)?;
        let modified = metadata.modified()?;
        let modified_nanoseconds = match modified.duration_since(UNIX_EPOCH) {
            Ok(since) => since.as_nanos().cast_signed(),
            Err(before) => -before.duration().as_nanos().cast_signed(),
        };
        Ok(Self { identity: file_id::get_file_id(path)?, size_bytes: metadata.len(), modified_nanoseconds })
    }

    /// Whether the file seems to begin with the same bytes if it has the stamp `now`: nothing wrote to it, or
    /// it has grown, as logs do. If it was overwritten too, the bytes that are sent do not match the hashes.
    pub fn still_begins(&self, now: &Self) -> bool {
        now == self || now.identity == self.identity && now.size_bytes > self.size_bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rename_keeps_the_stamp_and_a_write_does_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let old = folder.path().join("old");
        let new = folder.path().join("new");
        fs::write(&old, "12345").expect("written");
        let before = Stamp::of(&old).expect("stamp");
        fs::rename(&old, &new).expect("renamed");
        assert_eq!(Stamp::of(&new).expect("stamp"), before);
        fs::write(&new, "1234567").expect("written");
        assert_ne!(Stamp::of(&new).expect("stamp"), before);
    }
}
