//! Loads the packs to which a new blob may refer.

use futures::stream::{self, StreamExt, TryStreamExt};
use sluice_domain::blob::{Life, Pack};
use sluice_domain::dedup::KnownPack;
use sluice_domain::id::{AccountId, PackId};
use sluice_domain::pack_index::PackIndex;
use sluice_storage::{ErrorKind, read_attachment};
use std::collections::HashMap;
use std::sync::Arc;

use crate::app::App;
use crate::error::DedupError;

/// How many pack indexes are read at once.
const READS_IN_FLIGHT: usize = 8;

/// A pack that was live when its row was read.
pub struct ReusablePack {
    pub row: Pack,
    pub known: Arc<KnownPack>,
}

/// Loads those of the packs that belong to the account, are live and have a readable index, in the order of
/// `ids`. No id may occur twice.
pub async fn load(app: &App, account: AccountId, ids: &[PackId]) -> Result<Vec<ReusablePack>, DedupError> {
    let rows = reusable(app.tables.packs(ids).await?, account, ids);
    stream::iter(rows)
        .map(|row| async move { Ok(load_index(app, &row).await?.map(|known| ReusablePack { row, known })) })
        .buffered(READS_IN_FLIGHT)
        .try_filter_map(|pack| async move { Ok(pack) })
        .try_collect()
        .await
}

fn reusable(rows: Vec<Pack>, account: AccountId, ids: &[PackId]) -> Vec<Pack> {
    let own = rows.into_iter().filter(|row| row.account_id == account && row.life == Life::Live);
    let mut own: HashMap<PackId, Pack> = own.map(|row| (row.pack_id, row)).collect();
    ids.iter().filter_map(|id| own.remove(id)).collect()
}

/// A pack with a damaged or missing index counts as unknown: its chunks are then stored once more, and the
/// upload is not refused.
async fn load_index(app: &App, row: &Pack) -> Result<Option<Arc<KnownPack>>, DedupError> {
    if let Some(known) = app.pack_cache.get(row.pack_id) {
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
    app.pack_cache.insert(&known);
    Ok(Some(known))
}

#[cfg(test)]
mod tests {
    use super::*;
    use sluice_domain::blob::{Attachment, Placement};
    use sluice_domain::time::Timestamp;

    fn row(number: u8, account: u8, life: Life) -> Pack {
        Pack {
            pack_id: PackId::from_bytes([number; 16]),
            account_id: AccountId::from_bytes([account; 16]),
            life,
            references: 1,
            size: 1,
            chunk_count: 1,
            index: Attachment::Inline(Vec::new()),
            placement: Placement::first(String::new(), 0, 1),
            former: None,
            created_at: Timestamp::from_unix_milliseconds(0),
        }
    }

    #[test]
    fn only_live_packs_of_the_account_are_reusable() {
        let rows = vec![
            row(3, 1, Life::Live),
            row(2, 1, Life::Condemned),
            row(1, 2, Life::Live),
            row(4, 1, Life::Live),
        ];
        let ids: Vec<PackId> = (1..=5).rev().map(|number| PackId::from_bytes([number; 16])).collect();
        let reusable = reusable(rows, AccountId::from_bytes([1; 16]), &ids);
        assert_eq!(reusable.iter().map(|row| row.pack_id).collect::<Vec<_>>(), [ids[1], ids[2]]);
    }
}
