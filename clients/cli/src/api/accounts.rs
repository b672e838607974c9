//! Accounts and sessions.

use sluice_contracts::accounts::{AccountCreated, AccountView, Credentials, Login, SessionCreated};

use super::{Api, Call};
use crate::error::Result;

impl Api {
    /// Makes an account.
    pub async fn create_account(&self, credentials: &Credentials) -> Result<AccountCreated> {
        self.json(&Call::post(&["accounts"], credentials)).await
    }

    /// Logs in.
    pub async fn create_session(&self, login: &Login) -> Result<SessionCreated> {
        self.json(&Call::post(&["sessions"], login)).await
    }

    /// Ends the session, at once and everywhere.
    pub async fn delete_session(&self) -> Result<()> {
        self.success(&Call::delete(&["sessions", "current"])).await.map(drop)
    }

    /// The account behind the session.
    pub async fn account(&self) -> Result<AccountView> {
        self.json(&Call::get(&["accounts", "me"])).await
    }
}
