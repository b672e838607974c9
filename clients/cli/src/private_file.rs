//! Opens and writes files that only their owner can read. A crash leaves the old or the new file, never a
//! mix.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::Path;

/// Opens a file that sluice has made, or makes it if the options say so. A file that another user put there,
/// or a link, could make us write elsewhere or believe something false, so both are refused.
pub fn open(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    let link = || io::Error::other("it is a symbolic link, which sluice did not make");
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        use rustix::io::Errno;
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600).custom_flags(OFlags::NOFOLLOW.bits().cast_signed());
        let is_link = |error: &io::Error| error.raw_os_error() == Some(Errno::LOOP.raw_os_error());
        let opened = options.open(path).map_err(|error| if is_link(&error) { link() } else { error });
        let file = opened?;
        check_owner(&file, path)?;
        Ok(file)
    }
    #[cfg(not(unix))]
    if path.is_symlink() { Err(link()) } else { options.open(path) }
}

/// Reads a file that sluice has made.
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(path, OpenOptions::new().read(true))?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Fails if the file belongs neither to this user nor to the owner of the folder, who could replace it
/// anyway. Some file systems show one owner for all files.
#[cfg(unix)]
fn check_owner(file: &File, path: &Path) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt as _;
    let owner = file.metadata()?.uid();
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if owner == rustix::process::geteuid().as_raw() || owner == folder.metadata()?.uid() {
        return Ok(());
    }
    Err(io::Error::other("it belongs to another user"))
}

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
    fn a_link_and_a_file_of_another_user_are_refused() {
        let home = tempfile::tempdir().expect("a folder");
        let path = home.path().join("secret");
        write(&path, b"ours").expect("written");
        assert_eq!(read(&path).expect("readable"), b"ours");
        let link = home.path().join("link");
        std::os::unix::fs::symlink(&path, &link).expect("linked");
        assert!(read(&link).expect_err("refused").to_string().contains("symbolic link"));
        // Only root can give a file away.
        if std::os::unix::fs::chown(&path, Some(12_345), None).is_ok() {
            assert!(read(&path).expect_err("refused").to_string().contains("another user"));
            std::os::unix::fs::chown(home.path(), Some(12_345), None).expect("given away");
            assert_eq!(read(&path).expect("readable"), b"ours", "of the owner of the folder");
        }
    }

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
