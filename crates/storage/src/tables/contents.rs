//! Contents.

use sluice_domain::content::{Content, content_id};
use sluice_domain::hash::Sha256;
use sluice_domain::id::AccountId;
use sluice_domain::time::Timestamp;
use std::time::Duration;

use super::Tables;
use crate::error::{ErrorKind, StorageError};
use crate::fault;
use crate::transaction::{Transaction, Values, key, names, row};

/// How exactly it is known when a content was last read: a write a day, not one a read.
const READ_PRECISION: Duration = Duration::from_hours(24);

impl Tables {
    /// A content of the account.
    pub async fn content(
        &self,
        account: AccountId,
        sha256: &Sha256,
    ) -> Result<Option<Content>, StorageError> {
        self.get(&self.names.contents, key([("content_id", &content_id(account, sha256))])).await
    }
}

impl Tables {
    /// Remembers to which store all packs of a content have been moved.
    pub async fn mark_migrated(&self, content: &Content, store: &str) -> Result<(), StorageError> {
        let values = Values::new().with(":store", &store)?;
        self.update_content(content, "SET #migrated_to = :store", "attribute_exists(#content_id)", values)
            .await
    }

    /// Remembers that a content was read, unless that is known of the last day.
    pub async fn mark_read(&self, content: &Content, now: Timestamp) -> Result<(), StorageError> {
        if content.read_at.is_some_and(|read_at| read_at.after(READ_PRECISION) > now) {
            return Ok(());
        }
        let values = Values::new().with(":now", &now.unix_milliseconds())?;
        self.update_content(content, "SET #read_at = :now", "attribute_exists(#content_id)", values).await
    }

    /// Changes attributes of a content's row, if the condition holds; if not, nothing happens.
    async fn update_content(
        &self,
        content: &Content,
        update: &str,
        condition: &str,
        values: Values,
    ) -> Result<(), StorageError> {
        const OPERATION: &str = "dynamodb:UpdateItem";
        let request = self
            .client
            .update_item()
            .table_name(&self.names.contents)
            .set_key(Some(key([("content_id", &content.content_id)])))
            .update_expression(update)
            .condition_expression(condition)
            .set_expression_attribute_names(names(&[update, condition]))
            .set_expression_attribute_values(values.into_map());
        match fault::write(OPERATION, request.send()).await {
            Ok(_) => Ok(()),
            Err(error) => match StorageError::from_sdk(OPERATION, &error) {
                error if error.kind == ErrorKind::Conflict => Ok(()),
                error => Err(error),
            },
        }
    }
}

impl Transaction {
    /// Adds a content that the account did not hold.
    pub(super) fn put_content(self, tables: &Tables, content: &Content) -> Result<Self, StorageError> {
        self.put(&tables.names.contents, row(content)?, "attribute_not_exists(#content_id)", Values::new())
    }

    /// Takes a reference on a content, if it is live.
    pub(super) fn take_reference(
        self,
        tables: &Tables,
        account: AccountId,
        sha256: &Sha256,
    ) -> Result<Self, StorageError> {
        self.update(
            &tables.names.contents,
            key([("content_id", &content_id(account, sha256))]),
            "SET #references = #references + :one",
            "#life = :live",
            Values::new().with(":one", &1)?.with(":live", &"live")?,
        )
    }
}
