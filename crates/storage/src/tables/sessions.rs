//! Stores sessions, those of an account together. Nothing caches them, so the end of one counts at once.

use aws_sdk_dynamodb::types::{DeleteRequest, WriteRequest};
use sluice_domain::account::Account;
use sluice_domain::guessing::CounterKeys;
use sluice_domain::id::AccountId;
use sluice_domain::session::{self, Session, SessionKey};
use sluice_domain::time::Timestamp;

use super::{Query, Tables, Update};
use crate::call;
use crate::error::StorageError;
use crate::transaction::{Cancelled, Condition, Row, Transaction, Values, key, parse, row};

/// The most rows of one query.
const QUERY_MAX: usize = 500;

fn session_key(session: &SessionKey) -> Row {
    key([
        ("account_id", &session.account_id.to_string()),
        ("token_sha256", &session.token_sha256.to_string()),
    ])
}

impl Tables {
    /// Begins a session, and takes the attempt back that was counted for it. Refused if the account has been
    /// suspended, or has another password, since it was read: whoever ends all sessions after such a change
    /// has ended all that the old password began.
    pub async fn create_session(
        &self,
        session: &Session,
        account: &Account,
        counters: &CounterKeys,
    ) -> Result<Update, StorageError> {
        let unchanged = Condition::AccountUnchanged
            .when("#password_hash = :password_hash AND attribute_not_exists(#suspended_at)")
            .with(":password_hash", &account.password_hash)?;
        let new = Condition::SessionNew.when("attribute_not_exists(#token_sha256)");
        let transaction = Transaction::new()
            .check(&self.names.accounts, key([("username", account.username.as_str())]), unchanged)?
            .put(&self.names.sessions, row(session)?, new)?
            .forgive(self, counters, session.created_at)?;
        match transaction.commit(&self.client).await {
            Ok(()) => Ok(Update::Done),
            Err(Cancelled::Conditions(_)) => Ok(Update::Refused),
            Err(Cancelled::Error(error)) => Err(error),
        }
    }

    /// The session with this key, if it is still valid.
    pub async fn session(&self, key: &SessionKey, now: Timestamp) -> Result<Option<Session>, StorageError> {
        let session: Option<Session> = self.get(&self.names.sessions, session_key(key)).await?;
        Ok(session.filter(|session| session.is_valid(now)))
    }

    /// The account's sessions, expired ones too, in no particular order.
    pub async fn sessions(&self, account: AccountId) -> Result<Vec<Session>, StorageError> {
        let mut sessions = Vec::new();
        let mut after = None;
        loop {
            let query = Query {
                table: &self.names.sessions,
                index: None,
                condition: "#account_id = :account_id",
                values: Values::new().with(":account_id", &account)?,
                after,
                limit: QUERY_MAX,
                descending: false,
            };
            let (rows, last) = self.query(query).await?;
            for row in rows {
                sessions.push(parse(row)?);
            }
            if last.is_none() {
                return Ok(sessions);
            }
            after = last;
        }
    }

    pub async fn end_session(&self, key: &SessionKey) -> Result<(), StorageError> {
        let request =
            self.client.delete_item().table_name(&self.names.sessions).set_key(Some(session_key(key)));
        call::write_row("dynamodb:DeleteItem", || request.clone().send()).await.map(drop)
    }

    /// Ends all sessions of an account, but not this one.
    pub async fn end_sessions(
        &self,
        account: AccountId,
        except: Option<&SessionKey>,
    ) -> Result<(), StorageError> {
        let keys = self.sessions(account).await?.into_iter().map(|session| session.key());
        self.delete_sessions(keys.filter(|key| Some(key) != except)).await
    }

    /// Ends the oldest sessions of an account that has too many.
    pub async fn end_surplus_sessions(&self, account: AccountId) -> Result<(), StorageError> {
        let surplus = session::surplus(self.sessions(account).await?);
        self.delete_sessions(surplus.iter().map(Session::key)).await
    }

    async fn delete_sessions(&self, keys: impl Iterator<Item = SessionKey>) -> Result<(), StorageError> {
        let delete = |key: SessionKey| {
            let delete = DeleteRequest::builder().set_key(Some(session_key(&key))).build();
            let delete = delete.map_err(|error| StorageError::fault("dynamodb:BatchWriteItem", error))?;
            Ok(WriteRequest::builder().delete_request(delete).build())
        };
        let deletes = keys.map(delete).collect::<Result<_, StorageError>>()?;
        self.write_many(&self.names.sessions, deletes).await
    }
}
