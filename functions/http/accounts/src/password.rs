//! Chooses, hashes, compares and changes passwords.

use http::StatusCode;
use sluice_contracts::accounts::PasswordChange;
use sluice_contracts::problem::Code;
use sluice_domain::account::Username;
use sluice_domain::password::{self, HashError, Password};
use sluice_lambda::{Call, Failure, Reply, auth};
use sluice_storage::Chain;
use sluice_storage::tables::Update;

use crate::app::App;
use crate::attempt;

/// Changes the password of the session's account, and ends all other sessions: whoever has the old password
/// is out.
pub async fn change(app: &App, call: &Call) -> Result<Reply, Failure> {
    let session = auth::session(&app.tables, call).await?;
    let change: PasswordChange = call.json()?;
    let new = choose(&change.new_password, &session.username, "new_password")?;
    let wrong = || Failure::new(Code::WrongPassword, "this is not the present password").about("password");
    let present = Password::parse(&change.password).map_err(|_| wrong())?;
    let counters = attempt::count(app, call, &session.username).await?;
    let account =
        app.tables.account(&session.username).await?.ok_or_else(|| Failure::not_found("account"))?;
    let stored = Some(&*account.password_hash);
    // The first call may have ended before the sessions did, or its answer may have been lost.
    if !matches(&present, stored)? && !matches(&new, stored)? {
        return Err(wrong());
    }
    let hash = hash(call, &new)?;
    if app.tables.change_password(&account, &hash, &counters, call.now).await? == Update::Refused {
        return Err(Failure::new(Code::Conflict, "the account was changed at the same time"));
    }
    app.tables.end_sessions(account.account_id, Some(&session.key())).await?;
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}

/// Parses a new password, which `field` of the body holds.
pub fn choose(text: &str, username: &Username, field: &str) -> Result<Password, Failure> {
    Password::choose(text, username).map_err(|error| Failure::invalid(error).about(field))
}

/// Hashes a new password with a random salt.
pub fn hash(call: &Call, password: &Password) -> Result<String, Failure> {
    password::hash(password, &call.random()?).map_err(|error| failed(&error))
}

/// Whether the password is that of the hash. Takes as long without a hash.
pub fn matches(password: &Password, hash: Option<&str>) -> Result<bool, Failure> {
    password::matches(password, hash).map_err(|error| failed(&error))
}

fn failed(error: &HashError) -> Failure {
    tracing::error!(error = %Chain(error), "a password could not be hashed");
    Failure::new(Code::Internal, "the logs have the cause under the request id")
}
