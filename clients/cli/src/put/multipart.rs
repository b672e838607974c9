//! Uploading a file in parts, and going on with an upload that was cut short.

use futures::{StreamExt as _, TryStreamExt as _, stream};
use sluice_contracts::problem::Code;
use sluice_contracts::uploads::{CompletedPart, Completion, ReceivedPart, UploadAnswer, UploadView};
use sluice_domain::id::UploadId;
use sluice_domain::part_plan::PartNumber;
use sluice_domain::upload::UploadState;
use std::collections::BTreeMap;

use super::item::Item;
use super::part::{Cut, Parts};
use super::resume::{Memory, Unfinished};
use super::urls::Urls;
use super::{Arrived, Put, Stage};
use crate::error::{Error, Result};

/// How often an upload that ended under our hands is begun again, and how often parts that the server misses are sent
/// again.
const ROUNDS: u32 = 2;

/// What the store has, by part.
type Received = BTreeMap<PartNumber, ReceivedPart>;

/// Brings the file there in parts; the bytes have arrived when this returns.
pub async fn send(put: &Put, item: &Item, memory: Memory, mut unfinished: Unfinished) -> Result<Stage> {
    for _ in 0..ROUNDS {
        match advance(put, item, &memory, &mut unfinished).await {
            Err(error) if is_gone(&error) => unfinished.upload_id = None,
            Err(error) => return Err(abandon_if_changed(item, &memory, &unfinished, error).await),
            Ok(Stage::Arrived(arrived)) => {
                return Ok(Stage::Arrived(Arrived { memory: Some(memory), ..arrived }));
            }
            Ok(stage) => {
                memory.forget();
                return Ok(stage);
            }
        }
    }
    Err(Error::UploadEnded(UploadState::Aborted))
}

/// From wherever the upload stands to the arrival of all bytes.
async fn advance(put: &Put, item: &Item, memory: &Memory, unfinished: &mut Unfinished) -> Result<Stage> {
    let (upload_id, mut received) = match open(put, item, memory, unfinished).await? {
        Standing::Beyond(stage) => return Ok(stage),
        Standing::Open(upload_id, received) => (upload_id, received),
    };
    for _ in 0..ROUNDS {
        let parts = send_missing(put, item, unfinished, upload_id, received).await?;
        item.check_unchanged(&unfinished.stamp)?;
        let completion = Completion { parts, sha256: None, manifest: None };
        match item.api.complete_upload(upload_id, &completion).await {
            Ok(completed) => return Ok(Stage::completed(upload_id, &completed.version)),
            Err(error) if matches!(error.problem_code(), Some(Code::PartsMissing | Code::PartMismatch)) => {
                received = by_number(item.api.upload(upload_id).await?);
            }
            Err(error) => return Err(error),
        }
    }
    Err(Error::UnexpectedAnswer("the store keeps losing parts".to_owned()))
}

/// Where an upload stands.
enum Standing {
    /// Parts are wanted.
    Open(UploadId, Received),
    /// No part is wanted any more.
    Beyond(Stage),
}

/// Finds the upload of an earlier run, or begins one.
async fn open(put: &Put, item: &Item, memory: &Memory, unfinished: &mut Unfinished) -> Result<Standing> {
    if let Some(upload_id) = unfinished.upload_id {
        let view = item.api.upload(upload_id).await?;
        return match view.state {
            UploadState::Open if fits(&view, item, unfinished) => {
                Ok(Standing::Open(upload_id, by_number(view)))
            }
            UploadState::Pending if fits(&view, item, unfinished) => {
                Ok(Standing::Beyond(Stage::arrived(&view)))
            }
            state => Err(Error::UploadEnded(state)),
        };
    }
    let mut request = put.request(item, unfinished.stamp.size_bytes, unfinished.digests.whole);
    request.part_size = Some(unfinished.part_size_bytes);
    request.part_sha256 = true;
    match item.api.begin_upload(&request, put.if_match).await? {
        UploadAnswer::Instant { version } => Ok(Standing::Beyond(Stage::Instant(Box::new(version)))),
        UploadAnswer::Upload(upload) if upload.part_size == unfinished.part_size_bytes => {
            unfinished.upload_id = Some(upload.upload_id);
            memory.remember(unfinished)?;
            Ok(Standing::Open(upload.upload_id, Received::new()))
        }
        UploadAnswer::Upload(_) => {
            Err(Error::UnexpectedAnswer("the server cuts the file otherwise".to_owned()))
        }
    }
}

/// Sends what is not there, several parts at once, and gives the list of all parts.
async fn send_missing(
    put: &Put,
    item: &Item,
    unfinished: &Unfinished,
    upload_id: UploadId,
    mut received: Received,
) -> Result<Vec<CompletedPart>> {
    let plan = unfinished.plan();
    received.retain(|number, part| plan.size_of(*number) == Some(part.size));
    item.progress.begin_transfer(received.values().map(|part| part.size).sum());
    let missing: Vec<_> =
        plan.parts().map(|(number, _)| number).filter(|n| !received.contains_key(n)).collect();
    let urls = Urls::new(&item.api, upload_id, &unfinished.digests, &missing, Vec::new());
    let parts = Parts { item, stamp: &unfinished.stamp, cut: Cut::Whole(plan), urls, bucket: &put.bucket };
    let send = async |number| {
        let _slot = put.part_slots.acquire().await;
        let etag = parts.send(number).await?;
        if etag.is_empty() {
            return Err(Error::UnexpectedAnswer("the store gave no ETag".to_owned()));
        }
        Ok(CompletedPart { number, etag })
    };
    let fresh: Vec<_> = stream::iter(missing).map(send).buffer_unordered(put.jobs).try_collect().await?;
    let mut all: Vec<_> =
        received.into_values().map(|part| CompletedPart { number: part.number, etag: part.etag }).collect();
    all.extend(fresh);
    all.sort_by_key(|part| part.number);
    Ok(all)
}

/// A file that changed cannot be finished: its upload is given up, so that its quota is free at once.
async fn abandon_if_changed(item: &Item, memory: &Memory, unfinished: &Unfinished, error: Error) -> Error {
    if matches!(error, Error::FileChanged(_)) {
        if let Some(upload_id) = unfinished.upload_id {
            // If this fails, the upload expires.
            let _ = item.api.abort_upload(upload_id).await;
        }
        memory.forget();
    }
    error
}

fn fits(view: &UploadView, item: &Item, unfinished: &Unfinished) -> bool {
    (&view.path, view.size, view.part_size)
        == (&item.remote, unfinished.stamp.size_bytes, unfinished.part_size_bytes)
}

fn by_number(view: UploadView) -> Received {
    view.received.into_iter().map(|part| (part.number, part)).collect()
}

/// Whether the upload does not exist (any more), so that only a new one helps.
fn is_gone(error: &Error) -> bool {
    match error {
        Error::UploadEnded(_) | Error::Bucket { status: 404, .. } => true,
        error => matches!(error.problem_code(), Some(Code::UploadEnded | Code::NotFound)),
    }
}
