//! Writes new chunks into packs of their own.

use sluice_domain::chunk::Chunk;
use sluice_domain::id::PackId;
use sluice_domain::key::ObjectKey;
use sluice_domain::pack::{PackCutter, PackDraft};
use sluice_domain::rewrite::{ChunkPosition, WrittenPacks};
use sluice_domain::upload::Upload;
use sluice_storage::PutOptions;

use crate::app::App;
use crate::error::DedupError;
use crate::pack_ids::written_pack_id;
use crate::vault::{self, NewPack};

/// Gathers chunks, and writes a pack whenever one is full: its object first, then its row, which has no
/// reference yet.
pub struct PackWriter<'a> {
    app: &'a App,
    upload: &'a Upload,
    cutter: PackCutter,
    bytes: Vec<u8>,
    written: WrittenPacks,
}

impl<'a> PackWriter<'a> {
    /// Names the packs after this upload. Other uploads of its account may share them.
    pub fn new(app: &'a App, upload: &'a Upload) -> Self {
        Self { app, upload, cutter: PackCutter::new(), bytes: Vec::new(), written: WrittenPacks::default() }
    }

    /// Adds a chunk, unless it was added before. Returns how many bytes that takes.
    pub async fn add(&mut self, chunk: Chunk, bytes: &[u8]) -> Result<u64, DedupError> {
        if self.written.contains(&chunk) {
            return Ok(0);
        }
        if let Some(full) = self.cutter.push(chunk) {
            self.write(full).await?;
        }
        self.bytes.extend_from_slice(bytes);
        let position = ChunkPosition {
            pack_ordinal: self.cutter.ordinal(),
            chunk_number: self.cutter.open_chunks().len() as u32 - 1,
        };
        self.written.add_chunk(&chunk, position);
        Ok(bytes.len() as u64)
    }

    /// The packs written so far.
    pub fn written_packs(&self) -> &[PackId] {
        self.written.packs()
    }

    /// Writes the last pack.
    pub async fn finish(mut self) -> Result<WrittenPacks, DedupError> {
        if let Some(last) = std::mem::take(&mut self.cutter).finish() {
            self.write(last).await?;
        }
        Ok(self.written)
    }

    async fn write(&mut self, draft: PackDraft) -> Result<(), DedupError> {
        let Upload { account_id, created_at, .. } = *self.upload;
        let bytes = std::mem::take(&mut self.bytes);
        let length_bytes = bytes.len() as u64;
        let pack_id = written_pack_id(self.upload, draft.chunks());
        let key = ObjectKey::pack(account_id, pack_id);
        self.app.vault.put(&key, bytes.into(), PutOptions::default()).await?;
        let index = draft.into_index(pack_id);
        let pack = NewPack { account_id, index: &index, object: (&key, 0), references: 0, created_at };
        vault::create_pack(self.app, pack).await?;
        self.written.add_pack(pack_id, length_bytes);
        Ok(())
    }
}
