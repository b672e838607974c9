//! Remembers an upload on disk until it ends, so that a killed `put` continues where it stopped.

use file_id::FileId;
use serde::{Deserialize, Serialize};
use sluice_domain::hash::Sha256;
use sluice_domain::id::{AccountId, UploadId, VersionId};
use sluice_domain::part_plan::PartPlan;
use sluice_domain::path::FilePath;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::stamp::Stamp;
use crate::cache::Fingerprint;
use crate::digests::Digests;
use crate::error::{Error, Result};
use crate::session::ApiUrl;
use crate::{locked_file, private_file};

/// Raised whenever [`Unfinished`] changes. A state file of another version is ignored.
const FORMAT: u32 = 2;

/// Identifies an upload. Renaming the local file does not change it.
pub struct UploadKey<'a> {
    pub api: &'a ApiUrl,
    pub account_id: AccountId,
    pub remote: &'a FilePath,
    /// Device and inode of the local file.
    pub identity: FileId,
    /// The version in `--if-match`. An upload that was begun without the condition does not check it.
    pub expected: Option<VersionId>,
}

/// An upload that has not ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unfinished {
    format: u32,
    /// The path of the local file. Only for people who look into the folder.
    pub local: PathBuf,
    /// The state of the file when it was hashed.
    pub stamp: Stamp,
    /// None if it would not reveal that the file was written to after it was hashed.
    pub fingerprint: Option<Fingerprint>,
    pub digests: Digests,
    pub part_size_bytes: u64,
    /// None until the upload has begun. The server knows which parts have arrived.
    pub upload_id: Option<UploadId>,
}

impl Unfinished {
    /// A file that was hashed and has no upload yet.
    pub fn new(local: &Path, stamp: Stamp, digests: Digests, part_size_bytes: u64) -> Self {
        Self {
            format: FORMAT,
            local: local.to_owned(),
            stamp,
            fingerprint: None,
            digests,
            part_size_bytes,
            upload_id: None,
        }
    }

    /// Reads a state file. None if there is none, or if it cannot be read.
    pub fn read(state_path: &Path) -> Option<Self> {
        let unfinished: Self = serde_json::from_slice(&private_file::read(state_path).ok()?).ok()?;
        (unfinished.format == FORMAT).then_some(unfinished)
    }

    /// The plan by which the file was hashed.
    pub fn plan(&self) -> PartPlan {
        PartPlan { size: self.stamp.size_bytes, part_size: self.part_size_bytes }
    }
}

/// The state file of one upload, locked by this process.
pub struct Memory {
    state_path: PathBuf,
    lock_path: PathBuf,
    _lock: File,
}

impl Memory {
    /// Locks the state file of `key`. Fails with [`Error::Busy`] if another process has it.
    pub fn claim(folder: &Path, key: &UploadKey<'_>, local: &Path) -> Result<Self> {
        private_file::create_folder(folder).map_err(Error::local(folder))?;
        let name = key.name();
        let lock_path = folder.join(format!("{name}.lock"));
        let lock = locked_file::open(&lock_path, local)?;
        Ok(Self { state_path: folder.join(format!("{name}.json")), lock_path, _lock: lock })
    }

    /// Reads the state. None if there is none, or if it cannot be read.
    pub fn recall(&self) -> Option<Unfinished> {
        Unfinished::read(&self.state_path)
    }

    /// Writes the state durably.
    pub fn remember(&self, unfinished: &Unfinished) -> Result<()> {
        serde_json::to_vec(unfinished)
            .map_err(io::Error::other)
            .and_then(|json| private_file::write(&self.state_path, &json))
            .map_err(Error::local(&self.state_path))
    }

    /// Deletes the state, because the upload has ended.
    pub fn forget(&self) {
        // If this fails, the next `put` makes one more call to the server.
        let _ = fs::remove_file(&self.state_path);
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        // Only tidies up: the lock itself ends with the process.
        let _ = fs::remove_file(&self.lock_path);
    }
}

impl UploadKey<'_> {
    /// The name of the state file, without its suffix.
    pub fn name(&self) -> String {
        let api = self.api.to_string();
        let identity = format!("{:?}", self.identity);
        let expected = self.expected.map(String::from).unwrap_or_default();
        let fields = [&*api, &self.account_id.to_string(), self.remote.as_str(), &identity, &expected];
        // No field contains a line break.
        Sha256::of(fields.join("\n").as_bytes()).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_remembered_is_recalled_by_one_process_at_a_time() {
        let home = tempfile::tempdir().expect("a folder");
        let local = home.path().join("movie.mkv");
        fs::write(&local, "bytes").expect("written");
        let stamp = Stamp::of(&local).expect("stamp");
        let api: ApiUrl = "http://127.0.0.1:1".parse().expect("an address");
        let remote = FilePath::parse("a/movie.mkv").expect("a path");
        let key = UploadKey {
            api: &api,
            account_id: AccountId::from_bytes([1; 16]),
            remote: &remote,
            identity: stamp.identity,
            expected: None,
        };
        let folder = home.path().join("uploads");
        let memory = Memory::claim(&folder, &key, &local).expect("free");
        assert_eq!(memory.recall(), None);
        let digests = Digests { whole: Sha256::of(b"bytes"), parts: Vec::new() };
        let unfinished = Unfinished::new(&local, stamp, digests, 5 << 20);
        memory.remember(&unfinished).expect("written");
        assert!(Memory::claim(&folder, &key, &local).is_err_and(|error| error.code() == "busy"));
        drop(memory);

        let memory = Memory::claim(&folder, &key, &local).expect("free again");
        assert_eq!(memory.recall(), Some(unfinished));
        memory.forget();
        drop(memory);
        assert_eq!(fs::read_dir(&folder).expect("a folder").count(), 0);
    }
}
