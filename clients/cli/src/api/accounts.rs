//! Calls for accounts and sessions.

use sluice_contracts::accounts::{
    AccountCreated, AccountView, Credentials, Login, PasswordChange, SessionCreated, SessionList,
};
use sluice_domain::id::SessionId;

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

    pub async fn sessions(&self) -> Result<SessionList> {
        self.json(&Call::get(&["sessions"])).await
    }

    pub async fn end_session(&self, id: SessionId) -> Result<()> {
        self.success(&Call::delete(&["sessions", &id.to_string()])).await.map(drop)
    }

    /// Ends all sessions but the current one.
    pub async fn end_other_sessions(&self) -> Result<()> {
        self.success(&Call::delete(&["sessions"])).await.map(drop)
    }

    pub async fn change_password(&self, change: &PasswordChange) -> Result<()> {
        self.success(&Call::post(&["accounts", "me", "password"], change)).await.map(drop)
    }

    /// The account of the current session.
    pub async fn account(&self) -> Result<AccountView> {
        self.json(&Call::get(&["accounts", "me"])).await
    }
}
