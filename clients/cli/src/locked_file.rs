//! Opens files that only one process at a time may use.

use same_file::Handle;
use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::private_file;

/// Opens or creates `path` for reading and writing by its owner, and locks it until it is closed or the
/// process ends.
/// `subject` is the path that an error names.
pub fn open(path: &Path, subject: &Path) -> Result<File> {
    loop {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let file = private_file::open(path, &mut options).map_err(Error::local(path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(Error::Busy(PathBuf::from(subject))),
            Err(TryLockError::Error(source)) => return Err(Error::local(path)(source)),
        }
        // The previous owner may have renamed or removed the file between open and lock.
        if is_still_at(&file, path) {
            return Ok(file);
        }
    }
}

fn is_still_at(file: &File, path: &Path) -> bool {
    let opened = file.try_clone().and_then(Handle::from_file);
    matches!((opened, Handle::from_path(path)), (Ok(opened), Ok(present)) if opened == present)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_opening_is_refused_until_the_first_is_closed() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("lock");
        let first = open(&path, Path::new("movie.mkv")).expect("free");
        let second = open(&path, Path::new("movie.mkv")).expect_err("taken");
        assert_eq!(second.code(), "busy");
        drop(first);
        open(&path, Path::new("movie.mkv")).expect("free again");
    }
}
