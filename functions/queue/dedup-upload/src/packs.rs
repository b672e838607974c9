//! The packs of an object that is being read.

use futures::stream::{self, StreamExt, TryStreamExt};
use sluice_domain::blob::{ATTACHMENT_INLINE_MAX_BYTES, Attachment, Life, Pack, Placement};
use sluice_domain::chunk::CHUNK_MAX_BYTES;
use sluice_domain::dedup::hooks;
use sluice_domain::hash::ChunkId;
use sluice_domain::id::{AccountId, ObjectVersionId, PackId};
use sluice_domain::key::ObjectKey;
use sluice_domain::manifest::Term;
use sluice_domain::pack::{PACK_MAX_BYTES, PackDraft};
use sluice_domain::time::Timestamp;
use sluice_domain::upload::Upload;
use sluice_storage::bucket::ObjectHead;

use crate::App;
use crate::error::DedupError;
use crate::lookup::{Found, look_up};

/// How many closed packs wait in memory for the verdict: 4 GiB of an object in 10 MB. Most objects have fewer, and
/// cost no write at all if their blob turns out to be known.
const CLOSED_MAX: usize = 64;

/// How many packs are saved at once.
const WRITES_IN_FLIGHT: usize = 8;

/// The packs read so far: terms of all, and those not yet saved.
pub struct Packs {
    account_id: AccountId,
    brought: ObjectVersionId,
    created_at: Timestamp,
    /// One a pack, in order.
    pub terms: Vec<Term>,
    /// The bytes of the saved packs that the account did not have.
    pub new_bytes: u64,
    /// The sampled chunks of the packs that this invocation saved.
    pub hooks: Vec<(ChunkId, PackId)>,
    closed: Vec<PackDraft>,
}

impl Packs {
    pub fn new(upload: &Upload, head: &ObjectHead) -> Self {
        let Upload { account_id, created_at, .. } = *upload;
        let brought = upload.object_version_id(&head.etag);
        let (terms, hooks, closed) = (Vec::new(), Vec::new(), Vec::new());
        Self { account_id, brought, created_at, terms, new_bytes: 0, hooks, closed }
    }

    /// With the packs that an earlier invocation saved: of each its chunk count and its raw length in bytes.
    pub fn resumed(upload: &Upload, head: &ObjectHead, saved: Vec<(u32, u32)>, new_bytes: u64) -> Self {
        let mut packs = Self::new(upload, head);
        packs.new_bytes = new_bytes;
        packs.terms = (0..)
            .zip(saved)
            .map(|(ordinal, (chunk_count, raw_length_bytes))| {
                let pack_id = packs.pack_id(ordinal);
                Term { pack_id, first_chunk: 0, chunk_count, raw_length_bytes }
            })
            .collect();
        packs
    }

    /// The id of a pack: the same whenever the same bytes are read again.
    fn pack_id(&self, ordinal: u32) -> PackId {
        PackId::derived(
            self.created_at,
            &[self.brought.as_bytes().as_slice(), &ordinal.to_le_bytes()].concat(),
        )
    }

    /// All packs that reading the bytes may have cut: a pack closes when the next chunk does not fit.
    pub fn possible(&self, size_bytes: u64) -> Vec<PackId> {
        let fullest = u64::from(PACK_MAX_BYTES - CHUNK_MAX_BYTES);
        let count = size_bytes.div_ceil(fullest) as u32 + 1;
        (0..count).map(|ordinal| self.pack_id(ordinal)).collect()
    }

    pub fn add(&mut self, drafts: Vec<PackDraft>) {
        for draft in drafts {
            self.terms.push(draft.term(self.pack_id(draft.ordinal())));
            self.closed.push(draft);
        }
    }

    /// The packs that are not saved yet, in order: all of them if none [has been](Packs::any_saved).
    pub fn drafts(&self) -> &[PackDraft] {
        &self.closed
    }

    /// Whether any pack has been saved, by this invocation or an earlier one.
    pub fn any_saved(&self) -> bool {
        self.terms.len() > self.closed.len()
    }

    /// Saves closed packs if there are too many to keep.
    pub async fn save_surplus(&mut self, app: &App, upload: &Upload) -> Result<(), DedupError> {
        if self.closed.len() > CLOSED_MAX { self.save_closed(app, upload, None).await } else { Ok(()) }
    }

    /// Saves all closed packs: large indexes first, then the rows that point at them. Saving them again changes nothing.
    /// What was `found` of them is looked up if it was not yet.
    pub async fn save_closed(
        &mut self,
        app: &App,
        upload: &Upload,
        found: Option<Found>,
    ) -> Result<(), DedupError> {
        let found = match found {
            Some(found) => found,
            None => look_up(app, upload, &self.closed).await?,
        };
        let drafts = std::mem::take(&mut self.closed);
        for draft in &drafts {
            let pack_id = self.pack_id(draft.ordinal());
            self.hooks.extend(hooks(draft.chunks()).into_iter().map(|hook| (hook, pack_id)));
        }
        self.new_bytes += found.new_bytes;
        let (account_id, brought, created_at) = (self.account_id, self.brought, self.created_at);
        let drafts = drafts.into_iter().map(|draft| (self.pack_id(draft.ordinal()), draft));
        stream::iter(drafts)
            .map(|(pack_id, draft)| async move {
                let key = ObjectKey::adopted(account_id, brought).to_string();
                let length = u64::from(draft.raw_length_bytes());
                let placement = Placement::first(key, draft.offset_bytes(), length);
                let size = placement.length;
                let chunk_count = draft.chunks().len() as u32;
                let index = draft.into_index(pack_id).encode();
                let index = save_attachment(app, ObjectKey::pack_index(account_id, pack_id), index).await?;
                let (life, references) = (Life::Live, 1);
                let row = Pack {
                    pack_id,
                    account_id,
                    life,
                    references,
                    size,
                    chunk_count,
                    index,
                    placement,
                    former: None,
                    created_at,
                };
                Ok(app.tables.create_pack(&row).await?)
            })
            .buffer_unordered(WRITES_IN_FLIGHT)
            .try_collect()
            .await
    }
}

/// Keeps a small table for its row, and writes a large one to the vault.
pub async fn save_attachment(app: &App, key: ObjectKey, bytes: Vec<u8>) -> Result<Attachment, DedupError> {
    if bytes.len() <= ATTACHMENT_INLINE_MAX_BYTES {
        return Ok(Attachment::Inline(bytes));
    }
    app.vault.put(&key, bytes.into()).await?;
    Ok(Attachment::Object(key.to_string()))
}
