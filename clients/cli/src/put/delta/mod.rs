//! Sends only the chunks that the account lacks, in packs, with a manifest that says how to assemble the
//! file.

mod chunk_locations;
mod draft;
mod search;

use futures::{StreamExt as _, TryStreamExt as _, stream};
use sluice_contracts::problem::Code;
use sluice_contracts::uploads::{Completion, UploadPlan};
use sluice_domain::chunk::Chunk;
use sluice_domain::part_plan::UploadMethod;
use sluice_domain::version::RejectReason;

use super::context::PutContext;
use super::interrupt::Begun;
use super::item::Item;
use super::part::{PartSource, Parts};
use super::prepare::Prepared;
use super::stage::Stage;
use super::urls::Urls;
use crate::digests::Digests;
use crate::error::{Error, Result};
use draft::Draft;
use search::SearchOutcome;

/// Sends the file as a delta. Returns `None` if the file has to be sent whole.
pub async fn send(
    put: &PutContext,
    item: &Item,
    prepared: &Prepared,
    chunks: &[Chunk],
) -> Result<Option<Stage>> {
    if chunks.is_empty() {
        return Ok(None);
    }
    let locations = match search::find(put, item, prepared.blob(), chunks).await? {
        SearchOutcome::Instant(version) => return Ok(Some(Stage::Instant(version))),
        SearchOutcome::Chunks(locations) => locations,
    };
    match Draft::new(chunks, locations) {
        Some(draft) => Delta { put, item, prepared, draft: &draft }.send().await,
        None => Ok(None),
    }
}

/// Whether a delta that was rejected for this reason would be accepted as a whole upload.
pub fn is_worth_sending_whole(reason: RejectReason) -> bool {
    matches!(reason, RejectReason::PackGone | RejectReason::InvalidManifest | RejectReason::PackMismatch)
}

struct Delta<'a> {
    put: &'a PutContext,
    item: &'a Item,
    prepared: &'a Prepared,
    draft: &'a Draft,
}

impl Delta<'_> {
    async fn send(&self) -> Result<Option<Stage>> {
        let Self { put, item, prepared, draft } = *self;
        let mut request = put.request(item, prepared.stamp().size_bytes, prepared.sha256());
        request.part_size = None;
        request.packs = Some(draft.declare(item).await?);
        let (upload, _open) = match put.open_uploads.begin(&item.api, request, put.if_match).await {
            Ok(Begun::Instant(version)) => return Ok(Some(Stage::Instant(version))),
            Ok(Begun::Upload(upload, open)) if upload.method == UploadMethod::Packs => (upload, open),
            Ok(Begun::Upload(..)) => {
                return Err(Error::UnexpectedAnswer("the server does not take packs as packs".to_owned()));
            }
            Err(error) => return self.refused(error),
        };
        let upload_id = upload.upload_id;
        let arrived = match self.send_packs(*upload).await {
            Ok(()) => {
                let completion =
                    Completion { parts: Vec::new(), sha256: None, manifest: Some(draft.manifest()) };
                item.api.complete_upload(upload_id, &completion).await
            }
            Err(error) => Err(error),
        };
        match arrived {
            Ok(completed) => Ok(Some(Stage::completed(upload_id, &completed.version))),
            Err(error) => {
                // A repeat starts a new upload, so release the quota now. If aborting fails, the upload
                // expires.
                let _ = item.api.abort_upload(upload_id).await;
                self.refused(error)
            }
        }
    }

    /// Sends the packs, several at once.
    async fn send_packs(&self, upload: UploadPlan) -> Result<()> {
        let Self { put, item, prepared, draft } = *self;
        let digests = Digests { whole: prepared.sha256(), parts: Vec::new() };
        let numbers = draft.numbers();
        let urls = Urls::new(&item.api, upload.upload_id, &digests, &numbers, upload.parts);
        item.progress.begin_transfer(prepared.stamp().size_bytes - draft.new_bytes());
        let parts = Parts {
            item,
            stamp: prepared.stamp(),
            source: PartSource::Packs(draft.packs()),
            urls,
            bucket: &put.bucket,
        };
        let send = async |number| {
            let _slot = put.part_slots.acquire().await;
            parts.send(number).await.map(drop)
        };
        stream::iter(numbers).map(send).buffer_unordered(put.jobs).try_collect::<()>().await?;
        item.check_unchanged(prepared.stamp())
    }

    /// Returns `None` for a refusal that a whole upload would not meet.
    fn refused(&self, error: Error) -> Result<Option<Stage>> {
        match error.problem_code() {
            Some(
                code @ (Code::InvalidRequest
                | Code::InvalidParts
                | Code::InvalidManifest
                | Code::PartsMissing
                | Code::PartMismatch
                | Code::BodyTooLarge),
            ) => {
                self.put.note_whole(self.item, code.as_str());
                Ok(None)
            }
            _ => Err(error),
        }
    }
}
