//! Sends a file in parts, and continues an upload that was interrupted.

use futures::{StreamExt as _, TryStreamExt as _, stream};
use sluice_contracts::problem::Code;
use sluice_contracts::uploads::{CompletedPart, Completion, ReceivedPart, UploadView};
use sluice_domain::id::UploadId;
use sluice_domain::part_plan::PartNumber;
use sluice_domain::upload::UploadState;
use std::collections::BTreeMap;

use super::context::PutContext;
use super::interrupt::{Begun, Later, OpenUpload};
use super::item::Item;
use super::part::{PartSource, Parts};
use super::resume::{Memory, Unfinished};
use super::stage::{Arrived, Stage};
use super::urls::Urls;
use crate::error::{Error, Result};

/// How often to send parts that the server misses.
const ROUNDS: u32 = 2;

/// The parts that the store has.
type Received = BTreeMap<PartNumber, ReceivedPart>;

/// Returns when the bytes are in the bucket.
pub async fn send(
    put: &PutContext,
    item: &Item,
    memory: Option<Memory>,
    unfinished: Unfinished,
) -> Result<Stage> {
    let is_earlier = unfinished.upload_id.is_some();
    let mut upload = Multipart { put, item, memory, unfinished, is_earlier };
    loop {
        match upload.advance().await {
            Err(error) if is_gone(&error) && upload.is_earlier => {
                upload.unfinished.upload_id = None;
                upload.is_earlier = false;
            }
            // Somebody has aborted what this run began or continued. To begin again could replace what
            // they have stored since.
            Err(error) if is_gone(&error) && upload.unfinished.upload_id.is_some() => {
                upload.memory.iter().for_each(Memory::forget);
                return Err(match error {
                    Error::UploadEnded(state) => Error::UploadEnded(state),
                    _ => Error::UploadEnded(UploadState::Aborted),
                });
            }
            Err(error) => return Err(upload.abandon_if_useless(error).await),
            Ok(Stage::Arrived(arrived)) => {
                return Ok(Stage::Arrived(Arrived { memory: upload.memory, ..arrived }));
            }
            Ok(stage) => {
                upload.memory.iter().for_each(Memory::forget);
                return Ok(stage);
            }
        }
    }
}

struct Multipart<'a> {
    put: &'a PutContext,
    item: &'a Item,
    /// None if no later run could continue the upload.
    memory: Option<Memory>,
    unfinished: Unfinished,
    /// Whether the upload is an earlier run's, and was not found open yet.
    is_earlier: bool,
}

/// An upload that was looked up or begun.
enum Opened {
    /// The upload takes parts.
    Unfinished { upload_id: UploadId, received: Received, open: OpenUpload },
    /// The upload takes no more parts.
    Complete(Stage),
}

impl Multipart<'_> {
    /// Sends the parts that the store lacks, and completes the upload.
    async fn advance(&mut self) -> Result<Stage> {
        let (upload_id, mut received, _open) = match self.open().await? {
            Opened::Complete(stage) => return Ok(stage),
            Opened::Unfinished { upload_id, received, open } => (upload_id, received, open),
        };
        self.is_earlier = false;
        let api = &self.item.api;
        for _ in 0..ROUNDS {
            let parts = self.send_missing(upload_id, received).await?;
            self.item.check_unchanged(&self.unfinished.stamp)?;
            let completion = Completion { parts, sha256: None, manifest: None };
            match api.complete_upload(upload_id, &completion).await {
                Ok(completed) => return Ok(Stage::completed(upload_id, &completed.version)),
                Err(error)
                    if matches!(error.problem_code(), Some(Code::PartsMissing | Code::PartMismatch)) =>
                {
                    received = by_number(api.upload(upload_id).await?);
                }
                Err(error) => return Err(error),
            }
        }
        Err(Error::UnexpectedAnswer("the store keeps losing parts".to_owned()))
    }

    /// Looks up the upload of an earlier run, or begins one.
    async fn open(&mut self) -> Result<Opened> {
        let Self { put, item, memory, unfinished, .. } = self;
        if let Some(upload_id) = unfinished.upload_id {
            let view = item.api.upload(upload_id).await?;
            return match view.state {
                UploadState::Open if fits(&view, item, unfinished) => {
                    // An earlier run remembered it.
                    let open = put.open_uploads.add(upload_id, Later::Continue);
                    Ok(Opened::Unfinished { upload_id, received: by_number(view), open })
                }
                UploadState::Pending if fits(&view, item, unfinished) => {
                    Ok(Opened::Complete(Stage::arrived(&view)))
                }
                state => Err(Error::UploadEnded(state)),
            };
        }
        let mut request = put.request(item, unfinished.stamp.size_bytes, unfinished.digests.whole);
        request.part_size = Some(unfinished.part_size_bytes);
        request.part_sha256 = true;
        match put.open_uploads.begin(&item.api, request, put.if_match).await? {
            Begun::Instant(version) => Ok(Opened::Complete(Stage::Instant(version))),
            Begun::Upload(upload, open) if upload.part_size == unfinished.part_size_bytes => {
                unfinished.upload_id = Some(upload.upload_id);
                match memory.as_ref().map(|memory| memory.remember(unfinished)) {
                    Some(Ok(())) => open.remembered(),
                    Some(Err(error)) => {
                        put.warn_not_resumable(item, &error);
                        *memory = None;
                    }
                    None => {}
                }
                Ok(Opened::Unfinished { upload_id: upload.upload_id, received: Received::new(), open })
            }
            Begun::Upload(..) => {
                Err(Error::UnexpectedAnswer("the server chose another part size".to_owned()))
            }
        }
    }

    /// Sends the missing parts, several at once, and returns the list of all parts.
    async fn send_missing(&self, upload_id: UploadId, mut received: Received) -> Result<Vec<CompletedPart>> {
        let Self { put, item, unfinished, .. } = self;
        let plan = unfinished.plan();
        received.retain(|number, part| plan.size_of(*number) == Some(part.size));
        item.progress.begin_transfer(received.values().map(|part| part.size).sum());
        let missing: Vec<_> =
            plan.parts().map(|(number, _)| number).filter(|n| !received.contains_key(n)).collect();
        let parts = Parts {
            item,
            stamp: &unfinished.stamp,
            source: PartSource::Plan(plan),
            urls: Urls::new(&item.api, upload_id, &unfinished.digests, &missing, Vec::new()),
            bucket: &put.bucket,
        };
        let send = async |number| {
            let _slot = put.part_slots.acquire().await;
            let etag = parts.send(number).await?;
            if etag.is_empty() {
                return Err(Error::UnexpectedAnswer("the store gave no ETag".to_owned()));
            }
            Ok(CompletedPart { number, etag })
        };
        let fresh: Vec<_> = stream::iter(missing).map(send).buffer_unordered(put.jobs).try_collect().await?;
        let mut all: Vec<_> = received
            .into_values()
            .map(|part| CompletedPart { number: part.number, etag: part.etag })
            .collect();
        all.extend(fresh);
        all.sort_by_key(|part| part.number);
        Ok(all)
    }

    /// Aborts an upload that no later run can finish, so that its quota is released at once: the file is no
    /// longer what was hashed, or nothing remembers the upload.
    async fn abandon_if_useless(&self, error: Error) -> Error {
        if error.suggests_change() || self.memory.is_none() {
            if let Some(upload_id) = self.unfinished.upload_id {
                // If aborting fails, the upload expires.
                let _ = self.item.api.abort_upload(upload_id).await;
            }
            self.memory.iter().for_each(Memory::forget);
        }
        error
    }
}

/// Whether the upload on the server is the one that the state file describes.
fn fits(view: &UploadView, item: &Item, unfinished: &Unfinished) -> bool {
    view.path == item.remote
        && view.size == unfinished.stamp.size_bytes
        && view.part_size == unfinished.part_size_bytes
}

fn by_number(view: UploadView) -> Received {
    view.received.into_iter().map(|part| (part.number, part)).collect()
}

/// Whether the upload does not exist or has ended, so that only a new one helps.
fn is_gone(error: &Error) -> bool {
    match error {
        Error::UploadEnded(_) | Error::Bucket { status: 404, .. } => true,
        error => matches!(error.problem_code(), Some(Code::UploadEnded | Code::NotFound)),
    }
}
