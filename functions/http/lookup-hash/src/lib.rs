//! Makes a version of a blob that the account already holds, and finds packs that contain hooks.
//!
//! Only the account's own blobs and packs are searched: knowing a hash does not prove having the bytes.

mod app;
mod hooks;

use http::StatusCode;
use sluice_contracts::files::{Lookup, LookupAnswer};
use sluice_contracts::route::LookupHash;
use sluice_domain::session::Session;
use sluice_domain::version::{check_metadata, content_type};
use sluice_lambda::instant::{InstantUpload, link};
use sluice_lambda::{Call, Failure, Reply, auth};
use std::sync::Arc;

pub use app::App;

pub async fn handle(app: Arc<App>, call: Call) -> Result<Reply, Failure> {
    let session = auth::session(&app.tables, &call).await?;
    match call.route()? {
        LookupHash::LookUpContent => look_up(&app, &call, &session).await,
        LookupHash::LookUpHooks => hooks::look_up(&app, &call, &session).await,
    }
}

async fn look_up(app: &App, call: &Call, session: &Session) -> Result<Reply, Failure> {
    let lookup: Lookup = call.json()?;
    let content_type = content_type(lookup.content_type).map_err(Failure::invalid)?;
    check_metadata(&lookup.metadata).map_err(Failure::invalid)?;
    let instant = InstantUpload {
        path: &lookup.path,
        size: lookup.size,
        content_type: &content_type,
        metadata: &lookup.metadata,
        expected: call.if_match()?,
    };
    let found = app.tables.file_and_blob(session.account_id, &lookup.path, Some(&lookup.sha256)).await?;
    let answer = match link(&app.tables, call, &instant, found).await? {
        Some(version) => LookupAnswer::Instant { version: Box::new(version.into()) },
        None => LookupAnswer::Unknown,
    };
    Reply::json(StatusCode::OK, &answer)
}
