//! Measures the size of deployment packages.

use std::fs::File;
use std::io::{self, Cursor};
use std::path::Path;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// The size of the deployed zip file: the executable as `bootstrap`, with the default compression of `zip`.
pub fn zip_size_bytes(executable: &Path) -> io::Result<u64> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().unix_permissions(0o755).compression_level(Some(6));
    zip.start_file("bootstrap", options)?;
    io::copy(&mut File::open(executable)?, &mut zip)?;
    Ok(zip.finish()?.into_inner().len() as u64)
}
