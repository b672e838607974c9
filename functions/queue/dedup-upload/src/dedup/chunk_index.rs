//! Makes the chunks of published blobs findable.

use sluice_domain::blob::Blob;
use sluice_domain::dedup::hooks;
use sluice_domain::hash::ChunkId;
use sluice_domain::id::{AccountId, PackId};

use super::{lookup, reusable_packs};
use crate::app::App;
use crate::error::DedupError;

/// How many packs' indexes are in memory at once.
const INDEXES_IN_MEMORY: usize = 16;

/// Adds sampled chunks to the chunk index.
pub async fn add_hooks(app: &App, account: AccountId, hooks: &[(ChunkId, PackId)]) -> Result<(), DedupError> {
    Ok(app.tables.put_hooks(account, &one_pack_per_hook(hooks)).await?)
}

fn one_pack_per_hook(hooks: &[(ChunkId, PackId)]) -> Vec<(ChunkId, PackId)> {
    let mut hooks = hooks.to_vec();
    hooks.sort_unstable();
    hooks.dedup_by_key(|(chunk, _)| *chunk);
    hooks
}

/// Adds a published blob to the chunk index, from the indexes of its packs.
pub async fn add_blob(app: &App, blob: &Blob) -> Result<(), DedupError> {
    for packs in lookup::packs_of(app, blob).await?.chunks(INDEXES_IN_MEMORY) {
        let packs = reusable_packs::load(app, blob.account_id, packs).await?;
        let indexes = packs.iter().map(|pack| pack.known.index());
        let hooks: Vec<_> = indexes
            .flat_map(|index| hooks(index.chunks()).into_iter().map(|hook| (hook, index.pack_id())))
            .collect();
        add_hooks(app, blob.account_id, &hooks).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hook_that_several_packs_have_leads_to_one() {
        let pack = |number| PackId::from_bytes([number; 16]);
        let first = ChunkId::of(b"first");
        let second = ChunkId::of(b"second");
        let mut expected = vec![(first, pack(1)), (second, pack(2))];
        expected.sort_unstable();
        assert_eq!(one_pack_per_hook(&[(second, pack(2)), (first, pack(3)), (first, pack(1))]), expected);
    }
}
