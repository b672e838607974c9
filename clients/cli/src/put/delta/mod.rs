//! Sending only the chunks that the account lacks.

mod draft;
mod known;
mod sources;

use futures::{StreamExt as _, TryStreamExt as _, stream};
use sluice_contracts::problem::Code;
use sluice_contracts::uploads::{Completion, UploadAnswer, UploadPlan};
use sluice_domain::chunk::Chunk;
use sluice_domain::part_plan::UploadMethod;
use sluice_domain::version::RejectReason;

use super::item::Item;
use super::part::{Cut, Parts};
use super::urls::Urls;
use super::whole::Whole;
use super::{Put, Stage};
use crate::digests::Digests;
use crate::error::{Error, Result};
use draft::Draft;
pub use draft::Pack;
use sources::Found;

/// Brings the file there by what it shares with others; nothing comes of it if it is better sent whole.
pub async fn send(put: &Put, item: &Item, whole: &Whole, chunks: &[Chunk]) -> Result<Option<Stage>> {
    if chunks.is_empty() {
        return Ok(None);
    }
    let known = match sources::find(put, item, whole.sha256(), chunks).await? {
        Found::Instant(version) => return Ok(Some(Stage::Instant(version))),
        Found::Chunks(known) => known,
    };
    match Draft::new(chunks, known) {
        Some(draft) => send_draft(put, item, whole, &draft).await,
        None => Ok(None),
    }
}

/// Whether a version that was sent as a delta and rejected for this reason would be accepted whole.
pub fn is_worth_sending_whole(reason: RejectReason) -> bool {
    matches!(reason, RejectReason::PackGone | RejectReason::InvalidManifest | RejectReason::PackMismatch)
}

async fn send_draft(put: &Put, item: &Item, whole: &Whole, draft: &Draft) -> Result<Option<Stage>> {
    let mut request = put.request(item, whole.stamp().size_bytes, whole.sha256());
    request.part_size = None;
    request.packs = Some(draft.declare(item).await?);
    let upload = match item.api.begin_upload(&request, put.if_match).await {
        Ok(UploadAnswer::Instant { version }) => return Ok(Some(Stage::Instant(Box::new(version)))),
        Ok(UploadAnswer::Upload(upload)) if upload.method == UploadMethod::Packs => upload,
        Ok(UploadAnswer::Upload(_)) => {
            return Err(Error::UnexpectedAnswer("packs are not to be sent as packs".to_owned()));
        }
        Err(error) => return refused(put, item, error),
    };
    let upload_id = upload.upload_id;
    let arrived = match send_packs(put, item, whole, draft, upload).await {
        Ok(()) => {
            let completion = Completion { parts: Vec::new(), sha256: None, manifest: Some(draft.manifest()) };
            item.api.complete_upload(upload_id, &completion).await
        }
        Err(error) => Err(error),
    };
    match arrived {
        Ok(completed) => Ok(Some(Stage::completed(upload_id, &completed.version))),
        Err(error) => {
            // A repeat begins anew: free the quota now. If this fails, the upload expires.
            let _ = item.api.abort_upload(upload_id).await;
            refused(put, item, error)
        }
    }
}

/// Sends the packs, several at once.
async fn send_packs(put: &Put, item: &Item, whole: &Whole, draft: &Draft, upload: UploadPlan) -> Result<()> {
    let digests = Digests { whole: whole.sha256(), parts: Vec::new() };
    let numbers = draft.numbers();
    let urls = Urls::new(&item.api, upload.upload_id, &digests, &numbers, upload.parts);
    item.progress.begin_transfer(whole.stamp().size_bytes - draft.new_bytes());
    let parts =
        Parts { item, stamp: whole.stamp(), cut: Cut::Packs(draft.packs()), urls, bucket: &put.bucket };
    let send = async |number| {
        let _slot = put.part_slots.acquire().await;
        parts.send(number).await.map(drop)
    };
    stream::iter(numbers).map(send).buffer_unordered(put.jobs).try_collect::<()>().await?;
    item.check_unchanged(whole.stamp())
}

/// What the server does not take as packs it takes whole.
fn refused(put: &Put, item: &Item, error: Error) -> Result<Option<Stage>> {
    match error.problem_code() {
        Some(
            code @ (Code::InvalidRequest
            | Code::InvalidParts
            | Code::InvalidManifest
            | Code::PartsMissing
            | Code::PartMismatch
            | Code::BodyTooLarge),
        ) => {
            put.note_whole(item, code.as_str());
            Ok(None)
        }
        _ => Err(error),
    }
}
