//! Begins, shows and aborts uploads, and presigns URLs for their parts.

mod begin;
mod show;
mod urls;

use http::{Method, StatusCode};
use sluice_contracts::problem::Code;
use sluice_domain::account::Session;
use sluice_domain::id::UploadId;
use sluice_domain::upload::{Upload, UploadState};
use sluice_lambda::config::ConfigError;
use sluice_lambda::{Call, Deployment, Failure, Reply, auth};
use sluice_storage::presign::UrlLife;
use sluice_storage::tables::Ending;
use sluice_storage::{Bucket, Tables};
use std::sync::Arc;
use std::time::Duration;

#[derive(Debug)]
pub struct App {
    tables: Tables,
    landing: Bucket,
    url_life: UrlLife,
    upload_life: Duration,
}

impl App {
    pub fn new(deployment: &Deployment) -> Result<Self, ConfigError> {
        Ok(Self {
            tables: deployment.tables()?,
            landing: deployment.landing()?,
            url_life: deployment.url_life()?,
            upload_life: deployment.upload_life()?,
        })
    }
}

pub async fn handle(app: Arc<App>, call: Call) -> Result<Reply, Failure> {
    let session = auth::session(&app.tables, &call).await?;
    match (&call.method, &*call.segments()) {
        (&Method::POST, ["uploads"]) => begin::begin(&app, &call, &session).await,
        (&Method::GET, ["uploads"]) => show::list(&app, &call, &session).await,
        (&Method::GET, ["uploads", id]) => {
            show::show(&app, &call, &own_upload(&app, &session, id).await?).await
        }
        (&Method::DELETE, ["uploads", id]) => {
            abort(&app, &call, &own_upload(&app, &session, id).await?).await
        }
        (&Method::POST, ["uploads", id, "parts"]) => {
            urls::fresh(&app, &call, &own_upload(&app, &session, id).await?).await
        }
        _ => Err(call.no_route()),
    }
}

/// Loads an upload of the account. An upload of another account answers the same as one that does not exist.
async fn own_upload(app: &App, session: &Session, id: &str) -> Result<Upload, Failure> {
    let id: UploadId = id.parse().map_err(|_| Failure::not_found("upload"))?;
    let upload = app.tables.upload(id).await?;
    let own = upload.filter(|upload| upload.account_id == session.account_id);
    own.ok_or_else(|| Failure::not_found("upload"))
}

/// The failure of a call that requires an open upload.
fn ended(upload: &Upload) -> Failure {
    let detail = format!("the upload is {}; begin a new one", upload.state.as_str());
    Failure::new(Code::UploadEnded, detail)
}

/// Ends the upload first and deletes its parts second, so that a concurrent merge finds the upload ended. A
/// retry deletes what an earlier call did not.
async fn abort(app: &App, call: &Call, upload: &Upload) -> Result<Reply, Failure> {
    call.only_parameters(&[])?;
    if !app.tables.end_upload(upload, Ending::Aborted, call.now).await? {
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
