//! What has arrived of a download so far.

use sha2::Digest as _;
use sluice_domain::hash::Sha256;
use sluice_domain::id::VersionId;
use std::io::SeekFrom;
use std::path::{Path, PathBuf};
use tokio::fs::{self, File};
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _, AsyncWriteExt as _};

use crate::error::{Error, Result};
use crate::{locked_file, private_file};

const BLOCK_BYTES: usize = 1 << 20;

/// A file beside the target that holds the first bytes of a version. Its name tells which version, and versions never
/// change: whatever a later run finds in it are the right bytes, or the hash at the end tells.
pub struct Partial {
    path: PathBuf,
    target: PathBuf,
    file: File,
    hasher: sha2::Sha256,
    size_bytes: u64,
}

impl Partial {
    /// Opens it, and hashes what an earlier run left in it, up to `size_max_bytes`. No other process can have it open.
    pub async fn open(target: &Path, version_id: VersionId, size_max_bytes: u64) -> Result<Self> {
        let path = target.with_file_name(format!(".sluice-partial-{version_id}"));
        let file = File::from_std(locked_file::open(&path, target)?);
        let mut partial =
            Self { path, target: target.to_owned(), file, hasher: sha2::Sha256::new(), size_bytes: 0 };
        partial.take_in(size_max_bytes).await.map_err(Error::local(target))?;
        Ok(partial)
    }

    async fn take_in(&mut self, size_max_bytes: u64) -> std::io::Result<()> {
        if self.file.metadata().await?.len() > size_max_bytes {
            self.file.set_len(0).await?;
        }
        let mut block = vec![0; BLOCK_BYTES];
        loop {
            let count = self.file.read(&mut block).await?;
            if count == 0 {
                return Ok(());
            }
            self.hasher.update(&block[..count]);
            self.size_bytes += count as u64;
        }
    }

    /// How many bytes it holds.
    pub fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    /// Adds what has arrived.
    pub async fn append(&mut self, bytes: &[u8]) -> Result<()> {
        self.file.write_all(bytes).await.map_err(Error::local(&self.path))?;
        self.hasher.update(bytes);
        self.size_bytes += bytes.len() as u64;
        Ok(())
    }

    /// Begins again with nothing.
    pub async fn restart(&mut self) -> Result<()> {
        self.hasher.reset();
        self.size_bytes = 0;
        self.file.set_len(0).await.map_err(Error::local(&self.path))?;
        self.file.seek(SeekFrom::Start(0)).await.map(drop).map_err(Error::local(&self.path))
    }

    /// The SHA-256 of what it holds.
    pub fn sha256(&self) -> Sha256 {
        Sha256::from(<[u8; Sha256::LENGTH]>::from(self.hasher.clone().finalize()))
    }

    /// Makes it the target, durably.
    pub async fn finish(mut self, replace: bool) -> Result<()> {
        self.file.flush().await.map_err(Error::local(&self.path))?;
        self.file.sync_all().await.map_err(Error::local(&self.path))?;
        // Something may have been put there while the bytes came.
        if !replace && self.target.symlink_metadata().is_ok() {
            return Err(Error::Exists(self.target));
        }
        fs::rename(&self.path, &self.target).await.map_err(Error::local(&self.target))?;
        let folder = self.target.parent().unwrap_or(&self.target);
        private_file::sync_folder(folder).map_err(Error::local(folder))
    }

    /// Throws it away.
    pub async fn discard(self) -> Result<()> {
        fs::remove_file(&self.path).await.map_err(Error::local(&self.path))
    }
}
