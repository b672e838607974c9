//! Content: a redirect to the bytes, which a function never touches.

mod disposition;

use http::{Method, StatusCode, header};
use sluice_contracts::problem::Code;
use sluice_domain::id::{FileId, VersionId};
use sluice_domain::key::ObjectKey;
use sluice_domain::version::{File, Version, VersionState};
use sluice_lambda::config::ConfigError;
use sluice_lambda::{Call, Deployment, Failure, Reply, auth};
use sluice_storage::presign::UrlLife;
use sluice_storage::{Bucket, Tables};
use std::sync::Arc;

/// What the function works with.
#[derive(Debug)]
pub struct App {
    tables: Tables,
    vault: Bucket,
    url_life: UrlLife,
}

impl App {
    /// The app of a deployment.
    pub fn new(deployment: &Deployment) -> Result<Self, ConfigError> {
        Ok(Self {
            tables: deployment.tables()?,
            vault: deployment.vault()?,
            url_life: deployment.url_life()?,
        })
    }
}

/// Answers a call.
pub async fn handle(app: Arc<App>, call: Call) -> Result<Reply, Failure> {
    match (&call.method, &*call.segments()) {
        (&Method::GET | &Method::HEAD, ["files", id, "content"]) => redirect(&app, &call, id).await,
        _ => Err(call.no_route()),
    }
}

async fn redirect(app: &App, call: &Call, id: &str) -> Result<Reply, Failure> {
    let session = auth::session(&app.tables, call).await?;
    call.only_parameters(&["version", "disposition"])?;
    let id: FileId = id.parse().map_err(|_| Failure::not_found("file"))?;
    let version_id = call.parameter::<VersionId>("version")?;
    let kind = call.parameter::<disposition::Kind>("disposition")?.unwrap_or_default();
    let file = app.tables.file(session.account_id, id).await?.ok_or_else(|| Failure::not_found("file"))?;
    let version = asked_for(app, &file, version_id).await?;

    let unavailable = || Failure::new(Code::VersionNotAvailable, "the version's bytes are gone");
    let sha256 = version.sha256.ok_or_else(unavailable)?;
    let content = app.tables.content(session.account_id, &sha256).await?.ok_or_else(unavailable)?;
    let key = ObjectKey::from_stored(content.object_key);
    let disposition = kind.of(file.path.file_name(), &version.content_type);
    let end = app.url_life.end(call.now, None).await?;
    let url = match call.method {
        // A presigned URL is good for one method.
        Method::HEAD => app.vault.presign_head(&key, &disposition, call.now, end).await?,
        _ => app.vault.presign_get(&key, &disposition, call.now, end).await?,
    };
    Ok(Reply::empty(StatusCode::FOUND)
        .header(header::LOCATION, url.url)
        .header(header::ETAG, format!("\"{}\"", version.version_id))
        .header(header::HeaderName::from_static("repr-digest"), format!("sha-256=:{}:", sha256.to_base64())))
}

async fn asked_for(app: &App, file: &File, version_id: Option<VersionId>) -> Result<Version, Failure> {
    let version = match version_id {
        Some(id) => app.tables.version(file.file_id, id).await?,
        None => match (&file.current, file.live()) {
            (_, Some(live)) => Some(live.clone()),
            (Some(_), None) => None,
            (None, None) => app.tables.versions(file.file_id, None, 1).await?.pop(),
        },
    };
    let version = version.ok_or_else(|| Failure::not_found("version"))?;
    match version.state {
        VersionState::Available => Ok(version),
        VersionState::Pending => Err(Failure::new(
            Code::VersionNotAvailable,
            "the version is pending: its bytes are being verified",
        )),
        VersionState::Rejected => {
            let reason = version.reason.map_or("unknown", |reason| reason.as_str());
            Err(Failure::new(Code::VersionNotAvailable, format!("the version was rejected: {reason}")))
        }
        VersionState::Deleted => Err(Failure::not_found("version: it is a tombstone")),
    }
}
