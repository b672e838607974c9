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
use sluice_contracts::problem::Code;
use sluice_contracts::route::CompleteUpload;
use sluice_contracts::uploads::{Completed, Completion};
use sluice_domain::id::UploadId;
use sluice_domain::session::Session;
use sluice_domain::sweep::PENDING_PATIENCE;
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
    let upload = if upload.state == UploadState::Open {
        match manifest {
            Some(manifest) => packs::gather(app, &upload, manifest).await?,
            None => merge::gather(app, &upload, &completion, call).await?,
        }
        app.tables.mark_pending(&upload, call.now.after(PENDING_PATIENCE)).await?
    } else {
        upload
    };
    let must_enqueue = upload.packs.is_some() || !app.landing_notifies;
    if upload.state == UploadState::Pending && must_enqueue {
        packs::enqueue(app, &upload).await?;
    }
    answer(app, &upload).await
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
