//! Follows an upload from the arrival of its bytes to the server's verdict.

use sluice_contracts::uploads::UploadView;
use sluice_domain::version::VersionState;

use super::context::PutContext;
use super::item::Item;
use super::prepare::Prepared;
use super::report::{Outcome, Report};
use super::stage::{Arrived, Stage};
use super::twins::{Place, TwinWait};
use super::{delta, whole};
use crate::cache::{CachedFile, CachedVersion};
use crate::error::{Error, Result};
use crate::output;

/// The report on a file, and the error if it failed.
pub struct FinishedFile {
    pub report: Report,
    pub outcome: Result<()>,
    /// The file, if another attempt may help.
    pub again: Option<Item>,
}

/// Waits for the verdict on a file that was sent, and remembers the version in the cache.
pub async fn finish(put: &PutContext, item: Item, sent: Result<Stage>) -> FinishedFile {
    let finished = match sent {
        Ok(stage) => finish_stage(put, &item, stage).await,
        Err(error) => Err(error),
    };
    match finished {
        Ok(report) => {
            conclude(put, &item, &report).await;
            FinishedFile { report, outcome: Ok(()), again: None }
        }
        Err(error) => {
            let has_changed = error.suggests_change() && item.has_grown();
            let error = if has_changed { Error::FileChanged(item.local.clone()) } else { error };
            FinishedFile {
                report: Report::failed(&item, &error),
                again: error.suggests_change().then(|| item.renewed()),
                outcome: Err(error),
            }
        }
    }
}

async fn finish_stage(put: &PutContext, item: &Item, stage: Stage) -> Result<Report> {
    let mut arrived = match stage {
        Stage::Instant(version) => return Ok(Report::new(item, Outcome::Instant).with_version(&version)),
        Stage::Arrived(arrived) => arrived,
        Stage::Twin(prepared, wait) => {
            let stage = send_after_twin(put, item, *prepared, wait).await?;
            // This recursion ends: only a file that was not sent yet is a twin.
            return Box::pin(finish_stage(put, item, stage)).await;
        }
    };
    let Some(prepared) = arrived.delta_of.take() else {
        return verify(put, item, &arrived, Outcome::Uploaded).await;
    };
    match verify(put, item, &arrived, Outcome::Delta).await {
        Err(Error::Rejected(Some(reason))) if delta::is_worth_sending_whole(reason) => {
            put.note_whole(item, reason.as_str());
            let stage = whole::send(put, item, *prepared).await?;
            // This recursion ends: a whole upload has no `delta_of`.
            Box::pin(finish_stage(put, item, stage)).await
        }
        verdict => verdict,
    }
}

/// Sends the file once no equal file is being sent. Usually the account has the blob by then.
async fn send_after_twin(
    put: &PutContext,
    item: &Item,
    prepared: Prepared,
    mut wait: TwinWait,
) -> Result<Stage> {
    while !wait.until_stored().await {
        match put.twins.enter(prepared.sha256()) {
            Place::Behind(next) => wait = next,
            Place::First(turn) => {
                item.turn.set(turn).ok();
                break;
            }
            Place::Crowded => break,
        }
    }
    // All that waited for one file wake at once.
    let _slot = put.file_slots.acquire().await;
    whole::send(put, item, prepared).await
}

/// Waits for the server's verdict, unless the user passed `--no-wait`.
async fn verify(put: &PutContext, item: &Item, arrived: &Arrived, outcome: Outcome) -> Result<Report> {
    let Some(waiter) = &put.waiter else {
        if let Some(memory) = &arrived.memory {
            memory.forget();
        }
        return Ok(Report {
            state: Some(VersionState::Pending),
            version_id: arrived.version_id,
            file_id: arrived.file_id,
            ..Report::new(item, outcome)
        });
    };
    item.progress.begin_verification();
    let verdict = waiter.wait(arrived.upload_id, item.api.meter()).await;
    if let Some(memory) = arrived.memory.as_ref().filter(|_| is_verdict(&verdict)) {
        memory.forget();
    }
    let view = verdict?;
    Ok(Report {
        state: Some(VersionState::Available),
        version_id: Some(view.version_id),
        file_id: Some(view.file_id),
        ..Report::new(item, outcome)
    })
}

/// Does what is due once a file is stored.
async fn conclude(put: &PutContext, item: &Item, report: &Report) {
    if let Some(turn) = item.turn.get() {
        turn.stored();
    }
    if item.has_grown() {
        let stored = output::size(report.size);
        put.output.warning(&format!("{} grew meanwhile: its first {stored} are stored", report.local));
    }
    remember(put, item, report);
    // A version that is still to be verified may be rejected.
    if report.state == Some(VersionState::Available) {
        put.earlier_uploads.abort(item, put.account_id, put.if_match).await;
    }
}

/// Remembers the version in the cache, if the answers named it.
fn remember(put: &PutContext, item: &Item, report: &Report) {
    if let (Some(file_id), Some(version_id), Some(sha256)) =
        (report.file_id, report.version_id, report.sha256)
    {
        put.cache.remember_file(&CachedFile {
            local: &item.local,
            fingerprint: item.fingerprint.get(),
            remote: &item.remote,
            version: CachedVersion { file_id, version_id, sha256 },
        });
    }
}

/// Whether the upload has ended. Without an answer it may still be open.
fn is_verdict(verdict: &Result<UploadView>) -> bool {
    matches!(verdict, Ok(_) | Err(Error::Rejected(_) | Error::UploadEnded(_)))
}
