//! Lists, finds, renames, edits, deletes and restores files.

mod app;
mod change;
mod list;
mod version_reply;

use http::StatusCode;
use sluice_contracts::files::{VersionList, VersionView};
use sluice_contracts::parameters::VersionsParameters;
use sluice_contracts::route::{Query, QueryFiles};
use sluice_domain::id::FileId;
use sluice_domain::session::Session;
use sluice_domain::version::File;
use sluice_lambda::{Call, Failure, Reply, auth};
use std::sync::Arc;

pub use app::App;
use version_reply::version_reply;

pub async fn handle(app: Arc<App>, call: Call) -> Result<Reply, Failure> {
    let session = auth::session(&app.tables, &call).await?;
    match call.route()? {
        QueryFiles::ListFiles(Query(parameters)) => list::list(&app, &session, parameters).await,
        QueryFiles::GetFile(id) => show(&app, &own_file(&app, &session, id).await?).await,
        QueryFiles::ChangeFile(id) => change::edit(&app, &call, own_file(&app, &session, id).await?).await,
        QueryFiles::DeleteFile(id) => change::delete(&app, &call, own_file(&app, &session, id).await?).await,
        QueryFiles::ListVersions(id, Query(parameters)) => {
            versions(&app, &own_file(&app, &session, id).await?, &parameters).await
        }
        QueryFiles::RestoreVersion(id) => {
            change::restore(&app, &call, own_file(&app, &session, id).await?).await
        }
    }
}

/// Loads a file of the account. A file of another account answers the same as one that does not exist.
async fn own_file(app: &App, session: &Session, id: FileId) -> Result<File, Failure> {
    app.tables.file(session.account_id, id).await?.ok_or_else(|| Failure::not_found("file"))
}

/// Answers the current version. If the file never had one, answers the latest, so that the client sees its
/// state.
async fn show(app: &App, file: &File) -> Result<Reply, Failure> {
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

async fn versions(app: &App, file: &File, parameters: &VersionsParameters) -> Result<Reply, Failure> {
    let limit = parameters.limit.unwrap_or_default().get();
    let versions = app.tables.versions(file.file_id, parameters.cursor, limit).await?;
    let next = (versions.len() == limit).then(|| versions.last()).flatten();
    let list = VersionList {
        next_cursor: next.map(|version| version.version_id.to_string()),
        versions: versions.into_iter().map(|version| VersionView::new(version, file.path.clone())).collect(),
    };
    Reply::json(StatusCode::OK, &list)
}
