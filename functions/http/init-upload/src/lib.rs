//! Begins, shows and aborts uploads, and presigns URLs for their parts.

mod app;
mod begin;
mod own_upload;
mod show;
mod urls;

use http::StatusCode;
use sluice_contracts::route::{InitUpload, Query};
use sluice_domain::upload::{Upload, UploadState};
use sluice_lambda::{Call, Failure, Reply, auth};
use sluice_storage::tables::{Ending, Update};
use std::sync::Arc;

pub use app::App;
use own_upload::{ended, own_upload};

pub async fn handle(app: Arc<App>, call: Call) -> Result<Reply, Failure> {
    let session = auth::session(&app.tables, &call).await?;
    match call.route()? {
        InitUpload::BeginUpload => begin::begin(&app, &call, &session).await,
        InitUpload::ListUploads(Query(parameters)) => show::list(&app, &session, parameters).await,
        InitUpload::GetUpload(id) => show::show(&app, &own_upload(&app, &session, id).await?).await,
        InitUpload::AbortUpload(id) => abort(&app, &call, &own_upload(&app, &session, id).await?).await,
        InitUpload::SignParts(id) => urls::fresh(&app, &call, &own_upload(&app, &session, id).await?).await,
    }
}

/// Ends the upload first and deletes its parts second, so that a concurrent merge finds the upload ended. A
/// retry deletes what an earlier call did not.
async fn abort(app: &App, call: &Call, upload: &Upload) -> Result<Reply, Failure> {
    if app.tables.end_upload(upload, Ending::Aborted, call.now).await? == Update::Refused {
        // The upload may have been completed since it was read. Then its bytes must not be deleted.
        let upload =
            app.tables.upload(upload.upload_id).await?.ok_or_else(|| Failure::not_found("upload"))?;
        if !matches!(upload.state, UploadState::Aborted | UploadState::Expired) {
            return Err(ended(&upload));
        }
    }
    let key = upload.landing_key().object_key();
    if let Some(multipart_id) = &upload.multipart_id {
        app.landing.abort_multipart(&key, multipart_id).await?;
    }
    app.landing.delete_all(upload.landed_keys()).await?;
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}
