//! Finds the packs that an event is about.

use sluice_contracts::pack_event::Subject;
use sluice_domain::blob::{Blob, Life, Pack};
use sluice_domain::id::{AccountId, PackId};
use sluice_storage::Tables;
use sluice_storage::stores::PackBuckets;
use std::collections::HashSet;

use crate::error::PackError;
use crate::read::read_terms;

/// The most rows that are read at once.
const ROWS_AT_ONCE: usize = 100;

/// The packs of an event, and the blob if the event names one.
#[derive(Debug)]
pub struct Packs {
    /// The ids, each once, in the order of the blob's bytes.
    pub ids: Vec<PackId>,
    /// The blob. Its packs may be ranges of its adopted object.
    pub blob: Option<Blob>,
}

/// Finds the packs of a subject. There are none if the blob is gone.
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
    /// The ids in batches, so that rows are read shortly before they are needed.
    pub fn batches(&self) -> impl Iterator<Item = &[PackId]> {
        self.ids.chunks(ROWS_AT_ONCE)
    }

    /// Whether a pack is a range of the blob's adopted object.
    pub fn is_in_object(&self, pack: &Pack) -> bool {
        let object_key = self.blob.as_ref().and_then(|blob| blob.object_key.as_ref());
        object_key == Some(&pack.placement.key)
    }
}

/// The rows of those packs that belong to the account and are live.
pub async fn rows(tables: &Tables, account: AccountId, ids: &[PackId]) -> Result<Vec<Pack>, PackError> {
    let mut rows = tables.packs(ids).await?;
    rows.retain(|row| row.account_id == account && row.life == Life::Live);
    Ok(rows)
}
