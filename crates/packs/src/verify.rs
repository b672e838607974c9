//! Checks a whole pack without changing anything.

use crc_fast::{CrcAlgorithm, Digest};
use sha2::Digest as _;
use sluice_domain::blob::Pack;
use sluice_domain::hash::Sha256;
use sluice_domain::key::ObjectKey;
use sluice_domain::pack_index::PackIndex;
use sluice_storage::GetOptions;
use sluice_storage::stores::PackBuckets;

use crate::encode::{Form, pieces};
use crate::error::PackError;
use crate::pace::Pace;
use crate::read::read_stored;

/// A pack as it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VerifiedPack {
    /// The stored length in bytes.
    pub length: u64,
    /// The SHA-256 of the stored bytes.
    pub sha256: Sha256,
    /// The CRC-64/XZ of the stored bytes.
    pub crc64: u64,
}

/// Reads a whole pack and checks every chunk. Holds two pieces of 4 MiB in memory.
///
/// # Errors
/// `ChunkDamaged` or `Frame` if the pack is damaged, `Storage` if it cannot be read.
pub async fn verify(
    buckets: &PackBuckets,
    pack: &Pack,
    index: &PackIndex,
    bandwidth: &Pace,
) -> Result<VerifiedPack, PackError> {
    let placement = &pack.placement;
    let pieces = pieces(pack, index).ok_or(PackError::NoSuchChunks(pack.pack_id))?;
    let mut digests = (sha2::Sha256::new(), Digest::new(CrcAlgorithm::Crc64Xz));
    let mut end = placement.offset;
    for piece in pieces {
        bandwidth.wait(piece.extent.range.end - piece.extent.range.start).await;
        let stored = read_stored(buckets, placement, &piece.extent).await?;
        end = piece.extent.range.end;
        let pack_id = pack.pack_id;
        let index = index.clone();
        let work = move || {
            digests.0.update(&stored);
            digests.1.update(&stored);
            piece.encode(pack_id, &index, stored, Form::Unchanged).map(|_| digests)
        };
        let worked = tokio::task::spawn_blocking(work).await;
        digests = worked.map_err(|error| PackError::Compressor(error.to_string()))??;
    }
    // The rest is the seek table.
    let tail = end..placement.offset + placement.length;
    if !tail.is_empty() {
        let key = ObjectKey::from_stored(&*placement.key);
        let stored = buckets.get(&placement.store)?.get(&key, GetOptions::range(tail)).await?.bytes;
        digests.0.update(&stored);
        digests.1.update(&stored);
    }
    let sha256 = <[u8; Sha256::LENGTH]>::from(digests.0.finalize()).into();
    Ok(VerifiedPack { length: placement.length, sha256, crc64: digests.1.finalize() })
}
