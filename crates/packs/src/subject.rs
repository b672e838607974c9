//! Which packs an event is about.

use sluice_contracts::pack_event::Subject;
use sluice_domain::blob::{Blob, Life, Pack};
use sluice_domain::id::{AccountId, PackId};
use sluice_storage::Tables;
use sluice_storage::stores::PackBuckets;
use std::collections::HashSet;

use crate::error::PackError;
use crate::read::read_terms;

/// How many rows are read at once.
const ROWS_AT_ONCE: usize = 100;

/// The packs of an event, and their blob if it was adopted.
#[derive(Debug)]
pub struct Packs {
    /// In the order of the blob's bytes, each once.
    pub ids: Vec<PackId>,
    /// The blob whose object they may be ranges of.
    pub blob: Option<Blob>,
}

/// Looks up which packs are meant. None at all if the blob is gone.
pub async fn find(
    tables: &Tables,
    buckets: &PackBuckets,
    account: AccountId,
    subject: &Subject,
) -> Result<Packs, PackError> {
    let sha256 = match subject {
        Subject::Packs(ids) => return Ok(Packs { ids: ids.clone(), blob: None }),
        Subject::Blob(sha256) => sha256,
    };
    let Some(blob) = tables.blob(account, sha256).await?.filter(|blob| blob.life == Life::Live) else {
        return Ok(Packs { ids: Vec::new(), blob: None });
    };
    let mut seen = HashSet::new();
    let terms = read_terms(buckets, &blob).await?;
    let ids = terms.iter().map(|term| term.pack_id).filter(|pack| seen.insert(*pack)).collect();
    Ok(Packs { ids, blob: Some(blob) })
}

impl Packs {
    /// The packs in batches: their rows are read when their turn comes.
    pub fn batches(&self) -> impl Iterator<Item = &[PackId]> {
        self.ids.chunks(ROWS_AT_ONCE)
    }

    /// Whether a pack is a range of the blob's object.
    pub fn is_in_object(&self, pack: &Pack) -> bool {
        let object_key = self.blob.as_ref().and_then(|blob| blob.object_key.as_ref());
        object_key == Some(&pack.placement.key)
    }
}

/// Those of the packs that are the account's and live.
pub async fn rows(tables: &Tables, account: AccountId, ids: &[PackId]) -> Result<Vec<Pack>, PackError> {
    let mut rows = tables.packs(ids).await?;
    rows.retain(|row| row.account_id == account && row.life == Life::Live);
    Ok(rows)
}
