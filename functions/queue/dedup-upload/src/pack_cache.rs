//! Keeps pack indexes from message to message. An index never changes.

use lru::LruCache;
use sluice_domain::dedup::KnownPack;
use sluice_domain::id::PackId;
use std::sync::{Arc, Mutex, PoisonError};

/// How many chunks the cached indexes have in total, at most. A chunk takes about 100 bytes.
const CHUNKS_MAX: usize = 300_000;

/// The pack indexes that were used last.
#[derive(Debug)]
pub struct PackCache(Mutex<Cached>);

#[derive(Debug)]
struct Cached {
    packs: LruCache<PackId, Arc<KnownPack>>,
    chunk_count: usize,
}

impl PackCache {
    pub fn new() -> Self {
        Self(Mutex::new(Cached { packs: LruCache::unbounded(), chunk_count: 0 }))
    }

    pub fn get(&self, pack: PackId) -> Option<Arc<KnownPack>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).packs.get(&pack).cloned()
    }

    /// Adds a pack, and evicts those that were not used for the longest time if there are too many chunks.
    pub fn insert(&self, pack: &Arc<KnownPack>) {
        let chunk_count = |pack: &KnownPack| pack.index().chunks().len();
        let mut cached = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        cached.chunk_count += chunk_count(pack);
        if let Some(same) = cached.packs.put(pack.index().pack_id(), pack.clone()) {
            cached.chunk_count -= chunk_count(&same);
        }
        while cached.chunk_count > CHUNKS_MAX
            && let Some((_, oldest)) = cached.packs.pop_lru()
        {
            cached.chunk_count -= chunk_count(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sluice_domain::chunk::Chunk;
    use sluice_domain::hash::ChunkId;
    use sluice_domain::pack::PACK_MAX_CHUNKS;
    use sluice_domain::pack_index::PackIndex;

    fn pack_id(number: u8) -> PackId {
        PackId::from_bytes([number; 16])
    }

    fn full_pack(number: u8) -> Arc<KnownPack> {
        let chunk = Chunk::new(ChunkId::of(b""), 1).expect("a chunk");
        let index = PackIndex::new(pack_id(number), vec![chunk; PACK_MAX_CHUNKS as usize]).expect("a pack");
        Arc::new(KnownPack::new(index))
    }

    #[test]
    fn the_packs_used_last_stay() {
        let cache = PackCache::new();
        let fit = u8::try_from(CHUNKS_MAX / PACK_MAX_CHUNKS as usize).expect("a small number");
        (0..fit).for_each(|number| cache.insert(&full_pack(number)));
        assert!(cache.get(pack_id(0)).is_some());
        cache.insert(&full_pack(fit));
        assert!(cache.get(pack_id(1)).is_none(), "it was not used for the longest time");
        assert!(cache.get(pack_id(0)).is_some());
        assert!(cache.get(pack_id(fit)).is_some());
    }

    #[test]
    fn a_pack_that_is_inserted_again_counts_once() {
        let cache = PackCache::new();
        cache.insert(&full_pack(1));
        for _ in 0..2 * CHUNKS_MAX / PACK_MAX_CHUNKS as usize {
            cache.insert(&full_pack(2));
        }
        assert!(cache.get(pack_id(1)).is_some());
    }
}
