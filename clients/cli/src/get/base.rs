//! Finds and reads chunks in local files that may share content with a download.

use sluice_domain::chunk::Chunk;
use sluice_domain::hash::ChunkId;
use sluice_domain::part_plan::PartPlan;
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use crate::digests::{self, Hashed};
use crate::error::{Error, Result};

/// Local files, and where they hold which chunks.
#[derive(Debug, Default)]
pub struct Bases {
    paths: Vec<PathBuf>,
    /// The number of the file, and the offset of the chunk in it, in bytes.
    locations: HashMap<ChunkId, (usize, u64)>,
}

impl Bases {
    /// Cuts the files at `paths` into chunks.
    pub async fn read(paths: &[PathBuf]) -> Result<Self> {
        let mut bases = Self::default();
        for path in paths {
            if let Some(hashed) = hash(path).await? {
                bases.add(path, &hashed.chunks);
            }
        }
        Ok(bases)
    }

    /// Adds a file that consists of these chunks.
    pub fn add(&mut self, path: &Path, chunks: &[Chunk]) {
        let number = self.paths.len();
        self.paths.push(path.to_owned());
        let mut offset = 0;
        for chunk in chunks {
            self.locations.entry(chunk.id()).or_insert((number, offset));
            offset += u64::from(chunk.length_bytes());
        }
    }

    /// Opens the files, so that their chunks can be read.
    pub fn reader(&self) -> Reader<'_> {
        Reader {
            bases: self,
            files: self.paths.iter().map(|path| File::open(path).ok()).collect(),
            bytes: Vec::new(),
        }
    }
}

/// Hashes a local file and cuts it into chunks. Returns `None` if the file changes meanwhile.
pub async fn hash(path: &Path) -> Result<Option<Hashed>> {
    let local = path.to_owned();
    let hashing = tokio::task::spawn_blocking(move || {
        let size = std::fs::metadata(&local)?.len();
        digests::hash_file(&local, &PartPlan { size, part_size: size.max(1) }, |_| {})
    });
    hashing.await.map_err(io::Error::other).flatten().map_err(Error::local(path))
}

pub struct Reader<'a> {
    bases: &'a Bases,
    /// None for a file that cannot be opened.
    files: Vec<Option<File>>,
    bytes: Vec<u8>,
}

impl Reader<'_> {
    /// The bytes of the chunk. None if no base has them, or if that file changed.
    pub fn read(&mut self, chunk: &Chunk) -> Option<&[u8]> {
        let (number, offset) = *self.bases.locations.get(&chunk.id())?;
        let file = self.files[number].as_mut()?;
        self.bytes.resize(chunk.length_bytes() as usize, 0);
        file.seek(SeekFrom::Start(offset)).ok()?;
        file.read_exact(&mut self.bytes).ok()?;
        (ChunkId::of(&self.bytes) == chunk.id()).then_some(&*self.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn chunks_are_read_back_and_checked() {
        let folder = tempfile::tempdir().expect("a folder");
        let first = folder.path().join("first");
        let second = folder.path().join("second");
        let bytes: Vec<u8> = (0..200_000u32).map(|i| (u64::from(i).pow(2) >> 7) as u8).collect();
        std::fs::write(&first, &bytes).expect("written");
        std::fs::write(&second, b"too small to be cut").expect("written");
        let chunks = hash(&first).await.expect("readable").expect("unchanged").chunks;
        let bases = Bases::read(&[second, first.clone()]).await.expect("readable");
        let last = chunks.last().expect("some");
        let expected = &bytes[bytes.len() - last.length_bytes() as usize..];
        assert_eq!(bases.reader().read(last), Some(expected));
        std::fs::write(&first, &bytes[1..]).expect("written");
        assert_eq!(bases.reader().read(last), None, "it changed meanwhile");
        assert!(Bases::read(&[folder.path().join("missing")]).await.is_err());
    }
}
