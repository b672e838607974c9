//! Loads the packs of a blob, and reads chunks from them.

use bytes::Bytes;
use futures::stream::{self, StreamExt, TryStreamExt};
use sluice_deployment::clock;
use sluice_domain::blob::{Blob, Pack};
use sluice_domain::id::PackId;
use sluice_domain::manifest::Term;
use sluice_domain::pack_index::PackIndex;
use sluice_packs::PackError;
use sluice_packs::read::{Run, read_index, read_run, read_terms};
use std::collections::{BTreeMap, BTreeSet};

use crate::app::App;

/// How many indexes or ranges are read at once.
const READS_IN_FLIGHT: usize = 8;

/// The rows and indexes of packs.
pub type Packs = BTreeMap<PackId, (Pack, PackIndex)>;

/// Loads the terms of a blob and their packs.
pub async fn load(app: &App, blob: &Blob) -> Result<(Vec<Term>, Packs), PackError> {
    let terms = read_terms(&app.packs, blob).await?;
    let ids: BTreeSet<PackId> = terms.iter().map(|term| term.pack_id).collect();
    let rows = app.tables.packs(&ids.into_iter().collect::<Vec<_>>()).await?;
    let own = rows.into_iter().filter(|row| row.account_id == blob.account_id);
    let packs = stream::iter(own)
        .map(|row| async move {
            let index = read_index(&app.packs, &row).await?;
            Ok::<_, PackError>((row.pack_id, (row, index)))
        })
        .buffer_unordered(READS_IN_FLIGHT)
        .try_collect()
        .await?;
    Ok((terms, packs))
}

/// Reads and concatenates the bytes of these terms. Every chunk is checked.
pub async fn read(app: &App, terms: &[Term], packs: &Packs) -> Result<Vec<u8>, PackError> {
    let mut reads =
        stream::iter(terms.to_vec()).map(|term| read_one(app, term, packs)).buffered(READS_IN_FLIGHT);
    let mut bytes = Vec::new();
    while let Some(run) = reads.try_next().await? {
        bytes.extend_from_slice(&run);
    }
    Ok(bytes)
}

async fn read_one(app: &App, term: Term, packs: &Packs) -> Result<Bytes, PackError> {
    let (pack, index) = &packs[&term.pack_id];
    let Term { first_chunk, chunk_count, .. } = term;
    read_run(&app.packs, Run { pack, index, first_chunk, chunk_count }, clock::now()).await
}
