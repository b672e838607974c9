//! Writes files that only their owner can read. A crash leaves the old or the new file, never a mix.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;

/// Replaces the file at `path`. Creates the folder for its owner only, if it is missing.
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    create_folder(folder)?;
    // tempfile uses mode 0600 on Unix.
    let mut file = tempfile::Builder::new().prefix(".new-").tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    sync_folder(folder)
}

/// Creates the folder and its parents, for their owner only.
pub fn create_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Makes a rename in the folder survive a power failure. Does nothing except on Unix, where folders can be
/// synced.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn only_the_owner_reads_it_and_nothing_else_is_left() {
        let home = tempfile::tempdir().expect("a folder");
        let path = home.path().join("inner/secret");
        write(&path, b"one").expect("written");
        write(&path, b"two").expect("replaced");
        let mode = |path: &Path| fs::metadata(path).expect("it exists").permissions().mode() & 0o777;
        assert_eq!(fs::read(&path).expect("readable"), b"two");
        assert_eq!((mode(&path), mode(&home.path().join("inner"))), (0o600, 0o700));
        assert_eq!(fs::read_dir(home.path().join("inner")).expect("a folder").count(), 1);
    }
}
