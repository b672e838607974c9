//! Sending a file whole.

use sluice_domain::chunk::Chunk;
use sluice_domain::hash::Sha256;
use sluice_domain::part_plan::{PartPlan, UploadMethod};

use super::item::Item;
use super::resume::{Memory, Subject, Unfinished};
use super::stamp::Stamp;
use super::{Put, Stage, multipart, single};
use crate::digests::{Digests, Hashed};
use crate::error::{Error, Result};

/// A file that was hashed and can be sent.
pub enum Whole {
    /// In one PUT.
    Single {
        /// What it looked like when it was hashed.
        stamp: Stamp,
        /// Its one part.
        plan: PartPlan,
        /// Its hash.
        digests: Digests,
    },
    /// In parts, perhaps those that an earlier run left.
    Parts {
        /// Where the upload is remembered.
        memory: Memory,
        /// What is remembered.
        unfinished: Unfinished,
    },
}

impl Whole {
    /// Hashes the file, if no earlier run has. With its chunks: none where its upload is under way already, or where it is
    /// not cut into chunks.
    pub async fn prepare(put: &Put, item: &Item) -> Result<(Self, Vec<Chunk>)> {
        let stamp = item.stamp()?;
        let plan = PartPlan::new(stamp.size_bytes, put.part_size_bytes)
            .map_err(|error| Error::Usage(error.to_string()))?;
        if plan.method() == UploadMethod::Put {
            let Hashed { digests, chunks } = item.hash(&stamp, plan).await?;
            return Ok((Self::Single { stamp, plan, digests }, chunks));
        }
        let subject = Subject {
            api: item.api.url(),
            account_id: put.account_id,
            remote: &item.remote,
            identity: stamp.identity,
            expected: put.if_match,
        };
        let memory = Memory::claim(&put.uploads_folder, &subject, &item.local)?;
        let (unfinished, chunks) = recall_or_hash(&memory, item, stamp, plan).await?;
        Ok((Self::Parts { memory, unfinished }, chunks))
    }

    /// What the file looked like when it was hashed.
    pub fn stamp(&self) -> &Stamp {
        match self {
            Self::Single { stamp, .. } => stamp,
            Self::Parts { unfinished, .. } => &unfinished.stamp,
        }
    }

    /// Its hashes.
    pub fn digests(&self) -> &Digests {
        match self {
            Self::Single { digests, .. } => digests,
            Self::Parts { unfinished, .. } => &unfinished.digests,
        }
    }

    /// Its SHA-256.
    pub fn sha256(&self) -> Sha256 {
        self.digests().whole
    }

    /// Brings the file there; the bytes have arrived when this returns.
    pub async fn send(self, put: &Put, item: &Item) -> Result<Stage> {
        match self {
            Self::Single { stamp, plan, digests } => single::send(put, item, &stamp, plan, &digests).await,
            Self::Parts { memory, unfinished } => multipart::send(put, item, memory, unfinished).await,
        }
    }
}

/// What is known of the file from an earlier run whose upload had begun, as far as it still holds; else the file is
/// hashed.
async fn recall_or_hash(
    memory: &Memory,
    item: &Item,
    stamp: Stamp,
    plan: PartPlan,
) -> Result<(Unfinished, Vec<Chunk>)> {
    let recalled = memory.recall();
    if let Some(earlier) = recalled.as_ref().filter(|earlier| earlier.stamp == stamp) {
        item.sha256.set(earlier.digests.whole).ok();
        return Ok((earlier.clone(), Vec::new()));
    }
    // Touched but perhaps not changed: by the earlier plan its hashes can be compared.
    let earlier = recalled.as_ref().filter(|earlier| earlier.stamp.size_bytes == stamp.size_bytes);
    let plan = earlier.map_or(plan, Unfinished::plan);
    let Hashed { digests, chunks } = item.hash(&stamp, plan).await?;
    let is_same = earlier.is_some_and(|earlier| earlier.digests == digests);
    let mut unfinished = Unfinished::new(&item.local, stamp, digests, plan.part_size);
    let Some(upload_id) = recalled.and_then(|earlier| earlier.upload_id) else {
        return Ok((unfinished, chunks));
    };
    if is_same {
        unfinished.upload_id = Some(upload_id);
        memory.remember(&unfinished)?;
        return Ok((unfinished, Vec::new()));
    }
    // Nobody will finish it. If this fails, it expires.
    let _ = item.api.abort_upload(upload_id).await;
    memory.forget();
    Ok((unfinished, chunks))
}
