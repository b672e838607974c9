//! Makes a version of a blob that the account already holds, and finds packs that contain hooks.
//!
//! Only the account's own blobs and packs are searched: knowing a hash does not prove having the bytes.

mod app;
mod hooks;

use http::StatusCode;
use sluice_contracts::files::{Lookup, LookupAnswer, VersionView};
use sluice_contracts::problem::Code;
use sluice_contracts::route::LookupHash;
use sluice_domain::idempotency::Effect;
use sluice_domain::session::Session;
use sluice_domain::version::{check_metadata, content_type};
use sluice_lambda::idempotency::{IdempotencyKey, answered_version, first_effect, met_effect};
use sluice_lambda::instant::{InstantUpload, Linked, link};
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
    let key = IdempotencyKey::of(call, session.account_id)?;
    let instant = InstantUpload {
        username: &session.username,
        path: &lookup.path,
        size: lookup.size,
        content_type: &content_type,
        metadata: &lookup.metadata,
        expected: call.if_match()?,
        key: key.as_ref(),
    };
    let found = app.tables.file_and_blob(session.account_id, &lookup.path, Some(&lookup.sha256)).await?;
    if let Some(effect) = first_effect(&app.tables, key.as_ref()).await? {
        return repeated(app, effect).await;
    }
    match link(&app.tables, call, &instant, found).await? {
        Linked::Version(version) => found_version((*version).into()),
        Linked::Unknown => Reply::json(StatusCode::OK, &LookupAnswer::Unknown),
        Linked::Repeated => repeated(app, met_effect(&app.tables, key.as_ref()).await?).await,
    }
}

/// Answers as the first call with this idempotency key did. One that found nothing is not remembered.
async fn repeated(app: &App, effect: Effect) -> Result<Reply, Failure> {
    match effect {
        Effect::Version(answered) => found_version(answered_version(&app.tables, answered).await?),
        Effect::Upload(_) => Err(Failure::new(Code::Internal, "the call is remembered as an upload")),
    }
}

fn found_version(version: VersionView) -> Result<Reply, Failure> {
    Reply::json(StatusCode::OK, &LookupAnswer::Instant { version: Box::new(version) })
}
