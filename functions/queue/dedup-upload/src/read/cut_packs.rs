//! Collects the packs that a landed object is cut into, and saves them for adoption.

use futures::stream::{self, StreamExt, TryStreamExt};
use sluice_domain::chunk::Chunk;
use sluice_domain::dedup::hooks;
use sluice_domain::hash::ChunkId;
use sluice_domain::id::{ObjectVersionId, PackId};
use sluice_domain::key::ObjectKey;
use sluice_domain::manifest::Term;
use sluice_domain::pack::PackDraft;
use sluice_domain::rewrite::ChunkMatches;
use sluice_domain::upload::Upload;
use sluice_storage::ObjectHead;

use crate::app::App;
use crate::dedup::lookup;
use crate::error::DedupError;
use crate::pack_ids::cut_pack_id;
use crate::vault::{self, NewPack};

/// How many closed packs wait in memory for the verdict: 4 GiB of an object in 10 MB. Most objects have
/// fewer, and cost no write at all if the account has their blob.
const UNSAVED_MAX: usize = 64;

/// How many packs are saved at once.
const WRITES_IN_FLIGHT: usize = 8;

/// A pack that an earlier invocation saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SavedPack {
    pub chunk_count: u32,
    pub raw_length_bytes: u32,
}

/// The packs cut so far: the terms of all, and those that are not saved yet.
pub struct CutPacks {
    object_version: ObjectVersionId,
    /// One term a pack, in order.
    pub terms: Vec<Term>,
    /// The bytes of the saved packs that the account did not have.
    pub new_bytes: u64,
    /// The sampled chunks of the packs that this invocation saved.
    pub hooks: Vec<(ChunkId, PackId)>,
    unsaved: Vec<PackDraft>,
}

impl CutPacks {
    pub fn new(upload: &Upload, head: &ObjectHead) -> Self {
        Self {
            object_version: upload.object_version_id(&head.etag),
            terms: Vec::new(),
            new_bytes: 0,
            hooks: Vec::new(),
            unsaved: Vec::new(),
        }
    }

    /// Resumes after the packs that an earlier invocation saved.
    pub fn resume(upload: &Upload, head: &ObjectHead, saved: &[SavedPack], new_bytes: u64) -> Self {
        let mut packs = Self { new_bytes, ..Self::new(upload, head) };
        for (ordinal, SavedPack { chunk_count, raw_length_bytes }) in (0..).zip(saved.iter().copied()) {
            let pack_id = cut_pack_id(upload, packs.object_version, ordinal);
            packs.terms.push(Term { pack_id, first_chunk: 0, chunk_count, raw_length_bytes });
        }
        packs
    }

    pub fn add(&mut self, upload: &Upload, drafts: Vec<PackDraft>) {
        for draft in drafts {
            self.terms.push(draft.term(self.pack_id(upload, &draft)));
            self.unsaved.push(draft);
        }
    }

    fn pack_id(&self, upload: &Upload, draft: &PackDraft) -> PackId {
        cut_pack_id(upload, self.object_version, draft.ordinal())
    }

    /// The packs that are not saved yet, in order. They are all packs if [none was saved](Self::any_saved).
    pub fn unsaved(&self) -> &[PackDraft] {
        &self.unsaved
    }

    /// The chunks of the packs that are not saved yet.
    pub fn unsaved_chunks(&self) -> Vec<Chunk> {
        self.unsaved.iter().flat_map(PackDraft::chunks).copied().collect()
    }

    /// Whether any pack was saved, by this invocation or an earlier one.
    pub fn any_saved(&self) -> bool {
        self.terms.len() > self.unsaved.len()
    }

    /// Looks up and saves all packs if there are too many to keep in memory.
    pub async fn save_surplus(&mut self, app: &App, upload: &Upload) -> Result<(), DedupError> {
        if self.unsaved.len() > UNSAVED_MAX { self.look_up_and_save(app, upload).await } else { Ok(()) }
    }

    /// Looks the chunks up, to count the new bytes, and saves all packs.
    pub async fn look_up_and_save(&mut self, app: &App, upload: &Upload) -> Result<(), DedupError> {
        let matches = lookup::find_chunks(app, upload, &self.unsaved).await?;
        self.save(app, upload, &matches).await
    }

    /// Saves all packs: large indexes first, then the rows that point at them. Saving them again changes
    /// nothing. `matches` are those of the unsaved chunks.
    pub async fn save(
        &mut self,
        app: &App,
        upload: &Upload,
        matches: &ChunkMatches,
    ) -> Result<(), DedupError> {
        let drafts = std::mem::take(&mut self.unsaved);
        self.new_bytes += matches.new_bytes;
        let mut new_packs = Vec::with_capacity(drafts.len());
        for draft in drafts {
            let pack_id = self.pack_id(upload, &draft);
            self.hooks.extend(hooks(draft.chunks()).into_iter().map(|hook| (hook, pack_id)));
            new_packs.push((pack_id, draft));
        }
        let object_key = ObjectKey::adopted(upload.account_id, self.object_version);
        let object_key = &object_key;
        stream::iter(new_packs)
            .map(|(pack_id, draft)| async move {
                let offset_bytes = draft.offset_bytes();
                let pack = NewPack {
                    account_id: upload.account_id,
                    index: &draft.into_index(pack_id),
                    object: (object_key, offset_bytes),
                    // The adopted blob has it from the beginning.
                    references: 1,
                    created_at: upload.created_at,
                };
                Ok(vault::create_pack(app, pack).await?)
            })
            .buffer_unordered(WRITES_IN_FLIGHT)
            .try_collect()
            .await
    }
}
