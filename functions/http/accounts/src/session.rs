//! Logs in and out.

use http::{StatusCode, header};
use sluice_contracts::accounts::{Login, SessionCreated};
use sluice_contracts::problem::Code;
use sluice_domain::account::{Account, Username};
use sluice_domain::guessing::CounterKeys;
use sluice_domain::hash::Sha256;
use sluice_domain::password::Password;
use sluice_domain::session::{self, Session};
use sluice_domain::time::Timestamp;
use sluice_lambda::{Call, Failure, Reply, auth};
use sluice_storage::tables::Update;

use crate::app::App;
use crate::{attempt, password};

/// The same answer for an unknown user, a wrong password, and names or passwords that cannot be registered.
fn wrong_credentials() -> Failure {
    Failure::new(Code::WrongCredentials, "check the user name and the password")
}

pub async fn log_in(app: &App, call: &Call) -> Result<Reply, Failure> {
    let login: Login = call.json()?;
    if login.cookie && !auth::is_same_origin(call) {
        return Err(Failure::invalid(
            "cookie: only for pages of the API's own origin; use the token instead",
        ));
    }
    let Authenticated { account, counters } = authenticate(app, call, &login).await?;
    let token = session::token(account.account_id, &call.random()?);
    let expires_at = call.now.after(app.session_life).unix_seconds();
    let session = Session {
        token_sha256: Sha256::of(token.as_bytes()),
        account_id: account.account_id,
        username: account.username.clone(),
        created_at: call.now,
        expires_at,
        client: call.header("user-agent").ok().flatten().map(session::client_name),
        address: app.entrance.viewer(call).map(|address| address.to_string()),
    };
    if app.tables.create_session(&session, &account, &counters).await? == Update::Refused {
        return Err(Failure::new(Code::Conflict, "the account was changed at the same time; log in again"));
    }
    app.tables.end_surplus_sessions(account.account_id).await?;
    let expires_at = Timestamp::from_unix_milliseconds(expires_at * 1000);
    if login.cookie {
        let cookie = auth::cookie(&token, app.session_life);
        let reply = Reply::json(StatusCode::CREATED, &SessionCreated { token: None, expires_at })?;
        return Ok(reply.header(header::SET_COOKIE, cookie));
    }
    Reply::json(StatusCode::CREATED, &SessionCreated { token: Some(token), expires_at })
}

/// Whose password was right, and the counters of the attempt.
struct Authenticated {
    account: Account,
    counters: CounterKeys,
}

async fn authenticate(app: &App, call: &Call, login: &Login) -> Result<Authenticated, Failure> {
    // Nobody can have such a name or password, so there is nothing to guess.
    let username = Username::parse(&login.username).map_err(|_| wrong_credentials())?;
    let password = Password::parse(&login.password).map_err(|_| wrong_credentials())?;
    let counters = attempt::count(app, call, &username).await?;
    let account = app.tables.account(&username).await?;
    let hash = account.as_ref().map(|account| account.password_hash.as_str());
    if !password::matches(&password, hash)? {
        return Err(wrong_credentials());
    }
    let account = account.ok_or_else(wrong_credentials)?;
    if account.suspended_at.is_some() {
        return Err(Failure::new(Code::AccountSuspended, "ask the operator why the account is suspended"));
    }
    Ok(Authenticated { account, counters })
}

pub async fn log_out(app: &App, call: &Call) -> Result<Reply, Failure> {
    let session = auth::session(&app.tables, call).await?;
    app.tables.end_session(&session.key()).await?;
    Ok(Reply::empty(StatusCode::NO_CONTENT).header(header::SET_COOKIE, auth::no_cookie()))
}
