//! Lists, finds, renames, edits, deletes and restores files.

mod app;
mod change;
pub mod cursor;
mod list;
mod version_reply;

use http::{Method, StatusCode};
use sluice_contracts::files::{VersionList, VersionView};
use sluice_domain::account::Session;
use sluice_domain::id::{FileId, VersionId};
use sluice_domain::version::File;
use sluice_lambda::{Call, Failure, Reply, auth};
use std::sync::Arc;

pub use app::App;
use version_reply::version_reply;

pub async fn handle(app: Arc<App>, call: Call) -> Result<Reply, Failure> {
    let session = auth::session(&app.tables, &call).await?;
    match (&call.method, &*call.segments()) {
        (&Method::GET, ["files"]) => list::list(&app, &call, &session).await,
        (&Method::GET, ["files", id]) => show(&app, &call, &own_file(&app, &session, id).await?).await,
        (&Method::PATCH, ["files", id]) => {
            change::edit(&app, &call, own_file(&app, &session, id).await?).await
        }
        (&Method::DELETE, ["files", id]) => {
            change::delete(&app, &call, own_file(&app, &session, id).await?).await
        }
        (&Method::GET, ["files", id, "versions"]) => {
            versions(&app, &call, &own_file(&app, &session, id).await?).await
        }
        (&Method::POST, ["files", id, "restore"]) => {
            change::restore(&app, &call, own_file(&app, &session, id).await?).await
        }
        _ => Err(call.no_route()),
    }
}

/// Loads a file of the account. A file of another account answers the same as one that does not exist.
async fn own_file(app: &App, session: &Session, id: &str) -> Result<File, Failure> {
    let id: FileId = id.parse().map_err(|_| Failure::not_found("file"))?;
    app.tables.file(session.account_id, id).await?.ok_or_else(|| Failure::not_found("file"))
}

/// Answers the current version. If the file never had one, answers the latest, so that the client sees its
/// state.
async fn show(app: &App, call: &Call, file: &File) -> Result<Reply, Failure> {
    call.only_parameters(&[])?;
    let version = match (file.live(), &file.current) {
        (Some(live), _) => live.clone(),
        (None, Some(_)) => {
            return Err(Failure::not_found("file: it was deleted; its versions can be restored"));
        }
        (None, None) => {
            let latest = app.tables.versions(file.file_id, None, 1).await?.pop();
            latest.ok_or_else(|| Failure::not_found("file"))?
        }
    };
    version_reply(StatusCode::OK, version, file)
}

async fn versions(app: &App, call: &Call, file: &File) -> Result<Reply, Failure> {
    call.only_parameters(&["limit", "cursor"])?;
    let limit = call.limit()?;
    let after = call.parameter::<VersionId>("cursor")?;
    let versions = app.tables.versions(file.file_id, after, limit).await?;
    let next = (versions.len() == limit).then(|| versions.last()).flatten();
    let list = VersionList {
        next_cursor: next.map(|version| version.version_id.to_string()),
        versions: versions.into_iter().map(|version| VersionView::new(version, file.path.clone())).collect(),
    };
    Reply::json(StatusCode::OK, &list)
}
