//! Taking into the vault only what is new of an object of which little is.

use bytes::Bytes;
use futures::stream::{self, StreamExt, TryStreamExt};
use sluice_contracts::pack_event::Subject;
use sluice_domain::blob::Blob;
use sluice_domain::chunk::Chunk;
use sluice_domain::content_pass::ContentDigest;
use sluice_domain::dedup::Run;
use sluice_domain::id::{ObjectVersionId, PackId};
use sluice_domain::key::ObjectKey;
use sluice_domain::manifest::{MANIFEST_MAX_PACKS, Manifest, Term};
use sluice_domain::pack::{PACK_MAX_BYTES, PackDraft};
use sluice_domain::upload::Upload;
use sluice_lambda::clock;
use sluice_storage::bucket::ObjectHead;
use sluice_storage::tables::StoredBlob;
use std::collections::BTreeSet;

use crate::App;
use crate::error::DedupError;
use crate::lookup::{Found, new_chunks};
use crate::packs::save_attachment;
use crate::scan::{self, RANGE_BYTES};
use crate::store::{Stored, worth_compressing};
use crate::writer::PackWriter;

/// An object is copied as it is unless at least a quarter of it need not be stored again.
const SHARED_MIN_FRACTION: u64 = 4;

/// The most runs of a blob that is put together: a manifest of about 2 MB.
const RUNS_MAX: usize = 100_000;

/// How many ranges of an object are read ahead.
const READS_AHEAD: usize = 2;

/// Whether to write only the new chunks, rather than have the store copy the object.
pub fn pays(size: u64, found: &Found) -> bool {
    let known: BTreeSet<PackId> = found.runs.iter().filter_map(known_pack).collect();
    let new_packs = found.new_bytes / u64::from(PACK_MAX_BYTES / 2) + 1;
    size - found.new_bytes >= size / SHARED_MIN_FRACTION
        && size > found.new_bytes
        && found.runs.len() <= RUNS_MAX
        && known.len() as u64 + new_packs <= MANIFEST_MAX_PACKS as u64
}

fn known_pack(run: &Run) -> Option<PackId> {
    match run {
        Run::Known(term) => Some(term.pack_id),
        Run::New { .. } => None,
    }
}

/// Writes the new chunks of an object that lies in the landing bucket, or in memory as `whole`.
pub async fn rewrite(
    app: &App,
    upload: &Upload,
    head: &ObjectHead,
    whole: Option<&Bytes>,
    content_read: &scan::HashedObject,
    found: &Found,
) -> Result<Stored, DedupError> {
    let chunks: Vec<Chunk> =
        content_read.packs.drafts().iter().flat_map(PackDraft::chunks).copied().collect();
    let key = upload.landing_key().object_key();
    let mut writer = PackWriter::new(app, upload);
    let mut windows = stream::iter(windows(&new_chunks(&chunks, &found.runs)))
        .map(|window| {
            let key = &key;
            async move {
                let range = window.start..window.end;
                let bytes = match whole {
                    Some(whole) => whole.slice(range.start as usize..range.end as usize),
                    None => app.landing.get_range(key, Some(&head.etag), range).await?,
                };
                Ok::<_, DedupError>((window.chunks, bytes))
            }
        })
        .buffered(READS_AHEAD);
    while let Some((chunks, mut bytes)) = windows.try_next().await? {
        for chunk in chunks {
            writer.add(chunk, &bytes.split_to(chunk.length_bytes() as usize)).await?;
        }
    }
    drop(windows);
    let written = writer.finish().await?;
    let terms = written.terms(&chunks, &found.runs);
    let blob = put_together(app, upload, &content_read.digest, terms).await?;
    let stored = StoredBlob { new_bytes: found.new_bytes, stored_bytes: found.new_bytes, ..blob };
    let hooks = written.hooks(content_read.packs.drafts());
    let to_compress = worth_compressing(Subject::Packs(written.packs.clone()), found.new_bytes);
    Ok(Stored { blob: stored, written: written.packs, to_compress, hooks })
}

/// The blob of these terms, with its manifest saved.
pub async fn put_together(
    app: &App,
    upload: &Upload,
    digest: &ContentDigest,
    terms: Vec<Term>,
) -> Result<StoredBlob, DedupError> {
    let packs: BTreeSet<PackId> = terms.iter().map(|term| term.pack_id).collect();
    let manifest = Manifest::new(digest.size_bytes, digest.sha256, terms)?.encode();
    // Of the manifest itself: work that is repeated may put the blob together in another way.
    let manifest_id = ObjectVersionId::derived(upload.created_at, &manifest);
    let manifest_key = ObjectKey::manifest(upload.account_id, manifest_id);
    let manifest = save_attachment(app, manifest_key, manifest).await?;
    let blob = Blob::new(upload.account_id, digest, None, manifest, clock::now());
    Ok(StoredBlob { blob, packs: packs.into_iter().collect(), new_bytes: 0, stored_bytes: 0 })
}

/// Chunks that lie side by side, to be read at once.
struct Window {
    start: u64,
    end: u64,
    chunks: Vec<Chunk>,
}

fn windows(new: &[(u64, Chunk)]) -> Vec<Window> {
    let mut windows: Vec<Window> = Vec::new();
    for (offset, chunk) in new {
        let end = offset + u64::from(chunk.length_bytes());
        match windows.last_mut() {
            Some(last) if last.end == *offset && end - last.start <= RANGE_BYTES => {
                last.end = end;
                last.chunks.push(*chunk);
            }
            _ => windows.push(Window { start: *offset, end, chunks: vec![*chunk] }),
        }
    }
    windows
}
