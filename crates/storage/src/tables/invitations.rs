//! Stores invitations. Each is used once, by the transaction that makes the account.

use sluice_domain::account::Account;
use sluice_domain::hash::Sha256;
use sluice_domain::invitation::Invitation;
use sluice_domain::time::Timestamp;

use super::{Registered, Tables};
use crate::call;
use crate::error::StorageError;
use crate::transaction::{Cancelled, Condition, Row, Transaction, key, row};

fn invitation_key(invitation: &Sha256) -> Row {
    key([("invitation_sha256", &invitation.to_string())])
}

impl Tables {
    pub async fn create_invitation(&self, invitation: &Invitation) -> Result<(), StorageError> {
        let request =
            self.client.put_item().table_name(&self.names.invitations).set_item(Some(row(invitation)?));
        call::write_row("dynamodb:PutItem", || request.clone().send()).await.map(drop)
    }

    /// The invitation with this hash, if it can still be used.
    pub async fn invitation(
        &self,
        invitation: &Sha256,
        now: Timestamp,
    ) -> Result<Option<Invitation>, StorageError> {
        let found: Option<Invitation> = self.get(&self.names.invitations, invitation_key(invitation)).await?;
        Ok(found.filter(|invitation| invitation.is_valid(now)))
    }

    /// Creates an account and uses the invitation up: both happen, or neither.
    pub async fn create_invited_account(
        &self,
        account: &Account,
        invitation: &Sha256,
    ) -> Result<Registered, StorageError> {
        let valid = Condition::InvitationValid
            .when("#expires_at > :now")
            .with(":now", &account.created_at.unix_seconds())?;
        let transaction = Transaction::new().put_account(self, account)?.delete(
            &self.names.invitations,
            invitation_key(invitation),
            valid,
        )?;
        match transaction.commit(&self.client).await {
            Ok(()) => Ok(Registered::Done),
            Err(Cancelled::Conditions(failed)) if failed.contains(&Condition::InvitationValid) => {
                Ok(Registered::InvitationInvalid)
            }
            Err(Cancelled::Conditions(_)) => Ok(Registered::UsernameTaken),
            Err(Cancelled::Error(error)) => Err(error),
        }
    }
}
