//! Lists, finds, renames, edits, deletes and restores files.

mod app;
mod change;
mod list;
mod own_file;
mod version_reply;

use http::StatusCode;
use sluice_contracts::files::{VersionList, VersionView};
use sluice_contracts::parameters::VersionsParameters;
use sluice_contracts::route::{Query, QueryFiles};
use sluice_domain::version::File;
use sluice_lambda::{Call, Failure, Reply, auth};
use std::sync::Arc;

pub use app::App;
use change::{Change, change};
use own_file::own_file;
use version_reply::version_reply;

pub async fn handle(app: Arc<App>, call: Call) -> Result<Reply, Failure> {
    let session = auth::session(&app.tables, &call).await?;
    match call.route()? {
        QueryFiles::ListFiles(Query(parameters)) => list::list(&app, &session, parameters).await,
        QueryFiles::GetFile(id) => show(&app, &own_file(&app, &session, id).await?).await,
        QueryFiles::ChangeFile(id) => change(&app, &call, &session, Change::Edit(id)).await,
        QueryFiles::DeleteFile(id) => change(&app, &call, &session, Change::Delete(id)).await,
        QueryFiles::ListVersions(id, Query(parameters)) => {
            versions(&app, &own_file(&app, &session, id).await?, &parameters).await
        }
        QueryFiles::RestoreVersion(id) => change(&app, &call, &session, Change::Restore(id)).await,
    }
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
            let latest = app.tables.latest_version(file.file_id).await?;
            latest.ok_or_else(|| Failure::not_found("file"))?
        }
    };
    version_reply(StatusCode::OK, &VersionView::new(version, file.path.clone()))
}

async fn versions(app: &App, file: &File, parameters: &VersionsParameters) -> Result<Reply, Failure> {
    let limit = parameters.limit.unwrap_or_default().get();
    let (versions, next) = app.tables.versions(file.file_id, parameters.cursor, limit).await?;
    let list = VersionList {
        next_cursor: next.map(|version_id| version_id.to_string()),
        versions: versions.into_iter().map(|version| VersionView::new(version, file.path.clone())).collect(),
    };
    Reply::json(StatusCode::OK, &list)
}
