//! The options that choose an account.

use clap::Args;
use sluice_domain::account::Username;
use sluice_domain::id::AccountId;
use sluice_storage::Tables;

use crate::error::{Error, Result};

/// An account, by its user name or by its id.
#[derive(Debug, Clone, Default, Args)]
pub struct AccountArguments {
    /// The account with this user name
    #[arg(long, value_name = "USERNAME", value_parser = Username::parse, conflicts_with = "account_id")]
    pub account: Option<Username>,
    /// The account with this id
    #[arg(long, value_name = "ID")]
    pub account_id: Option<AccountId>,
}

impl AccountArguments {
    /// Looks up the id of the account. None if the command line names no account.
    pub async fn find(&self, tables: &Tables) -> Result<Option<AccountId>> {
        let Some(username) = &self.account else { return Ok(self.account_id) };
        let account = tables.account(username).await?;
        let unknown = || Error::Usage(format!("there is no account {}", username.as_str()));
        account.map(|account| Some(account.account_id)).ok_or_else(unknown)
    }
}
