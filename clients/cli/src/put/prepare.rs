//! Hashes a file, or recalls the hashes of an interrupted upload, before anything is sent.

use sluice_domain::chunk::Chunk;
use sluice_domain::hash::Sha256;
use sluice_domain::part_plan::{PartPlan, UploadMethod};
use std::io;

use super::context::PutContext;
use super::item::{Item, LocalBlob};
use super::resume::{Memory, Unfinished, UploadKey};
use super::stamp::Stamp;
use crate::digests::{Digests, Hashed};
use crate::error::{Error, Result};

/// A file that was hashed, with the way to send it whole.
pub enum Prepared {
    /// The file is sent in one PUT.
    Single(SinglePut),
    /// In parts; `unfinished` may be the upload of an earlier run.
    Parts {
        /// None if no later run could continue the upload.
        memory: Option<Memory>,
        unfinished: Unfinished,
    },
}

/// A file that fits into one PUT.
pub struct SinglePut {
    /// The state of the file when it was hashed.
    pub stamp: Stamp,
    pub plan: PartPlan,
    pub digests: Digests,
}

impl Prepared {
    /// Hashes the file, unless an earlier run did. The chunks are empty if the upload has already begun, or
    /// if the file is not cut into chunks.
    pub async fn new(put: &PutContext, item: &Item) -> Result<(Self, Vec<Chunk>)> {
        let stamp = item.stamp()?;
        let plan = PartPlan::new(stamp.size_bytes, put.part_size_bytes)
            .map_err(|error| Error::local(&item.local)(io::Error::other(error)))?;
        if plan.method() == UploadMethod::Put {
            let Hashed { digests, chunks } = item.hash(&stamp, plan).await?;
            return Ok((Self::Single(SinglePut { stamp, plan, digests }), chunks));
        }
        let memory = claim_memory(put, item, &stamp)?;
        let (unfinished, chunks) = recall_or_hash(memory.as_ref(), item, stamp, plan).await?;
        Ok((Self::Parts { memory, unfinished }, chunks))
    }

    /// The state of the file when it was hashed.
    pub fn stamp(&self) -> &Stamp {
        match self {
            Self::Single(single) => &single.stamp,
            Self::Parts { unfinished, .. } => &unfinished.stamp,
        }
    }

    pub fn digests(&self) -> &Digests {
        match self {
            Self::Single(single) => &single.digests,
            Self::Parts { unfinished, .. } => &unfinished.digests,
        }
    }

    pub fn sha256(&self) -> Sha256 {
        self.digests().whole
    }

    pub fn blob(&self) -> LocalBlob {
        LocalBlob { sha256: self.sha256(), size_bytes: self.stamp().size_bytes }
    }
}

/// Gives none for a copy of a stream, or if the state file cannot be written.
fn claim_memory(put: &PutContext, item: &Item, stamp: &Stamp) -> Result<Option<Memory>> {
    if item.copy.is_some() {
        return Ok(None);
    }
    let key = UploadKey {
        api: item.api.url(),
        account_id: put.account_id,
        remote: &item.remote,
        identity: stamp.identity,
        expected: put.if_match,
    };
    match Memory::claim(&put.uploads_folder, &key, &item.local) {
        Err(error @ Error::Local { .. }) => {
            put.warn_not_resumable(item, &error);
            Ok(None)
        }
        claimed => claimed.map(Some),
    }
}

/// Continues with the upload of an earlier run if the file is still the same; otherwise hashes the file.
async fn recall_or_hash(
    memory: Option<&Memory>,
    item: &Item,
    stamp: Stamp,
    plan: PartPlan,
) -> Result<(Unfinished, Vec<Chunk>)> {
    let recalled = memory.and_then(Memory::recall);
    let fingerprint = item.present_fingerprint()?;
    let is_unchanged =
        |earlier: &&Unfinished| earlier.stamp == stamp && earlier.fingerprint == Some(fingerprint);
    if let Some(earlier) = recalled.as_ref().filter(is_unchanged) {
        let blob = LocalBlob { sha256: earlier.digests.whole, size_bytes: stamp.size_bytes };
        item.blob.set(blob).ok();
        item.fingerprint.set(fingerprint).ok();
        return Ok((earlier.clone(), Vec::new()));
    }
    // The file was touched, but it may not have changed: hash it by the earlier plan, so that the hashes can
    // be compared.
    let earlier = recalled.as_ref().filter(|earlier| earlier.stamp.size_bytes == stamp.size_bytes);
    let plan = earlier.map_or(plan, Unfinished::plan);
    let Hashed { digests, chunks } = item.hash(&stamp, plan).await?;
    let is_same = earlier.is_some_and(|earlier| earlier.digests == digests);
    let mut unfinished = Unfinished::new(&item.local, stamp, digests, plan.part_size);
    unfinished.fingerprint = item.fingerprint.get().copied();
    let upload_id = recalled.and_then(|earlier| earlier.upload_id);
    let Some((memory, upload_id)) = memory.zip(upload_id) else { return Ok((unfinished, chunks)) };
    if is_same {
        unfinished.upload_id = Some(upload_id);
        // If this fails, the next run hashes the file again.
        let _ = memory.remember(&unfinished);
        return Ok((unfinished, Vec::new()));
    }
    // The old upload is useless. If aborting fails, the upload expires.
    let _ = item.api.abort_upload(upload_id).await;
    memory.forget();
    Ok((unfinished, chunks))
}
