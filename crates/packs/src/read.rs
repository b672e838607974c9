//! Reads runs of chunks, whatever the store and encoding of their pack.

use bytes::Bytes;
use sluice_domain::blob::{Blob, Pack, Placement};
use sluice_domain::chunk::Chunk;
use sluice_domain::extent::Extent;
use sluice_domain::hash::ChunkId;
use sluice_domain::id::PackId;
use sluice_domain::key::ObjectKey;
use sluice_domain::manifest::{Manifest, Term};
use sluice_domain::pack_index::PackIndex;
use sluice_domain::time::Timestamp;
use sluice_storage::stores::PackBuckets;
use sluice_storage::{Chain, GetOptions, read_attachment};

use crate::error::PackError;

/// Consecutive chunks of a pack.
#[derive(Debug, Clone, Copy)]
pub struct Run<'a> {
    pub pack: &'a Pack,
    pub index: &'a PackIndex,
    pub first_chunk: u32,
    pub chunk_count: u32,
}

/// Reads the chunks of a run and checks each. If the present placement of the pack fails, its former one is
/// tried for as long as the object is kept.
pub async fn read_run(buckets: &PackBuckets, run: Run<'_>, now: Timestamp) -> Result<Bytes, PackError> {
    let error = match read_at(buckets, run, &run.pack.placement).await {
        Ok(bytes) => return Ok(bytes),
        Err(error) => error,
    };
    let former = run.pack.former.as_ref().filter(|former| former.until > now);
    let Some(former) = former else { return Err(error) };
    tracing::error!(
        error = %Chain(&error),
        pack = %run.pack.pack_id,
        "a pack is read at its former placement"
    );
    read_at(buckets, run, &former.placement).await.map_err(|_| error)
}

async fn read_at(buckets: &PackBuckets, run: Run<'_>, placement: &Placement) -> Result<Bytes, PackError> {
    let pack = run.pack.pack_id;
    let extent = placement.extent(run.index, run.first_chunk, run.chunk_count);
    let extent = extent.ok_or(PackError::NoSuchChunks(pack))?;
    let stored = read_stored(buckets, placement, &extent).await?;
    let first = run.first_chunk;
    let chunks = &run.index.chunks()[first as usize..(first + run.chunk_count) as usize];
    let raw = extent.decode(stored).map_err(|error| PackError::Frame { pack, error })?;
    check(pack, first, chunks, &raw)?;
    Ok(raw)
}

/// Reads the bytes of an extent as they are stored.
pub(crate) async fn read_stored(
    buckets: &PackBuckets,
    placement: &Placement,
    extent: &Extent,
) -> Result<Bytes, PackError> {
    let bucket = buckets.get(&placement.store)?;
    let key = ObjectKey::from_stored(&*placement.key);
    Ok(bucket.get(&key, GetOptions::range(extent.range.clone())).await?.bytes)
}

/// Checks that `raw` is these chunks of the pack. `first` is the number of the first of them.
pub(crate) fn check(pack: PackId, first: u32, chunks: &[Chunk], raw: &[u8]) -> Result<(), PackError> {
    let mut rest = raw;
    for (number, chunk) in (first..).zip(chunks) {
        let bytes = rest.split_off(..chunk.length_bytes() as usize);
        if bytes.map(ChunkId::of) != Some(chunk.id()) {
            return Err(PackError::ChunkDamaged { pack, chunk: number });
        }
    }
    Ok(())
}

pub async fn read_index(buckets: &PackBuckets, pack: &Pack) -> Result<PackIndex, PackError> {
    Ok(PackIndex::decode(&read_attachment(buckets.vault(), &pack.index).await?)?)
}

/// Reads the manifest of a blob.
pub async fn read_terms(buckets: &PackBuckets, blob: &Blob) -> Result<Vec<Term>, PackError> {
    let manifest = Manifest::decode(&read_attachment(buckets.vault(), &blob.manifest).await?)?;
    Ok(manifest.terms().to_vec())
}
