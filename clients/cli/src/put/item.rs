//! One local file that is being uploaded.

use sluice_domain::hash::Sha256;
use sluice_domain::part_plan::PartPlan;
use sluice_domain::path::FilePath;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use tempfile::TempPath;

use super::stamp::Stamp;
use super::twins::Turn;
use crate::api::Api;
use crate::cache::Fingerprint;
use crate::clock;
use crate::digests::{self, Hashed};
use crate::error::{Error, Result};
use crate::progress::FileProgress;

pub struct Item {
    /// The name of the file, for people and the cache.
    pub local: PathBuf,
    pub remote: FilePath,
    /// What a stream held. Deleted with the item.
    pub copy: Option<TempPath>,
    /// The size when the file was found. The file may have changed since.
    pub found_bytes: u64,
    /// A client that counts calls and bytes for this file only.
    pub api: Api,
    pub progress: Arc<FileProgress>,
    /// Set once it is known.
    pub blob: OnceLock<LocalBlob>,
    /// Set when the file was hashed, if the fingerprint would reveal a later write.
    pub fingerprint: OnceLock<Fingerprint>,
    /// Set while equal files wait for this one.
    pub turn: OnceLock<Turn>,
}

/// The bytes of the file that are stored.
#[derive(Debug, Clone, Copy)]
pub struct LocalBlob {
    pub sha256: Sha256,
    pub size_bytes: u64,
}

impl Item {
    /// The file to read.
    pub fn source(&self) -> &Path {
        self.copy.as_deref().unwrap_or(&self.local)
    }

    /// The present state of the file.
    pub fn stamp(&self) -> Result<Stamp> {
        Stamp::of(self.source()).map_err(Error::local(&self.local))
    }

    /// What would reveal that the file was written to.
    pub fn present_fingerprint(&self) -> Result<Fingerprint> {
        Fingerprint::of(self.source()).map_err(Error::local(&self.local))
    }

    /// Fails if the file was written to since it had this stamp, other than at its end.
    pub fn check_unchanged(&self, stamp: &Stamp) -> Result<()> {
        let is_unchanged = stamp.still_begins(&self.stamp()?);
        if is_unchanged { Ok(()) } else { Err(Error::FileChanged(self.local.clone())) }
    }

    /// Whether the file has become longer than what was stored of it.
    pub fn has_grown(&self) -> bool {
        let Some(blob) = self.blob.get() else { return false };
        self.stamp().is_ok_and(|stamp| stamp.size_bytes > blob.size_bytes)
    }

    /// Hashes as much of the file as the plan covers, on a separate thread. Fails if the file was written to
    /// since it had this stamp, other than at its end.
    pub async fn hash(&self, stamp: &Stamp, plan: PartPlan) -> Result<Hashed> {
        let source = self.source().to_owned();
        let progress = self.progress.clone();
        let fingerprint = self.present_fingerprint()?;
        let began = clock::now();
        progress.begin_hashing();
        let hashing = tokio::task::spawn_blocking(move || {
            digests::hash_file(&source, &plan, |bytes| progress.add_hashed(bytes))
        });
        let hashed = hashing.await.map_err(std::io::Error::other).flatten();
        let hashed = hashed.map_err(Error::local(&self.local))?;
        let hashed = hashed.ok_or_else(|| Error::FileChanged(self.local.clone()))?;
        self.check_unchanged(stamp)?;
        self.blob.set(LocalBlob { sha256: hashed.digests.whole, size_bytes: plan.size }).ok();
        // The fingerprint of a file that grew would not be that of what was hashed.
        if fingerprint.size_bytes == plan.size && fingerprint.reveals_later_writes(began) {
            self.fingerprint.set(fingerprint).ok();
        }
        Ok(hashed)
    }

    /// The same file, to be read again from its beginning.
    #[must_use]
    pub fn renewed(self) -> Self {
        Self { blob: OnceLock::new(), fingerprint: OnceLock::new(), turn: OnceLock::new(), ..self }
    }
}
