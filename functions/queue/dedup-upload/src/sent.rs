//! Taking one pack that a client has sent into the vault.

use bytes::Bytes;
use futures::stream::{self, StreamExt, TryStreamExt};
use sha2::Digest as _;
use sluice_domain::chunk::Chunk;
use sluice_domain::hash::{ChunkId, Sha256};
use sluice_domain::id::PackId;
use sluice_domain::key::ObjectKey;
use sluice_domain::pack_index::PackIndex;
use sluice_domain::part_plan::PartNumber;
use sluice_domain::upload::{DeclaredPack, Upload};
use sluice_storage::copy::Copy;

use crate::App;
use crate::delta::sent_pack_id;
use crate::error::DedupError;
use crate::scan::RANGE_BYTES;
use crate::writer;

/// How many ranges of a pack are read ahead.
const READS_AHEAD: usize = 2;

/// What there is of a pack.
pub enum Sent {
    /// It is in the vault.
    Pack(PackId),
    /// It is not in the landing bucket (any more).
    Missing,
    /// It is not what was declared.
    Mismatch,
}

/// Has the store copy the pack, reads it back, and writes its index from the chunks that it really has. `lengths` are
/// those that the manifest says, and add up to the declared size.
pub async fn take_in(
    app: &App,
    upload: &Upload,
    number: u32,
    declared: DeclaredPack,
    lengths: Vec<u32>,
) -> Result<Sent, DedupError> {
    let Ok(part) = PartNumber::try_from(number) else { return Ok(Sent::Mismatch) };
    let source_key = upload.landing_key().pack(part);
    let Some(head) = app.landing.head(&source_key).await? else { return Ok(Sent::Missing) };
    if head.size != u64::from(declared.size) {
        return Ok(Sent::Mismatch);
    }
    let pack_id = sent_pack_id(upload, number, &head.etag);
    let target_key = ObjectKey::pack(upload.account_id, pack_id);
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
        return Ok(Sent::Mismatch);
    };
    writer::create(app, upload.account_id, &index, &target_key, upload.created_at).await?;
    Ok(Sent::Pack(pack_id))
}

/// Reads the pack as it lies in the vault: its SHA-256, and its chunks by these lengths.
async fn read(
    app: &App,
    key: &ObjectKey,
    size: u64,
    lengths: &[u32],
) -> Result<(Sha256, Vec<Chunk>), DedupError> {
    let starts = (0..size).step_by(RANGE_BYTES as usize);
    let mut reads = stream::iter(starts)
        .map(|start| app.vault.get_range(key, None, start..size.min(start + RANGE_BYTES)))
        .buffered(READS_AHEAD);
    let mut cutter = Cutter { sha256: sha2::Sha256::new(), chunks: Vec::new(), carry: Vec::new() };
    while let Some(bytes) = reads.try_next().await? {
        let lengths = lengths[cutter.chunks.len()..].to_vec();
        cutter = tokio::task::spawn_blocking(move || cutter.update(&bytes, &lengths)).await?;
    }
    let sha256: [u8; Sha256::LENGTH] = cutter.sha256.finalize().into();
    Ok((sha256.into(), cutter.chunks))
}

/// Cuts where it is told to.
struct Cutter {
    sha256: sha2::Sha256,
    chunks: Vec<Chunk>,
    /// The beginning of a chunk whose end has not been read.
    carry: Vec<u8>,
}

impl Cutter {
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
