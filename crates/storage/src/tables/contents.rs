//! Contents and packs.

use aws_sdk_dynamodb::types::{DeleteRequest, PutRequest, WriteRequest};
use sluice_domain::content::{Content, Pack, content_id};
use sluice_domain::hash::Sha256;
use sluice_domain::id::{AccountId, PackId};
use std::collections::HashMap;
use std::time::Duration;

use super::Tables;
use crate::error::{ErrorKind, StorageError};
use crate::fault;
use crate::transaction::{Transaction, Values, key, row};

/// How many rows one `BatchWriteItem` takes.
const BATCH_MAX: usize = 25;

/// How often the rows that a batch left over are tried again.
const ATTEMPTS: u32 = 8;

impl Tables {
    /// A content of the account.
    pub async fn content(
        &self,
        account: AccountId,
        sha256: &Sha256,
    ) -> Result<Option<Content>, StorageError> {
        self.get(&self.names.contents, key([("content_id", &content_id(account, sha256))])).await
    }

    /// Writes packs. The rows are the same whenever they are written again, so no condition is needed.
    pub async fn put_packs(&self, packs: &[Pack]) -> Result<(), StorageError> {
        for batch in packs.chunks(BATCH_MAX) {
            let requests = batch.iter().map(|pack| {
                let put = PutRequest::builder().set_item(Some(row(pack)?)).build();
                let put = put.map_err(|error| StorageError::fault("put packs", error))?;
                Ok(WriteRequest::builder().put_request(put).build())
            });
            self.write_batch(requests.collect::<Result<_, StorageError>>()?).await?;
        }
        Ok(())
    }

    /// Removes packs that no content refers to.
    pub async fn delete_packs(&self, packs: &[PackId]) -> Result<(), StorageError> {
        for batch in packs.chunks(BATCH_MAX) {
            let requests = batch.iter().map(|pack| {
                let delete =
                    DeleteRequest::builder().set_key(Some(key([("pack_id", &pack.to_string())]))).build();
                let delete = delete.map_err(|error| StorageError::fault("delete packs", error))?;
                Ok(WriteRequest::builder().delete_request(delete).build())
            });
            self.write_batch(requests.collect::<Result<_, StorageError>>()?).await?;
        }
        Ok(())
    }

    async fn write_batch(&self, requests: Vec<WriteRequest>) -> Result<(), StorageError> {
        const OPERATION: &str = "dynamodb:BatchWriteItem";
        let mut left = HashMap::from([(self.names.packs.clone(), requests)]);
        let mut pause = Duration::from_millis(50);
        for _ in 0..ATTEMPTS {
            let request = self.client.batch_write_item().set_request_items(Some(left));
            let answer = fault::write(OPERATION, request.send())
                .await
                .map_err(|error| StorageError::from_sdk(OPERATION, &error))?;
            left = answer.unprocessed_items.unwrap_or_default();
            if left.is_empty() {
                return Ok(());
            }
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
        Err(StorageError {
            kind: ErrorKind::Throttled,
            operation: OPERATION,
            message: "rows were left over again and again".to_owned(),
        })
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
