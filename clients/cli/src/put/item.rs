//! One file on its way.

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

/// A local file and where it goes.
pub struct Item {
    /// Where it lies.
    pub local: PathBuf,
    /// Where it shall lie.
    pub remote: FilePath,
    /// Size in bytes when it was found.
    pub size_bytes: u64,
    /// A client that counts for this file alone.
    pub api: Api,
    /// Its progress.
    pub progress: Arc<FileProgress>,
    /// Its SHA-256, once known.
    pub sha256: OnceLock<Sha256>,
    /// What it looked like when it was hashed, if that tells a later write.
    pub fingerprint: OnceLock<Fingerprint>,
}

impl Item {
    /// What the file looks like now.
    pub fn stamp(&self) -> Result<Stamp> {
        Stamp::of(&self.local).map_err(Error::local(&self.local))
    }

    /// Fails if anything wrote to the file since it had this stamp.
    pub fn check_unchanged(&self, stamp: &Stamp) -> Result<()> {
        if self.stamp()? == *stamp { Ok(()) } else { Err(Error::FileChanged(self.local.clone())) }
    }

    /// Hashes the file, which has this stamp, by its plan, on a thread of its own.
    pub async fn hash(&self, stamp: &Stamp, plan: PartPlan) -> Result<Hashed> {
        let (local, progress) = (self.local.clone(), self.progress.clone());
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
        if fingerprint.would_tell(began) {
            self.fingerprint.set(fingerprint).ok();
        }
        Ok(hashed)
    }
}
