//! Stored packs whose chunks can be looked up. Their indexes never change, and are kept from message to message.

use futures::stream::{self, StreamExt, TryStreamExt};
use lru::LruCache;
use sluice_domain::blob::{Life, Pack};
use sluice_domain::dedup::KnownPack;
use sluice_domain::id::{AccountId, PackId};
use sluice_domain::pack_index::PackIndex;
use sluice_storage::{ErrorKind, read_attachment};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::App;
use crate::error::DedupError;

/// How many chunks the kept indexes have together, at most: about 100 bytes each.
const KEPT_MAX_CHUNKS: usize = 300_000;

/// How many pack indexes are read at once.
const READS_IN_FLIGHT: usize = 8;

/// A pack to which references may be taken, as of now.
pub struct StoredPack {
    pub row: Pack,
    pub known: Arc<KnownPack>,
}

/// Indexes that were read lately.
#[derive(Debug)]
pub struct KnownPacks(Mutex<Kept>);

#[derive(Debug)]
struct Kept {
    packs: LruCache<PackId, Arc<KnownPack>>,
    chunks: usize,
}

impl KnownPacks {
    pub fn new() -> Self {
        Self(Mutex::new(Kept { packs: LruCache::unbounded(), chunks: 0 }))
    }

    fn get(&self, pack: PackId) -> Option<Arc<KnownPack>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).packs.get(&pack).cloned()
    }

    fn keep(&self, known: &Arc<KnownPack>) {
        let chunks = |known: &KnownPack| known.index().chunks().len();
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.chunks += chunks(known);
        if let Some(same) = kept.packs.put(known.index().pack_id(), known.clone()) {
            kept.chunks -= chunks(&same);
        }
        while kept.chunks > KEPT_MAX_CHUNKS
            && let Some((_, oldest)) = kept.packs.pop_lru()
        {
            kept.chunks -= chunks(&oldest);
        }
    }
}

/// Those of the packs that are the account's, live and readable, in the order of the ids. No id may be there twice.
pub async fn load(app: &App, account: AccountId, ids: &[PackId]) -> Result<Vec<StoredPack>, DedupError> {
    let rows = app.tables.packs(ids).await?;
    let own = rows.into_iter().filter(|row| row.account_id == account && row.life == Life::Live);
    let mut rows: HashMap<PackId, Pack> = own.map(|row| (row.pack_id, row)).collect();
    let rows: Vec<Pack> = ids.iter().filter_map(|id| rows.remove(id)).collect();
    stream::iter(rows)
        .map(|row| async move { Ok(index(app, &row).await?.map(|known| StoredPack { row, known })) })
        .buffered(READS_IN_FLIGHT)
        .try_filter_map(|pack| async move { Ok(pack) })
        .try_collect()
        .await
}

/// A pack whose index is damaged or gone is as good as unknown: blob is then stored once more, not refused.
async fn index(app: &App, row: &Pack) -> Result<Option<Arc<KnownPack>>, DedupError> {
    if let Some(known) = app.known.get(row.pack_id) {
        return Ok(Some(known));
    }
    let bytes = match read_attachment(&app.vault, &row.index).await {
        Err(error) if error.kind == ErrorKind::NotFound => None,
        read => Some(read?),
    };
    let decoded = bytes.and_then(|bytes| PackIndex::decode(&bytes).ok());
    let Some(index) = decoded.filter(|index| index.pack_id() == row.pack_id) else {
        tracing::error!(pack = %row.pack_id, "a pack's index cannot be read");
        return Ok(None);
    };
    let known = Arc::new(KnownPack::new(index));
    app.known.keep(&known);
    Ok(Some(known))
}
