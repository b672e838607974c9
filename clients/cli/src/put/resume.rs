//! What is remembered of an upload until it ends, so that a killed `put` goes on where it stopped.

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
use crate::digests::Digests;
use crate::error::{Error, Result};
use crate::session::ApiUrl;
use crate::{locked_file, private_file};

/// Changes when [`Unfinished`] does; a file of another version is started afresh.
const FORMAT: u32 = 1;

/// Which upload of which file: renaming the local file changes nothing.
pub struct Subject<'a> {
    /// The server.
    pub api: &'a ApiUrl,
    /// The account there.
    pub account_id: AccountId,
    /// Where the file shall lie.
    pub remote: &'a FilePath,
    /// The local file.
    pub identity: FileId,
    /// What must still be current there: an upload begun without that condition does not hold it.
    pub expected: Option<VersionId>,
}

/// An unfinished upload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unfinished {
    format: u32,
    /// Where the local file lay, for whoever looks into the folder.
    pub local: PathBuf,
    /// What it looked like when it was hashed.
    pub stamp: Stamp,
    /// Its hashes.
    pub digests: Digests,
    /// The size of its parts in bytes.
    pub part_size_bytes: u64,
    /// The upload, once it was begun. Which parts have arrived the server knows best.
    pub upload_id: Option<UploadId>,
}

impl Unfinished {
    /// A file that was hashed and whose upload has not begun.
    pub fn new(local: &Path, stamp: Stamp, digests: Digests, part_size_bytes: u64) -> Self {
        Self { format: FORMAT, local: local.to_owned(), stamp, digests, part_size_bytes, upload_id: None }
    }

    /// The plan it was hashed by.
    pub fn plan(&self) -> PartPlan {
        PartPlan { size: self.stamp.size_bytes, part_size: self.part_size_bytes }
    }
}

/// The remembered state of one upload, held by this process alone.
pub struct Memory {
    state_path: PathBuf,
    lock_path: PathBuf,
    _lock: File,
}

impl Memory {
    /// Takes hold of the memory of `subject`, unless another process has.
    pub fn claim(folder: &Path, subject: &Subject<'_>, local: &Path) -> Result<Self> {
        private_file::create_folder(folder).map_err(Error::local(folder))?;
        let name = subject.name();
        let lock_path = folder.join(format!("{name}.lock"));
        let lock = locked_file::open(&lock_path, local)?;
        Ok(Self { state_path: folder.join(format!("{name}.json")), lock_path, _lock: lock })
    }

    /// What was remembered. What cannot be read is as good as forgotten.
    pub fn recall(&self) -> Option<Unfinished> {
        let unfinished: Unfinished = serde_json::from_slice(&fs::read(&self.state_path).ok()?).ok()?;
        (unfinished.format == FORMAT).then_some(unfinished)
    }

    /// Remembers, durably.
    pub fn remember(&self, unfinished: &Unfinished) -> Result<()> {
        serde_json::to_vec(unfinished)
            .map_err(io::Error::other)
            .and_then(|json| private_file::write(&self.state_path, &json))
            .map_err(Error::local(&self.state_path))
    }

    /// Forgets: the upload has ended, one way or another.
    pub fn forget(&self) {
        // A file that stays costs the next `put` one question to the server.
        let _ = fs::remove_file(&self.state_path);
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        // The lock itself goes with the process; this only tidies up.
        let _ = fs::remove_file(&self.lock_path);
    }
}

impl Subject<'_> {
    fn name(&self) -> String {
        let (api, identity) = (self.api.to_string(), format!("{:?}", self.identity));
        let expected = self.expected.map(String::from).unwrap_or_default();
        let fields = [&*api, &self.account_id.to_string(), self.remote.as_str(), &identity, &expected];
        // No field holds a line break.
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
        let subject = Subject {
            api: &api,
            account_id: AccountId::from_bytes([1; 16]),
            remote: &remote,
            identity: stamp.identity,
            expected: None,
        };
        let folder = home.path().join("uploads");
        let memory = Memory::claim(&folder, &subject, &local).expect("free");
        assert_eq!(memory.recall(), None);
        let digests = Digests { whole: Sha256::of(b"bytes"), parts: Vec::new() };
        let unfinished = Unfinished::new(&local, stamp, digests, 5 << 20);
        memory.remember(&unfinished).expect("written");
        assert!(Memory::claim(&folder, &subject, &local).is_err_and(|error| error.code() == "busy"));
        drop(memory);

        let memory = Memory::claim(&folder, &subject, &local).expect("free again");
        assert_eq!(memory.recall(), Some(unfinished));
        memory.forget();
        drop(memory);
        assert_eq!(fs::read_dir(&folder).expect("a folder").count(), 0);
    }
}
