//! Uploads by packs: what a client that cuts chunks itself has sent, checked and put together.
//!
//! Every chunk id of a sent pack is computed here. The blob is then read from the vault as a reader would, every chunk
//! checked, and only if the whole has the declared SHA-256 is the version made available.

use futures::stream::{self, StreamExt, TryStreamExt};
use sluice_contracts::pack_event::Subject;
use sluice_contracts::packs::{PackManifest, PackReference};
use sluice_domain::content_pass::ContentDigest;
use sluice_domain::id::PackId;
use sluice_domain::key::ObjectKey;
use sluice_domain::manifest::{Term, append};
use sluice_domain::part_plan::PartNumber;
use sluice_domain::upload::{DeclaredPack, Upload};
use sluice_domain::version::RejectReason;
use sluice_storage::bucket::ObjectHead;
use sluice_storage::tables::{Outcome, StoredBlob};
use std::collections::HashMap;

use crate::error::DedupError;
use crate::known::{self, StoredPack};
use crate::rewrite::put_together;
use crate::sent::{Sent, take_in};
use crate::store::{Stored, worth_compressing};
use crate::upload::{Settled, Work};
use crate::verdict::{Verdict, verdict};
use crate::verify::digest_of;
use crate::{App, writer};

/// The largest manifest that is read: what an API call can bring is smaller.
const MANIFEST_MAX_BYTES: u64 = 2 << 20;

/// How often the outcome is worked out anew after the blob, or a pack, came or went meanwhile.
const ATTEMPTS: usize = 4;

/// How many packs are taken in at once.
const PACKS_IN_FLIGHT: usize = 2;

/// Processes an upload by packs whose manifest lies in the landing bucket.
pub async fn process(work: &Work<'_>, declared: &[DeclaredPack]) -> Result<(), DedupError> {
    let (app, upload) = (work.app, work.upload);
    let start = app.landing.get_start(&upload.delivered_key(), MANIFEST_MAX_BYTES).await?;
    let Some((head, bytes)) = start else { return work.bytes_missing().await };
    let manifest = serde_json::from_slice::<PackManifest>(&bytes).ok();
    let Some(manifest) = manifest.filter(|manifest| manifest.check(declared, upload.size).is_ok()) else {
        return end(work, &head, Outcome::Rejected(RejectReason::InvalidManifest), None, &[])
            .await
            .map(|_| ());
    };
    let mut sent = Vec::new();
    let packs = (1..).zip(declared.iter().copied()).zip(manifest.packs.iter().cloned());
    let mut taken = stream::iter(packs)
        .map(|((number, declared), lengths)| take_in(app, upload, number, declared, lengths))
        .buffered(PACKS_IN_FLIGHT);
    while let Some(pack) = taken.try_next().await? {
        match pack {
            Sent::Pack(pack) => sent.push(pack),
            Sent::Missing => return work.bytes_missing().await,
            Sent::Mismatch => {
                let outcome = Outcome::Rejected(RejectReason::PackMismatch);
                return end(work, &head, outcome, None, &sent).await.map(|_| ());
            }
        }
    }
    drop(taken);
    publish(work, &head, &manifest, &sent).await
}

async fn publish(
    work: &Work<'_>,
    head: &ObjectHead,
    manifest: &PackManifest,
    sent: &[PackId],
) -> Result<(), DedupError> {
    let (app, upload) = (work.app, work.upload);
    for _ in 0..ATTEMPTS {
        let ids: Vec<PackId> = manifest.stored_packs().into_iter().chain(sent.iter().copied()).collect();
        let packs = known::load(app, upload.account_id, &ids).await?;
        let packs: HashMap<PackId, StoredPack> =
            packs.into_iter().map(|pack| (pack.row.pack_id, pack)).collect();
        let (outcome, stored) = if packs.len() < ids.len() {
            // One that is not there reads like one that is being removed, and like one of another account.
            (Outcome::Rejected(RejectReason::PackGone), None)
        } else {
            match terms(manifest, sent, &packs) {
                None => (Outcome::Rejected(RejectReason::InvalidManifest), None),
                Some(terms) => {
                    let digest = digest_of(app, &terms, &packs).await?;
                    outcome(work, &digest, terms, sent, &packs).await?
                }
            }
        };
        if end(work, head, outcome, stored, sent).await? {
            return Ok(());
        }
    }
    Err(DedupError::PacksKeptChanging(upload.upload_id))
}

async fn outcome(
    work: &Work<'_>,
    digest: &ContentDigest,
    terms: Vec<Term>,
    sent: &[PackId],
    packs: &HashMap<PackId, StoredPack>,
) -> Result<(Outcome, Option<Stored>), DedupError> {
    let (app, upload) = (work.app, work.upload);
    match verdict(app, upload, digest).await? {
        Verdict::Reject(reason) => Ok((Outcome::Rejected(reason), None)),
        Verdict::Link => Ok((Outcome::linked(digest), None)),
        Verdict::Store => {
            let blob = put_together(app, upload, digest, terms).await?;
            let sent_bytes: u64 = sent.iter().map(|pack| packs[pack].row.size).sum();
            let blob =
                StoredBlob { new_bytes: sent_bytes.min(upload.size), stored_bytes: sent_bytes, ..blob };
            let hooks = sent.iter().flat_map(|pack| {
                let chunks = packs[pack].known.index().chunks();
                sluice_domain::dedup::hooks(chunks).into_iter().map(|hook| (hook, *pack))
            });
            let to_compress = worth_compressing(Subject::Packs(sent.to_vec()), sent_bytes);
            let (written, hooks) = (Vec::new(), hooks.collect());
            let stored = Stored { blob: blob.clone(), written, to_compress, hooks };
            Ok((Outcome::Stored(Box::new(blob)), Some(stored)))
        }
    }
}

/// Publishes, and discards the sent packs if the upload has ended without them. False if the outcome is
/// to be worked out anew, for which they stay.
async fn end(
    work: &Work<'_>,
    head: &ObjectHead,
    outcome: Outcome,
    stored: Option<Stored>,
    sent: &[PackId],
) -> Result<bool, DedupError> {
    match work.settle(head, &outcome, stored.as_ref(), false).await? {
        Settled::NotYet => return Ok(false),
        // Every sent pack is used: the manifest says so.
        Settled::Stored => {}
        Settled::Otherwise => writer::discard(work.app, work.upload.account_id, sent).await?,
    }
    Ok(true)
}

/// The manifest's terms, if every one names chunks that its pack has, of the length that it says.
fn terms(manifest: &PackManifest, sent: &[PackId], packs: &HashMap<PackId, StoredPack>) -> Option<Vec<Term>> {
    let mut terms = Vec::new();
    for term in &manifest.terms {
        let pack_id = match term.pack {
            PackReference::Stored(pack_id) => pack_id,
            PackReference::Sent(number) => *sent.get((number as usize).checked_sub(1)?)?,
        };
        let range = packs.get(&pack_id)?.known.index().raw_range(term.first_chunk, term.chunk_count)?;
        if range.end - range.start != u64::from(term.length) {
            return None;
        }
        let (first_chunk, chunk_count) = (term.first_chunk, term.chunk_count);
        append(&mut terms, Term { pack_id, first_chunk, chunk_count, raw_length_bytes: term.length });
    }
    Some(terms)
}

/// The id of the pack that landed under this number with this `ETag`: the same whenever it is taken in again.
pub fn sent_pack_id(upload: &Upload, number: u32, etag: &str) -> PackId {
    let seed = [upload.version_id.as_bytes().as_slice(), &number.to_le_bytes(), etag.as_bytes()].concat();
    PackId::derived(upload.created_at, &seed)
}

/// Discards the packs of an upload that has ended, unless a blob has them.
pub async fn discard_sent(app: &App, upload: &Upload) -> Result<(), DedupError> {
    for number in 1..=upload.part_count() {
        let Ok(part) = PartNumber::try_from(number) else { break };
        if let Some(head) = app.landing.head(&upload.landing_key().pack(part)).await? {
            let pack = sent_pack_id(upload, number, &head.etag);
            writer::discard(app, upload.account_id, &[pack]).await?;
            if app.tables.packs(&[pack]).await?.is_empty() {
                // A run that died between the copy and the row has left an object that no row names.
                app.vault.delete(&ObjectKey::pack(upload.account_id, pack)).await?;
            }
        }
    }
    Ok(())
}
