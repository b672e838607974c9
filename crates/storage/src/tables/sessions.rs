//! Sessions. There is no cache in front of them, so a logout and an expiry count at once.

use sluice_domain::account::Session;
use sluice_domain::hash::Sha256;
use sluice_domain::time::Timestamp;

use super::Tables;
use crate::call;
use crate::error::StorageError;
use crate::transaction::{key, row};

impl Tables {
    /// Stores a new session.
    pub async fn create_session(&self, session: &Session) -> Result<(), StorageError> {
        let request = self.client.put_item().table_name(&self.names.sessions).set_item(Some(row(session)?));
        call::write("dynamodb:PutItem", request.send()).await?;
        Ok(())
    }

    /// The session of a token, if it is still valid.
    pub async fn session(
        &self,
        token_sha256: &Sha256,
        now: Timestamp,
    ) -> Result<Option<Session>, StorageError> {
        let key = key([("token_sha256", &token_sha256.to_string())]);
        let session: Option<Session> = self.get(&self.names.sessions, key).await?;
        Ok(session.filter(|session| session.is_valid(now)))
    }

    /// Ends a session.
    pub async fn end_session(&self, token_sha256: &Sha256) -> Result<(), StorageError> {
        let key = key([("token_sha256", &token_sha256.to_string())]);
        let request = self.client.delete_item().table_name(&self.names.sessions).set_key(Some(key));
        call::write("dynamodb:DeleteItem", request.send()).await?;
        Ok(())
    }
}
