//! One local file that is being uploaded.

use sluice_domain::hash::Sha256;
use sluice_domain::part_plan::PartPlan;
use sluice_domain::path::FilePath;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use super::stamp::Stamp;
use crate::api::Api;
use crate::cache::Fingerprint;
use crate::clock;
use crate::digests::{self, Hashed};
use crate::error::{Error, Result};
use crate::progress::FileProgress;

pub struct Item {
    pub local: PathBuf,
    pub remote: FilePath,
    /// The size when the file was found. The file may have changed since.
    pub size_bytes: u64,
    /// A client that counts calls and bytes for this file only.
    pub api: Api,
    pub progress: Arc<FileProgress>,
    /// Set once the file was hashed.
    pub sha256: OnceLock<Sha256>,
    /// Set when the file was hashed, if the fingerprint would reveal a later write.
    pub fingerprint: OnceLock<Fingerprint>,
}

impl Item {
    /// The present state of the file.
    pub fn stamp(&self) -> Result<Stamp> {
        Stamp::of(&self.local).map_err(Error::local(&self.local))
    }

    /// Fails if the file was written to since it had this stamp.
    pub fn check_unchanged(&self, stamp: &Stamp) -> Result<()> {
        if self.stamp()? == *stamp { Ok(()) } else { Err(Error::FileChanged(self.local.clone())) }
    }

    /// Hashes the file by this plan, on a separate thread. Fails if the file no longer has this stamp
    /// afterwards.
    pub async fn hash(&self, stamp: &Stamp, plan: PartPlan) -> Result<Hashed> {
        let local = self.local.clone();
        let progress = self.progress.clone();
        let fingerprint = Fingerprint::of(&self.local).map_err(Error::local(&self.local))?;
        let began = clock::now();
        progress.begin_hashing();
        let hashing = tokio::task::spawn_blocking(move || {
            digests::hash_file(&local, &plan, |bytes| progress.add_hashed(bytes))
        });
        let hashed = hashing.await.map_err(std::io::Error::other).flatten();
        let hashed = hashed.map_err(Error::local(&self.local))?;
        let hashed = hashed.ok_or_else(|| Error::FileChanged(self.local.clone()))?;
        self.check_unchanged(stamp)?;
        self.sha256.set(hashed.digests.whole).ok();
        if fingerprint.reveals_later_writes(began) {
            self.fingerprint.set(fingerprint).ok();
        }
        Ok(hashed)
    }
}
