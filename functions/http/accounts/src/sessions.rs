//! Lists and ends the sessions of an account.

use http::StatusCode;
use sluice_contracts::accounts::{SessionList, SessionView};
use sluice_domain::id::SessionId;
use sluice_domain::session::{Session, SessionKey};
use sluice_domain::time::Timestamp;
use sluice_lambda::{Call, Failure, Reply, auth};
use std::cmp::Reverse;

use crate::app::App;

pub async fn list(app: &App, call: &Call) -> Result<Reply, Failure> {
    let current = auth::session(&app.tables, call).await?.key();
    let mut sessions = app.tables.sessions(current.account_id).await?;
    sessions.retain(|session| session.is_valid(call.now));
    sessions.sort_by_key(|session| Reverse(session.created_at));
    let sessions = sessions.into_iter().map(|session| view(session, &current)).collect();
    Reply::json(StatusCode::OK, &SessionList { sessions })
}

fn view(session: Session, current: &SessionKey) -> SessionView {
    let key = session.key();
    SessionView {
        session_id: key.session_id(),
        created_at: session.created_at,
        expires_at: Timestamp::from_unix_milliseconds(session.expires_at * 1000),
        current: key == *current,
        client: session.client,
        address: session.address,
    }
}

pub async fn end_others(app: &App, call: &Call) -> Result<Reply, Failure> {
    let current = auth::session(&app.tables, call).await?.key();
    app.tables.end_sessions(current.account_id, Some(&current)).await?;
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}

/// Ends one session, which may be the call's own. One that has ended, or is another account's, is no failure:
/// a repeat answers as the first call did.
pub async fn end(app: &App, call: &Call, id: SessionId) -> Result<Reply, Failure> {
    let current = auth::session(&app.tables, call).await?.key();
    let sessions = app.tables.sessions(current.account_id).await?;
    if let Some(key) = sessions.iter().map(Session::key).find(|key| key.session_id() == id) {
        app.tables.end_session(&key).await?;
    }
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}
