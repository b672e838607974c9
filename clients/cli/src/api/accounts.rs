//! Calls for accounts and sessions.

use sluice_contracts::accounts::{AccountCreated, AccountView, Credentials, Login, SessionCreated};

use super::call::Call;
use super::client::Api;
use crate::error::Result;

impl Api {
    pub async fn create_account(&self, credentials: &Credentials) -> Result<AccountCreated> {
        self.json(&Call::post(&["accounts"], credentials)).await
    }

    pub async fn create_session(&self, login: &Login) -> Result<SessionCreated> {
        self.json(&Call::post(&["sessions"], login)).await
    }

    /// Ends the current session.
    pub async fn delete_session(&self) -> Result<()> {
        self.success(&Call::delete(&["sessions", "current"])).await.map(drop)
    }

    /// The account of the current session.
    pub async fn account(&self) -> Result<AccountView> {
        self.json(&Call::get(&["accounts", "me"])).await
    }
}
