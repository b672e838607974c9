//! Logs in and out.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64_URL;
use http::{StatusCode, header};
use sluice_contracts::accounts::{Login, SessionCreated};
use sluice_contracts::problem::Code;
use sluice_domain::account::{Account, Password, Session, Username};
use sluice_domain::hash::Sha256;
use sluice_domain::time::Timestamp;
use sluice_lambda::{Call, Failure, Reply, auth};

use crate::app::App;
use crate::password;

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
    let account = authenticate(app, &login).await?;
    let token = format!("sluice_{}", BASE64_URL.encode(call.random::<32>()?));
    let expires_at = call.now.after(app.session_life).unix_seconds();
    let session = Session {
        token_sha256: Sha256::of(token.as_bytes()),
        account_id: account.account_id,
        username: account.username,
        expires_at,
    };
    app.tables.create_session(&session).await?;
    let expires_at = Timestamp::from_unix_milliseconds(expires_at * 1000);
    if login.cookie {
        let cookie = auth::cookie(&token, app.session_life);
        let reply = Reply::json(StatusCode::CREATED, &SessionCreated { token: None, expires_at })?;
        return Ok(reply.header(header::SET_COOKIE, cookie));
    }
    Reply::json(StatusCode::CREATED, &SessionCreated { token: Some(token), expires_at })
}

async fn authenticate(app: &App, login: &Login) -> Result<Account, Failure> {
    let password = Password::parse(&login.password).map_err(|_| wrong_credentials())?;
    let account = match Username::parse(&login.username) {
        Ok(username) => app.tables.account(&username).await?,
        Err(_) => None,
    };
    let hash = account.as_ref().map(|account| account.password_hash.as_str());
    if !password::matches(&password, hash)? {
        return Err(wrong_credentials());
    }
    account.ok_or_else(wrong_credentials)
}

pub async fn log_out(app: &App, call: &Call) -> Result<Reply, Failure> {
    auth::session(&app.tables, call).await?;
    app.tables.end_session(&auth::token_sha256(call)?).await?;
    Ok(Reply::empty(StatusCode::NO_CONTENT).header(header::SET_COOKIE, auth::no_cookie()))
}
