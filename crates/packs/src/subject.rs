//! Which packs an event is about.

use sluice_contracts::pack_event::Subject;
use sluice_domain::content::{Content, Life, Pack};
use sluice_domain::id::{AccountId, PackId};
use sluice_storage::Tables;
use sluice_storage::stores::PackBuckets;
use std::collections::HashSet;

use crate::error::PackError;
use crate::read::read_terms;

/// How many rows are read at once.
const ROWS_AT_ONCE: usize = 100;

/// The packs of an event, and their content if it was adopted.
#[derive(Debug)]
pub struct Packs {
    /// In the order of the content's bytes, each once.
    pub ids: Vec<PackId>,
    /// The content whose object they may be ranges of.
    pub content: Option<Content>,
}

/// Looks up which packs are meant. None at all if the content is gone.
pub async fn find(
    tables: &Tables,
    buckets: &PackBuckets,
    account: AccountId,
    subject: &Subject,
) -> Result<Packs, PackError> {
    let sha256 = match subject {
        Subject::Packs(ids) => return Ok(Packs { ids: ids.clone(), content: None }),
        Subject::Content(sha256) => sha256,
    };
    let Some(content) = tables.content(account, sha256).await?.filter(|content| content.life == Life::Live)
    else {
        return Ok(Packs { ids: Vec::new(), content: None });
    };
    let mut seen = HashSet::new();
    let terms = read_terms(buckets, &content).await?;
    let ids = terms.iter().map(|term| term.pack_id).filter(|pack| seen.insert(*pack)).collect();
    Ok(Packs { ids, content: Some(content) })
}

impl Packs {
    /// The packs in batches: their rows are read when their turn comes.
    pub fn batches(&self) -> impl Iterator<Item = &[PackId]> {
        self.ids.chunks(ROWS_AT_ONCE)
    }

    /// Whether a pack is a range of the content's object.
    pub fn is_in_object(&self, pack: &Pack) -> bool {
        let object_key = self.content.as_ref().and_then(|content| content.object_key.as_ref());
        object_key == Some(&pack.placement.key)
    }
}

/// Those of the packs that are the account's and live.
pub async fn rows(tables: &Tables, account: AccountId, ids: &[PackId]) -> Result<Vec<Pack>, PackError> {
    let mut rows = tables.packs(ids).await?;
    rows.retain(|row| row.account_id == account && row.life == Life::Live);
    Ok(rows)
}
