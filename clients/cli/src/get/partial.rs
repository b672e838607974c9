//! The partial file that holds a download until it is complete.

use sha2::Digest as _;
use sluice_domain::hash::{ChunkId, Sha256};
use sluice_domain::id::VersionId;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

use super::base::Bases;
use super::plan::Piece;
use crate::error::{Error, Result};
use crate::mode::Mode;
use crate::{locked_file, partial_file, private_file};

const BLOCK_BYTES: usize = 1 << 20;

/// A file beside the target, as long as the version. Chunks arrive in any order. Its name contains the
/// version id, and versions never change, so a later run can keep every chunk with the right hash.
pub struct Partial {
    path: PathBuf,
    target: PathBuf,
    file: Arc<Mutex<File>>,
    /// Whether an earlier run left bytes in it.
    is_resumed: bool,
    holds_any: Arc<AtomicBool>,
}

/// Which chunks of a page need not be downloaded.
#[derive(Default)]
pub struct Reuse {
    /// The numbers of the chunks that have to be downloaded.
    pub missing: Vec<usize>,
    /// The length of the other chunks.
    pub reused_bytes: u64,
}

impl Partial {
    /// Opens and locks the file. Fails with [`Error::Busy`] if another process has it open.
    pub fn open(target: &Path, version_id: VersionId, size_bytes: u64) -> Result<Self> {
        let path = partial_file::beside(target, version_id);
        let file = locked_file::open(&path, target)?;
        let is_resumed = file.metadata().map_err(Error::local(&path))?.len() > 0;
        file.set_len(size_bytes).map_err(Error::local(&path))?;
        Ok(Self {
            path,
            target: target.to_owned(),
            file: Arc::new(Mutex::new(file)),
            is_resumed,
            holds_any: Arc::default(),
        })
    }

    /// Keeps the chunks that an earlier run left, and copies those that `bases` have.
    pub async fn reuse(&self, pieces: Vec<Piece>, bases: Vec<Arc<Bases>>) -> Result<Reuse> {
        let is_resumed = self.is_resumed;
        let find_chunks = move |file: &mut File| {
            let mut readers: Vec<_> = bases.iter().map(|bases| bases.reader()).collect();
            let mut reuse = Reuse::default();
            for (number, piece) in pieces.iter().enumerate() {
                if is_resumed && holds(file, piece)? {
                    reuse.reused_bytes += u64::from(piece.chunk.length_bytes());
                } else if let Some(bytes) = readers.iter_mut().find_map(|reader| reader.read(&piece.chunk)) {
                    write_at(file, piece.offset, bytes)?;
                    reuse.reused_bytes += bytes.len() as u64;
                } else {
                    reuse.missing.push(number);
                }
            }
            Ok(reuse)
        };
        let reuse = self.with(find_chunks).await?;
        self.holds_any.fetch_or(reuse.reused_bytes > 0, Relaxed);
        Ok(reuse)
    }

    /// Whether the file holds no chunk of the version.
    pub fn is_empty(&self) -> bool {
        !self.holds_any.load(Relaxed)
    }

    /// Writes bytes that the caller has checked.
    pub async fn write(&self, offset: u64, bytes: Vec<u8>) -> Result<()> {
        self.holds_any.store(true, Relaxed);
        self.with(move |file| write_at(file, offset, &bytes)).await
    }

    /// The SHA-256 of the whole file.
    pub async fn sha256(&self) -> Result<Sha256> {
        let hash = |file: &mut File| {
            let mut hasher = sha2::Sha256::new();
            let mut block = vec![0; BLOCK_BYTES];
            file.seek(SeekFrom::Start(0))?;
            loop {
                match file.read(&mut block)? {
                    0 => return Ok(Sha256::from(<[u8; Sha256::LENGTH]>::from(hasher.finalize()))),
                    count => hasher.update(&block[..count]),
                }
            }
        };
        self.with(hash).await
    }

    /// Renames the file to the target, durably. It gets the mode of the file that it replaces, or that of a
    /// new file.
    pub async fn finish(self, replace: bool, new_file_mode: Mode) -> Result<()> {
        self.with(|file| file.sync_all()).await?;
        // Another program may have created the target meanwhile.
        if !replace && self.target.symlink_metadata().is_ok() {
            return Err(Error::Exists(self.target));
        }
        let mode = Mode::of(&self.target).unwrap_or(new_file_mode);
        self.with(move |file| mode.apply_to(file)).await?;
        fs::rename(&self.path, &self.target).map_err(Error::local(&self.target))?;
        let folder = self.target.parent().unwrap_or(&self.target);
        private_file::sync_folder(folder).map_err(Error::local(folder))
    }

    pub fn discard(&self) -> Result<()> {
        fs::remove_file(&self.path).map_err(Error::local(&self.path))
    }

    /// Works on the file on a blocking thread.
    async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut File) -> io::Result<T> + Send + 'static,
    ) -> Result<T> {
        let file = self.file.clone();
        let work = move || work(&mut file.lock().unwrap_or_else(PoisonError::into_inner));
        let done = tokio::task::spawn_blocking(work).await;
        done.map_err(io::Error::other).flatten().map_err(Error::local(&self.path))
    }
}

fn holds(file: &mut File, piece: &Piece) -> io::Result<bool> {
    let mut bytes = vec![0; piece.chunk.length_bytes() as usize];
    file.seek(SeekFrom::Start(piece.offset))?;
    match file.read_exact(&mut bytes) {
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(false),
        result => result.map(|()| ChunkId::of(&bytes) == piece.chunk.id()),
    }
}

fn write_at(file: &mut File, offset: u64, bytes: &[u8]) -> io::Result<()> {
    file.seek(SeekFrom::Start(offset))?;
    file.write_all(bytes)
}
