//! Copies what can be read only once, or does not tell its size: an upload declares its size before it
//! begins, and may read a byte several times.

use std::io;
use std::path::Path;
use tempfile::TempPath;
use tokio::fs::{self, File};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// Whether the user means standard input.
pub fn is_standard_input(local: &Path) -> bool {
    local == Path::new("-")
}

/// Reads a stream, or a file that hides its size as those in `/proc` do, to its end. Returns `None` for an
/// ordinary file.
pub async fn copy(local: &Path) -> io::Result<Option<TempPath>> {
    if is_standard_input(local) {
        return to_end(standard_input()?).await.map(Some);
    }
    let metadata = fs::metadata(local).await?;
    if metadata.is_file() && (metadata.len() > 0 || File::open(local).await?.read(&mut [0]).await? == 0) {
        return Ok(None);
    }
    to_end(File::open(local).await?).await.map(Some)
}

fn standard_input() -> io::Result<File> {
    #[cfg(unix)]
    let opened = std::os::fd::AsFd::as_fd(&io::stdin()).try_clone_to_owned()?;
    #[cfg(windows)]
    let opened = std::os::windows::io::AsHandle::as_handle(&io::stdin()).try_clone_to_owned()?;
    Ok(File::from_std(opened.into()))
}

/// The copy is in the folder for temporary files (`TMPDIR`), and only its owner can read it.
async fn to_end(mut source: File) -> io::Result<TempPath> {
    let (file, path) = tempfile::Builder::new().prefix("sluice-").tempfile()?.into_parts();
    let mut file = File::from_std(file);
    tokio::io::copy(&mut source, &mut file).await?;
    file.flush().await?;
    Ok(path)
}
