//! Writing new chunks into packs of their own.

use sluice_domain::blob::{Life, Pack, Placement};
use sluice_domain::chunk::Chunk;
use sluice_domain::dedup::{Run, hooks};
use sluice_domain::hash::ChunkId;
use sluice_domain::id::{AccountId, PackId, UploadId};
use sluice_domain::key::ObjectKey;
use sluice_domain::manifest::{Term, append};
use sluice_domain::pack::{PackCutter, PackDraft};
use sluice_domain::pack_index::PackIndex;
use sluice_domain::time::Timestamp;
use sluice_domain::upload::Upload;
use sluice_storage::StorageError;
use std::collections::HashMap;

use crate::App;
use crate::error::DedupError;
use crate::packs::save_attachment;

/// Gathers chunks and writes a pack whenever one is full: its object first, then its row, to which nobody refers yet.
pub struct PackWriter<'a> {
    app: &'a App,
    account_id: AccountId,
    upload_id: UploadId,
    created_at: Timestamp,
    cutter: PackCutter,
    bytes: Vec<u8>,
    written: Written,
}

/// Packs that were written, and where in them each chunk lies.
#[derive(Default)]
pub struct Written {
    /// The packs, by their ordinal.
    pub packs: Vec<PackId>,
    /// Their length together.
    pub bytes: u64,
    places: HashMap<ChunkId, Place>,
}

#[derive(Clone, Copy)]
struct Place {
    pack_ordinal: u32,
    position: u32,
}

impl<'a> PackWriter<'a> {
    /// Packs for this upload; others of its account may share them.
    pub fn new(app: &'a App, upload: &Upload) -> Self {
        let Upload { account_id, upload_id, created_at, .. } = *upload;
        let (cutter, bytes, written) = (PackCutter::new(), Vec::new(), Written::default());
        Self { app, account_id, upload_id, created_at, cutter, bytes, written }
    }

    /// Adds a chunk, unless it was added before. Gives how many bytes that took.
    pub async fn add(&mut self, chunk: Chunk, bytes: &[u8]) -> Result<u64, DedupError> {
        if self.written.places.contains_key(&chunk.id()) {
            return Ok(0);
        }
        if let Some(full) = self.cutter.push(chunk) {
            self.write(full).await?;
        }
        self.bytes.extend_from_slice(bytes);
        let position = self.cutter.open_chunks().len() as u32 - 1;
        let place = Place { pack_ordinal: self.cutter.ordinal(), position };
        self.written.places.insert(chunk.id(), place);
        Ok(bytes.len() as u64)
    }

    /// Writes the last pack.
    pub async fn finish(mut self) -> Result<Written, DedupError> {
        if let Some(last) = std::mem::take(&mut self.cutter).finish() {
            self.write(last).await?;
        }
        Ok(self.written)
    }

    async fn write(&mut self, draft: PackDraft) -> Result<(), DedupError> {
        let bytes = std::mem::take(&mut self.bytes);
        let size = bytes.len() as u64;
        let pack_id = self.pack_id(draft.chunks());
        let key = ObjectKey::pack(self.account_id, pack_id);
        self.app.vault.put(&key, bytes.into()).await?;
        create(self.app, self.account_id, &draft.into_index(pack_id), &key, self.created_at).await?;
        self.written.packs.push(pack_id);
        self.written.bytes += size;
        Ok(())
    }

    /// Of the chunks themselves: work that is repeated may find other chunks new than the first time, and then writes
    /// another pack rather than over the first one.
    fn pack_id(&self, chunks: &[Chunk]) -> PackId {
        let ids = chunks.iter().flat_map(|chunk| *chunk.id().as_bytes());
        let seed: Vec<u8> = self.upload_id.as_bytes().iter().copied().chain(ids).collect();
        PackId::derived(self.created_at, &seed)
    }
}

/// Writes the row of a pack that has an object of its own.
pub async fn create(
    app: &App,
    account_id: AccountId,
    index: &PackIndex,
    key: &ObjectKey,
    created_at: Timestamp,
) -> Result<(), DedupError> {
    let size = u64::from(index.raw_length_bytes());
    let placement = Placement::first(key.to_string(), 0, size);
    let (pack_id, chunk_count) = (index.pack_id(), index.chunks().len() as u32);
    let index = save_attachment(app, ObjectKey::pack_index(account_id, pack_id), index.encode()).await?;
    let (life, references) = (Life::Live, 0);
    let former = None;
    let row = Pack {
        pack_id,
        account_id,
        life,
        references,
        size,
        chunk_count,
        index,
        placement,
        former,
        created_at,
    };
    Ok(app.tables.create_pack(&row).await?)
}

/// Removes packs that were written for an upload which has ended, unless a blob has them.
pub async fn discard<'p>(
    app: &App,
    account: AccountId,
    packs: impl IntoIterator<Item = &'p PackId>,
) -> Result<(), StorageError> {
    for pack in packs {
        if let Some(row) = app.tables.delete_unreferenced_pack(*pack).await? {
            // It was never published, so nobody has moved it.
            let object = ObjectKey::from_stored(row.placement.key);
            app.vault.delete_all([object, ObjectKey::pack_index(account, *pack)]).await?;
        }
    }
    Ok(())
}

impl Written {
    /// What the chunk index is to know of the new chunks of a blob, by the same rule by which it is asked.
    pub fn hooks(&self, drafts: &[PackDraft]) -> Vec<(ChunkId, PackId)> {
        let hooks = drafts.iter().flat_map(|draft| hooks(draft.chunks()));
        hooks
            .filter_map(|hook| Some((hook, self.packs[self.places.get(&hook)?.pack_ordinal as usize])))
            .collect()
    }

    /// The blob of these chunks: known ones where they are known, the others in the packs written.
    pub fn terms(&self, chunks: &[Chunk], runs: &[Run]) -> Vec<Term> {
        let (mut terms, mut rest) = (Vec::new(), chunks);
        for run in runs {
            let count = match run {
                Run::Known(term) => {
                    append(&mut terms, *term);
                    term.chunk_count
                }
                Run::New { chunk_count, .. } => {
                    let new = &rest[..*chunk_count as usize];
                    for chunk in new {
                        append(&mut terms, self.term(chunk));
                    }
                    *chunk_count
                }
            };
            rest = &rest[count as usize..];
        }
        terms
    }

    fn term(&self, chunk: &Chunk) -> Term {
        let place = self.places[&chunk.id()];
        Term {
            pack_id: self.packs[place.pack_ordinal as usize],
            first_chunk: place.position,
            chunk_count: 1,
            raw_length_bytes: chunk.length_bytes(),
        }
    }
}
