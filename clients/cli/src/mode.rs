//! Who may read, write and execute a file. Only Unix has it.

use std::fs::File;
use std::io;
use std::path::Path;

/// The permission bits of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mode(#[cfg(unix)] u32);

#[cfg(unix)]
impl Mode {
    /// That of a new file, as the user has set it.
    pub fn of_new_files() -> Self {
        use rustix::fs::Mode as Bits;
        // The mask can only be read by setting it. Files that are made meanwhile are the more private.
        let mask = rustix::process::umask(Bits::RWXG | Bits::RWXO);
        rustix::process::umask(mask);
        Self(0o666 & !mask.as_raw_mode())
    }

    /// That of a regular file. A program of another owner does not become a set-uid program of ours.
    pub fn of(path: &Path) -> Option<Self> {
        use std::os::unix::fs::PermissionsExt as _;
        let metadata = path.symlink_metadata().ok().filter(std::fs::Metadata::is_file)?;
        Some(Self(metadata.permissions().mode() & 0o777))
    }

    pub fn apply_to(self, file: &File) -> io::Result<()> {
        use std::os::unix::fs::PermissionsExt as _;
        file.set_permissions(std::fs::Permissions::from_mode(self.0))
    }
}

#[cfg(not(unix))]
impl Mode {
    pub fn of_new_files() -> Self {
        Self()
    }

    pub fn of(_: &Path) -> Option<Self> {
        None
    }

    pub fn apply_to(self, _: &File) -> io::Result<()> {
        Ok(())
    }
}
