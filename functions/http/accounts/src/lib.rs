//! Registers accounts, logs in and out, lists and ends sessions, changes passwords, and shows what an account
//! uses.

mod app;
mod attempt;
mod password;
mod register;
mod session;
mod sessions;

use http::StatusCode;
use sluice_contracts::accounts::AccountView;
use sluice_contracts::problem::Code;
use sluice_contracts::route::Accounts;
use sluice_lambda::{Call, Failure, Reply, auth};
use std::sync::Arc;

pub use app::App;

pub async fn handle(app: Arc<App>, call: Call) -> Result<Reply, Failure> {
    let route = match call.route() {
        Ok(route) => route,
        // Only who has a session is told that an id is none.
        Err(failure) if failure.code == Code::NotFound => {
            auth::session(&app.tables, &call).await?;
            return Err(failure);
        }
        Err(failure) => return Err(failure),
    };
    match route {
        Accounts::RegisterAccount => register::register(&app, &call).await,
        Accounts::GetAccount => show(&app, &call).await,
        Accounts::ChangePassword => password::change(&app, &call).await,
        Accounts::LogIn => session::log_in(&app, &call).await,
        Accounts::ListSessions => sessions::list(&app, &call).await,
        Accounts::EndOtherSessions => sessions::end_others(&app, &call).await,
        Accounts::LogOut => session::log_out(&app, &call).await,
        Accounts::EndSession(id) => sessions::end(&app, &call, id).await,
    }
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
