//! Contents.

use sluice_domain::content::{Content, content_id};
use sluice_domain::hash::Sha256;
use sluice_domain::id::AccountId;

use super::Tables;
use crate::error::StorageError;
use crate::transaction::{Transaction, Values, key, row};

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
