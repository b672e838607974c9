//! Makes files of new random bytes.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

/// Files that are uploaded together.
#[derive(Debug, Clone, Copy)]
pub struct Workload {
    /// The number of files. One is uploaded by itself, more as a folder.
    pub file_count: u32,
    /// The size of each file.
    pub file_size_bytes: u64,
}

impl Workload {
    /// The size of all files.
    pub fn size_bytes(self) -> u64 {
        u64::from(self.file_count) * self.file_size_bytes
    }

    /// Whether the files are uploaded as a folder.
    pub fn is_folder(self) -> bool {
        self.file_count > 1
    }

    /// Makes the files in `folder` and returns the path to upload.
    pub fn make(self, folder: &Path) -> io::Result<PathBuf> {
        if !self.is_folder() {
            let file = folder.join("random.bin");
            write_random(&file, self.file_size_bytes)?;
            return Ok(file);
        }
        let files = folder.join("files");
        fs::create_dir(&files)?;
        for number in 0..self.file_count {
            write_random(&files.join(format!("{number:05}.bin")), self.file_size_bytes)?;
        }
        Ok(files)
    }

    /// The name of the workload in tables.
    pub fn name(self) -> String {
        let size = match self.file_size_bytes {
            size if size >= 1 << 20 => format!("{} MiB", size >> 20),
            size => format!("{} KiB", size >> 10),
        };
        if self.is_folder() {
            format!("{} files of {size}", self.file_count)
        } else {
            format!("one file of {size}")
        }
    }
}

/// Writes a file of random bytes.
pub fn write_random(file: &Path, size_bytes: u64) -> io::Result<()> {
    let mut random = File::open("/dev/urandom")?.take(size_bytes);
    io::copy(&mut random, &mut File::create(file)?).map(drop)
}
