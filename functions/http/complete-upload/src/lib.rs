//! Completion: checks what arrived, merges the parts, and makes the version pending.
//!
//! Every step may be repeated. A repeat after a death between the merge and the table write finds the merged object and
//! goes on from there; a repeat after success finds the version.

mod hash;
mod packs;
mod parts;

use http::{Method, StatusCode};
use sluice_contracts::problem::Code;
use sluice_contracts::uploads::{Completed, Completion};
use sluice_domain::id::UploadId;
use sluice_domain::sweep::PENDING_PATIENCE;
use sluice_domain::upload::{Upload, UploadState};
use sluice_lambda::config::ConfigError;
use sluice_lambda::{Call, Deployment, Failure, Reply, auth};
use sluice_storage::{Bucket, ErrorKind, Queue, Tables};
use std::sync::Arc;

/// What the function works with.
#[derive(Debug)]
pub struct App {
    tables: Tables,
    landing: Bucket,
    queue: Queue,
    /// Whether the bucket itself announces what has landed.
    landing_announces: bool,
}

impl App {
    /// The app of a deployment.
    pub fn new(deployment: &Deployment) -> Result<Self, ConfigError> {
        Ok(Self {
            tables: deployment.tables()?,
            landing: deployment.landing()?,
            queue: deployment.landing_queue()?,
            landing_announces: deployment.landing_announces()?,
        })
    }
}

/// Answers a call.
pub async fn handle(app: Arc<App>, call: Call) -> Result<Reply, Failure> {
    match (&call.method, &*call.segments()) {
        (&Method::POST, ["uploads", id, "complete"]) => complete(&app, &call, id).await,
        _ => Err(call.no_route()),
    }
}

async fn complete(app: &App, call: &Call, id: &str) -> Result<Reply, Failure> {
    let session = auth::session(&app.tables, call).await?;
    call.only_parameters(&[])?;
    let id: UploadId = id.parse().map_err(|_| Failure::not_found("upload"))?;
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
            None => gather(app, &upload, &completion).await?,
        }
        app.tables.mark_pending(&upload, call.now.after(PENDING_PATIENCE)).await?
    } else {
        upload
    };
    let unannounced = upload.packs.is_some() || !app.landing_announces;
    if upload.state == UploadState::Pending && unannounced {
        packs::announce(app, &upload).await?;
    }
    answer(app, &upload).await
}

/// Makes sure that the whole object lies in the landing bucket.
async fn gather(app: &App, upload: &Upload, completion: &Completion) -> Result<(), Failure> {
    let key = upload.landing_key().object_key();
    let Some(multipart_id) = &upload.multipart_id else {
        return landed(app, upload, completion).await;
    };
    let Some(stored) = app.landing.list_every_part(&key, multipart_id).await? else {
        // Merged by an earlier call, or by another one at this moment.
        return landed(app, upload, completion).await;
    };
    let (failure, is_gone) = match parts::check_stored(upload, completion, &stored) {
        Ok(named) => match app.landing.complete_multipart(&key, multipart_id, &named).await {
            Ok(()) => return Ok(()),
            Err(error) => {
                let is_gone = error.kind == ErrorKind::NotFound;
                (error.into(), is_gone)
            }
        },
        Err(failure) => (failure, false),
    };
    // Another call may be merging them at this moment, whatever the store says of it: Ceph then lists an upload without parts.
    match landed(app, upload, completion).await {
        Err(_) if !is_gone => Err(failure),
        landed => landed,
    }
}

async fn landed(app: &App, upload: &Upload, completion: &Completion) -> Result<(), Failure> {
    match app.landing.head(&upload.landing_key().object_key()).await? {
        Some(object) if object.size == upload.size => parts::check_single(upload, completion, &object.etag),
        Some(object) => {
            let detail = format!("{} bytes arrived where {} were declared", object.size, upload.size);
            Err(Failure::new(Code::PartMismatch, detail))
        }
        // The worker may have taken it away already: then the upload is no longer open.
        None => match app.tables.upload(upload.upload_id).await? {
            Some(now) if now.state != UploadState::Open => Ok(()),
            _ => Err(Failure::new(Code::PartsMissing, "the bytes have not arrived; PUT them first")),
        },
    }
}

async fn answer(app: &App, upload: &Upload) -> Result<Reply, Failure> {
    if matches!(upload.state, UploadState::Aborted | UploadState::Expired) {
        let detail = format!("the upload is {}; begin a new one", upload.state.as_str());
        return Err(Failure::new(Code::UploadEnded, detail));
    }
    // A version that was only just made pending need not be read back.
    let version = if upload.state == UploadState::Pending {
        upload.pending_version()
    } else {
        let version = app.tables.version(upload.file_id, upload.version_id).await?;
        version.ok_or_else(|| Failure::not_found("version"))?
    };
    Reply::json(StatusCode::ACCEPTED, &Completed { version: version.into() })
}
