//! The packs of a content, and reading chunks from them.

use bytes::Bytes;
use futures::stream::{self, StreamExt, TryStreamExt};
use sluice_domain::content::{Content, Placement};
use sluice_domain::hash::ChunkId;
use sluice_domain::id::PackId;
use sluice_domain::key::ObjectKey;
use sluice_domain::manifest::{Manifest, Term};
use sluice_domain::pack_index::PackIndex;
use sluice_storage::read_table;
use std::collections::{BTreeMap, BTreeSet};

use crate::App;
use crate::error::MaterializeError;

/// How many indexes or ranges are read at once.
const READS_IN_FLIGHT: usize = 8;

/// Where packs lie and which chunks they hold.
pub type Packs = BTreeMap<PackId, (Placement, PackIndex)>;

/// The terms of a content and their packs.
pub async fn load(app: &App, content: &Content) -> Result<(Vec<Term>, Packs), MaterializeError> {
    let manifest = Manifest::decode(&read_table(&app.vault, &content.manifest).await?)?;
    let ids: BTreeSet<PackId> = manifest.terms().iter().map(|term| term.pack_id).collect();
    let rows = app.tables.packs(&ids.into_iter().collect::<Vec<_>>()).await?;
    let own = rows.into_iter().filter(|row| row.account_id == content.account_id);
    let packs = stream::iter(own)
        .map(|row| async move {
            let index = PackIndex::decode(&read_table(&app.vault, &row.index).await?)?;
            Ok::<_, MaterializeError>((row.pack_id, (row.placement, index)))
        })
        .buffer_unordered(READS_IN_FLIGHT)
        .try_collect()
        .await?;
    Ok((manifest.terms().to_vec(), packs))
}

/// The bytes of these terms, end to end, every chunk checked.
pub async fn read(app: &App, terms: &[Term], packs: &Packs) -> Result<Vec<u8>, MaterializeError> {
    let mut reads =
        stream::iter(terms.to_vec()).map(|term| read_one(app, term, packs)).buffered(READS_IN_FLIGHT);
    let mut bytes = Vec::new();
    while let Some(run) = reads.try_next().await? {
        bytes.extend_from_slice(&run);
    }
    Ok(bytes)
}

async fn read_one(app: &App, term: Term, packs: &Packs) -> Result<Bytes, MaterializeError> {
    let (placement, index) = &packs[&term.pack_id];
    let (first, end) = (term.first_chunk as usize, (term.first_chunk + term.chunk_count) as usize);
    let start = placement.offset + index.raw_range(0, term.first_chunk).map_or(0, |before| before.end);
    let key = ObjectKey::from_stored(&*placement.key);
    let bytes = app.vault.get_range(&key, None, start..start + u64::from(term.raw_length_bytes)).await?;
    let mut rest = bytes.clone();
    for (position, chunk) in (term.first_chunk..).zip(&index.chunks()[first..end]) {
        if ChunkId::of(&rest.split_to(chunk.length_bytes() as usize)) != chunk.id() {
            return Err(MaterializeError::ChunkDamaged { pack: term.pack_id, chunk: position });
        }
    }
    Ok(bytes)
}
