//! Answers how to read a version: with a redirect to its bytes, or with a plan of its chunks.

mod app;
mod content;
pub mod disposition;
mod plan;
mod requested;

use sluice_contracts::route::{Query, ReadContent};
use sluice_domain::id::FileId;
use sluice_domain::session::Session;
use sluice_domain::version::File;
use sluice_lambda::{Call, Failure, Reply, auth};
use std::sync::Arc;

pub use app::App;

pub async fn handle(app: Arc<App>, call: Call) -> Result<Reply, Failure> {
    let session = auth::session(&app.tables, &call).await?;
    match call.route()? {
        ReadContent::GetContent(id, Query(parameters)) | ReadContent::HeadContent(id, Query(parameters)) => {
            content::redirect(&app, &call, own_file(&app, &session, id).await?, parameters).await
        }
        ReadContent::GetPlan(id, Query(parameters)) => {
            plan::plan(&app, &call, own_file(&app, &session, id).await?, parameters).await
        }
    }
}

/// Loads a file of the account. A file of another account answers the same as one that does not exist.
async fn own_file(app: &App, session: &Session, id: FileId) -> Result<File, Failure> {
    app.tables.file(session.account_id, id).await?.ok_or_else(|| Failure::not_found("file"))
}
