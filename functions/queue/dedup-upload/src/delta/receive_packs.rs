//! Receives the packs that a client has sent into the vault.

use bytes::Bytes;
use futures::stream::{self, StreamExt, TryStreamExt};
use sha2::Digest as _;
use sluice_contracts::packs::PackManifest;
use sluice_domain::chunk::Chunk;
use sluice_domain::hash::{ChunkId, Sha256};
use sluice_domain::id::PackId;
use sluice_domain::key::ObjectKey;
use sluice_domain::pack_index::PackIndex;
use sluice_domain::part_plan::PartNumber;
use sluice_domain::upload::{DeclaredPack, Upload};
use sluice_storage::{Copy, GetOptions};

use crate::app::{App, RANGE_BYTES};
use crate::error::DedupError;
use crate::pack_ids::received_pack_id;
use crate::vault::{self, NewPack};

/// How many packs are received at once.
const PACKS_IN_FLIGHT: usize = 2;

/// How many ranges of a pack are read ahead.
const READS_AHEAD: usize = 2;

/// What came of receiving all packs.
pub enum ReceiveResult {
    /// All packs are in the vault, in the order of their numbers.
    Received(Vec<PackId>),
    /// A pack is not in the landing bucket, or not any more.
    Missing,
    /// A pack is not what was declared. Those before it are in the vault.
    Mismatch { received: Vec<PackId> },
}

enum ReceivedPack {
    InVault(PackId),
    Missing,
    Mismatch,
}

/// Receives the declared packs. The manifest was checked against them.
pub async fn receive_packs(
    app: &App,
    upload: &Upload,
    declared: &[DeclaredPack],
    manifest: &PackManifest,
) -> Result<ReceiveResult, DedupError> {
    let packs = (1..).zip(declared.iter().copied()).zip(manifest.packs.iter().cloned());
    let mut packs = stream::iter(packs)
        .map(|((number, declared), lengths)| receive_pack(app, upload, number, declared, lengths))
        .buffered(PACKS_IN_FLIGHT);
    let mut received = Vec::new();
    while let Some(pack) = packs.try_next().await? {
        match pack {
            ReceivedPack::InVault(pack) => received.push(pack),
            ReceivedPack::Missing => return Ok(ReceiveResult::Missing),
            ReceivedPack::Mismatch => return Ok(ReceiveResult::Mismatch { received }),
        }
    }
    Ok(ReceiveResult::Received(received))
}

/// Has the store copy a pack, reads the copy, and writes an index of the chunks that it really has. Their
/// lengths are those of the manifest, which add up to the declared size.
async fn receive_pack(
    app: &App,
    upload: &Upload,
    number: u32,
    declared: DeclaredPack,
    lengths: Vec<u32>,
) -> Result<ReceivedPack, DedupError> {
    let Upload { account_id, created_at, .. } = *upload;
    let Ok(part) = PartNumber::try_from(number) else { return Ok(ReceivedPack::Mismatch) };
    let source_key = upload.landing_key().pack(part);
    let Some(head) = app.landing.head(&source_key).await? else { return Ok(ReceivedPack::Missing) };
    if head.size != u64::from(declared.size) {
        return Ok(ReceivedPack::Mismatch);
    }
    let pack_id = received_pack_id(upload, number, &head.etag);
    let target_key = ObjectKey::pack(account_id, pack_id);
    let copy = Copy {
        source: &app.landing,
        source_key: &source_key,
        head: &head,
        target: &app.vault,
        target_key: &target_key,
    };
    copy.whole().await?;
    let (sha256, chunks) = read(app, &target_key, head.size, &lengths).await?;
    let index = PackIndex::new(pack_id, chunks).ok().filter(|_| sha256 == declared.sha256);
    let Some(index) = index else {
        app.vault.delete(&target_key).await?;
        return Ok(ReceivedPack::Mismatch);
    };
    let pack = NewPack { account_id, index: &index, object: (&target_key, 0), references: 0, created_at };
    vault::create_pack(app, pack).await?;
    Ok(ReceivedPack::InVault(pack_id))
}

/// Reads the copy of a pack. Returns its SHA-256 and its chunks, which have these lengths.
async fn read(
    app: &App,
    key: &ObjectKey,
    size: u64,
    lengths: &[u32],
) -> Result<(Sha256, Vec<Chunk>), DedupError> {
    let starts = (0..size).step_by(RANGE_BYTES as usize);
    let mut reads = stream::iter(starts)
        .map(|start| app.vault.get(key, GetOptions::range(start..size.min(start + RANGE_BYTES))))
        .buffered(READS_AHEAD);
    let mut cutter = Cutter::default();
    while let Some(object) = reads.try_next().await? {
        let lengths = lengths[cutter.chunks.len()..].to_vec();
        cutter = tokio::task::spawn_blocking(move || cutter.update(&object.bytes, &lengths)).await?;
    }
    let sha256: [u8; Sha256::LENGTH] = cutter.sha256.finalize().into();
    Ok((sha256.into(), cutter.chunks))
}

/// Hashes a pack and cuts it into chunks of given lengths.
#[derive(Default)]
struct Cutter {
    sha256: sha2::Sha256,
    chunks: Vec<Chunk>,
    /// The start of a chunk that has not been read to its end.
    carry: Vec<u8>,
}

impl Cutter {
    /// Takes the next bytes. `lengths` are those of the chunks that are not cut yet.
    fn update(mut self, bytes: &Bytes, lengths: &[u32]) -> Self {
        self.sha256.update(bytes);
        self.carry.extend_from_slice(bytes);
        let mut start = 0;
        for length in lengths {
            let end = start + *length as usize;
            let Some(chunk) = self.carry.get(start..end) else { break };
            self.chunks.extend(Chunk::new(ChunkId::of(chunk), *length));
            start = end;
        }
        self.carry.drain(..start);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn chunks_do_not_depend_on_the_ranges_in_which_a_pack_is_read(
            lengths in prop::collection::vec(1_u32..50, 1..20),
            range_bytes in 1_usize..200,
        ) {
            let size = lengths.iter().sum::<u32>() as usize;
            let pack: Vec<u8> = (0..size).map(|number| (number * 7 % 251) as u8).collect();
            let mut cutter = Cutter::default();
            for range in pack.chunks(range_bytes) {
                let rest = lengths[cutter.chunks.len()..].to_vec();
                cutter = cutter.update(&Bytes::copy_from_slice(range), &rest);
            }
            let mut expected = Vec::new();
            let mut rest = &pack[..];
            for length in &lengths {
                let (chunk, after) = rest.split_at(*length as usize);
                expected.push(Chunk::new(ChunkId::of(chunk), *length).expect("a chunk"));
                rest = after;
            }
            prop_assert_eq!(cutter.chunks, expected);
            prop_assert!(cutter.carry.is_empty());
            let sha256: [u8; Sha256::LENGTH] = cutter.sha256.finalize().into();
            prop_assert_eq!(Sha256::from(sha256), Sha256::of(&pack));
        }
    }
}
