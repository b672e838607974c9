//! Registers accounts, logs in and out, and shows what an account uses.

mod app;
mod password;
mod session;

use http::StatusCode;
use sluice_contracts::accounts::{AccountCreated, AccountView, Credentials};
use sluice_contracts::problem::Code;
use sluice_contracts::route::Accounts;
use sluice_domain::account::{Account, Password, Username};
use sluice_domain::id::AccountId;
use sluice_lambda::{Call, Failure, Reply, auth};
use sluice_storage::tables::Registered;
use std::sync::Arc;

pub use app::App;

pub async fn handle(app: Arc<App>, call: Call) -> Result<Reply, Failure> {
    match call.route()? {
        Accounts::RegisterAccount => register(&app, &call).await,
        Accounts::GetAccount => show(&app, &call).await,
        Accounts::LogIn => session::log_in(&app, &call).await,
        Accounts::LogOut => session::log_out(&app, &call).await,
    }
}

async fn register(app: &App, call: &Call) -> Result<Reply, Failure> {
    let credentials: Credentials = call.json()?;
    let username = Username::parse(&credentials.username).map_err(Failure::invalid)?;
    let password = Password::parse(&credentials.password).map_err(Failure::invalid)?;
    let account = Account {
        account_id: AccountId::new(call.now, call.random()?),
        password_hash: password::hash(&password)?,
        quota_bytes: app.default_quota_bytes,
        used_bytes: 0,
        reserved_bytes: 0,
        stored_bytes: 0,
        row_bytes: 0,
        unfinished_uploads: 0,
        available_bytes: app.default_quota_bytes.cast_signed(),
        created_at: call.now,
        username,
    };
    if app.tables.create_account(&account).await? == Registered::UsernameTaken {
        let detail = format!("the user name {} is taken; choose another, or log in", account.username);
        return Err(Failure::new(Code::UsernameTaken, detail));
    }
    let created = AccountCreated { account_id: account.account_id, username: account.username.to_string() };
    Reply::json(StatusCode::CREATED, &created)
}

async fn show(app: &App, call: &Call) -> Result<Reply, Failure> {
    let session = auth::session(&app.tables, call).await?;
    let account =
        app.tables.account(&session.username).await?.ok_or_else(|| Failure::not_found("account"))?;
    let saved = app.tables.saved_bytes(account.account_id).await?;
    let view = AccountView {
        account_id: account.account_id,
        username: account.username.to_string(),
        quota_bytes: account.quota_bytes,
        used_bytes: account.used_bytes,
        reserved_bytes: account.reserved_bytes,
        row_bytes: account.row_bytes,
        unfinished_uploads: account.unfinished_uploads,
        stored_bytes: account.stored_bytes.saturating_add_signed(-saved),
    };
    Reply::json(StatusCode::OK, &view)
}
