//! Completes an upload: checks what has arrived, merges the parts, and makes the version pending.
//!
//! Every step may be repeated. If a call dies between the merge and the table write, its retry finds the
//! merged object and continues. A retry after success finds the version.

mod app;
mod hash;
mod merge;
mod packs;
mod parts;

use http::StatusCode;
use sluice_contracts::event::UploadEvent;
use sluice_contracts::problem::Code;
use sluice_contracts::route::CompleteUpload;
use sluice_contracts::uploads::{Completed, Completion};
use sluice_domain::id::UploadId;
use sluice_domain::session::Session;
use sluice_domain::sweep::PENDING_PATIENCE;
use sluice_domain::time::Timestamp;
use sluice_domain::upload::{Upload, UploadState};
use sluice_lambda::{Call, Failure, Reply, auth};
use std::sync::Arc;

pub use app::App;

pub async fn handle(app: Arc<App>, call: Call) -> Result<Reply, Failure> {
    let session = auth::session(&app.tables, &call).await?;
    match call.route()? {
        CompleteUpload::CompleteUpload(id) => complete(&app, &call, &session, id).await,
    }
}

async fn complete(app: &App, call: &Call, session: &Session, id: UploadId) -> Result<Reply, Failure> {
    let upload = app.tables.upload(id).await?;
    let upload = upload.filter(|upload| upload.account_id == session.account_id);
    let upload = upload.ok_or_else(|| Failure::not_found("upload"))?;
    let completion: Completion = call.json()?;
    let manifest = match &upload.packs {
        Some(declared) => Some(packs::manifest(&upload, declared, &completion)?),
        None => parts::check_list(&upload, &completion).map(|()| None)?,
    };
    let upload = hash::declare(app, upload, completion.sha256).await?;
    let must_enqueue = upload.packs.is_some() || !app.landing_notifies;
    let patience_end = call.now.after(PENDING_PATIENCE);
    let upload = if upload.state == UploadState::Open {
        match manifest {
            Some(manifest) => packs::gather(app, &upload, manifest).await?,
            None => merge::gather(app, &upload, &completion, call).await?,
        }
        // Due at once until its message is sent.
        let due_at = if must_enqueue { call.now } else { patience_end };
        app.tables.mark_pending(&upload, due_at).await?
    } else {
        upload
    };
    if must_enqueue && upload.state == UploadState::Pending && upload.due_at <= call.now {
        enqueue(app, &upload, patience_end).await?;
    }
    answer(app, &upload).await
}

/// Enqueues a pending upload that is due, for the worker. Then it is not due any more, so that a repeated
/// call, however often it comes, sends no message; only one whose message was perhaps not sent does.
async fn enqueue(app: &App, upload: &Upload, next_due_at: Timestamp) -> Result<(), Failure> {
    let Upload { account_id, upload_id, .. } = *upload;
    app.queue.send(&UploadEvent::UploadReceived { account_id, upload_id }.to_json()).await?;
    // If this is refused, the worker has finished the upload already.
    app.tables.postpone(upload, next_due_at, upload.enqueue_count).await?;
    Ok(())
}

async fn answer(app: &App, upload: &Upload) -> Result<Reply, Failure> {
    if matches!(upload.state, UploadState::Aborted | UploadState::Expired) {
        let detail = format!("the upload is {}; begin a new one", upload.state.as_str());
        return Err(Failure::new(Code::UploadEnded, detail));
    }
    // A pending version follows from the upload and need not be read.
    let version = if upload.state == UploadState::Pending {
        upload.pending_version()
    } else {
        let version = app.tables.version(upload.file_id, upload.version_id).await?;
        version.ok_or_else(|| Failure::not_found("version"))?
    };
    Reply::json(StatusCode::ACCEPTED, &Completed { version: version.into() })
}
