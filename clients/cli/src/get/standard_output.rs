//! `sluice get --to -`: writes a file to standard output.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::PathBuf;

use crate::error::{Error, Result};

/// Copies a file to standard output.
pub async fn copy(path: PathBuf) -> Result<()> {
    let mut file = File::open(&path).map_err(Error::local(&path))?;
    // On a thread of its own, because the reader may be slow.
    let copying = tokio::task::spawn_blocking(move || {
        let mut output = io::stdout().lock();
        io::copy(&mut file, &mut output)?;
        output.flush()
    });
    copying.await.map_err(io::Error::other).flatten().map_err(Error::Output)
}
