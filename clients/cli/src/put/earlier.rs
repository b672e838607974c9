//! Aborts what earlier attempts to upload the same file left behind.

use file_id::FileId;
use sluice_domain::id::{AccountId, VersionId};
use std::fs;
use std::path::{Path, PathBuf};

use super::item::{Item, LocalBlob};
use super::resume::{Memory, Unfinished, UploadKey};

/// The state files of uploads that were unfinished when this run began.
///
/// An upload of another machine, or of the page, has no state file here. It may be in progress, so it is left
/// alone.
#[derive(Debug, Default)]
pub struct EarlierUploads {
    folder: PathBuf,
    found: Vec<Earlier>,
}

#[derive(Debug)]
struct Earlier {
    /// The name of the state file, without its suffix.
    name: String,
    identity: FileId,
    size_bytes: u64,
}

impl EarlierUploads {
    /// Finds none if the folder cannot be read: the uploads expire.
    pub fn find(folder: &Path) -> Self {
        let Ok(entries) = fs::read_dir(folder) else { return Self::default() };
        let earlier = |entry: fs::DirEntry| {
            let name = entry.file_name().to_str()?.strip_suffix(".json")?.to_owned();
            let Unfinished { stamp, .. } = Unfinished::read(&entry.path())?;
            Some(Earlier { name, identity: stamp.identity, size_bytes: stamp.size_bytes })
        };
        Self { folder: folder.to_owned(), found: entries.flatten().filter_map(earlier).collect() }
    }

    /// Aborts the uploads of the same path and size that no process continues. They began earlier than the
    /// version that is now stored, so their versions could never become current.
    pub async fn abort(&self, item: &Item, account_id: AccountId, expected: Option<VersionId>) {
        let Some(&LocalBlob { size_bytes, .. }) = item.blob.get() else { return };
        for earlier in self.found.iter().filter(|earlier| earlier.size_bytes == size_bytes) {
            let key = UploadKey {
                api: item.api.url(),
                account_id,
                remote: &item.remote,
                identity: earlier.identity,
                expected,
            };
            if key.name() != earlier.name {
                continue;
            }
            // Another process that has the lock is sending the upload.
            let Ok(memory) = Memory::claim(&self.folder, &key, &item.local) else { continue };
            let Some(upload_id) = memory.recall().and_then(|unfinished| unfinished.upload_id) else {
                continue;
            };
            // If aborting fails, the upload expires.
            let _ = item.api.abort_upload(upload_id).await;
            memory.forget();
        }
    }
}
