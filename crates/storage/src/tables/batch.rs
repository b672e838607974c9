//! Many rows of one table at once, with the retries that `DynamoDB` leaves to its callers.

use aws_sdk_dynamodb::types::{KeysAndAttributes, WriteRequest};
use std::collections::HashMap;
use std::time::Duration;

use super::Tables;
use crate::call;
use crate::error::{ErrorKind, StorageError};
use crate::transaction::{Row, parse};

/// How many rows one `BatchGetItem` takes.
const READ_MAX: usize = 100;

/// How many rows one `BatchWriteItem` takes.
const WRITE_MAX: usize = 25;

/// How often the rows that a batch left over are tried again.
const ATTEMPTS: u32 = 8;

/// The pause before what was left over is tried again; twice as long each time.
const FIRST_PAUSE: Duration = Duration::from_millis(50);

fn left_over(operation: &'static str) -> StorageError {
    StorageError::new(ErrorKind::Throttled, operation, "rows were left over again and again")
}

impl Tables {
    /// The rows that there are of these keys, in no order. No key may be there twice.
    pub(super) async fn get_many<T: serde::de::DeserializeOwned>(
        &self,
        table: &str,
        keys: Vec<Row>,
        consistent: bool,
    ) -> Result<Vec<T>, StorageError> {
        let mut found = Vec::with_capacity(keys.len());
        for batch in keys.chunks(READ_MAX) {
            found.extend(self.read_batch(table, batch.to_vec(), consistent).await?);
        }
        found.into_iter().map(parse).collect()
    }

    async fn read_batch(
        &self,
        table: &str,
        keys: Vec<Row>,
        consistent: bool,
    ) -> Result<Vec<Row>, StorageError> {
        const OPERATION: &str = "dynamodb:BatchGetItem";
        let keys = KeysAndAttributes::builder().set_keys(Some(keys)).consistent_read(consistent).build();
        let keys = keys.map_err(|error| StorageError::fault(OPERATION, error))?;
        let mut left = HashMap::from([(table.to_owned(), keys)]);
        let (mut rows, mut pause) = (Vec::new(), FIRST_PAUSE);
        for _ in 0..ATTEMPTS {
            let request = self.client.batch_get_item().set_request_items(Some(left));
            let answer = call::read(OPERATION, request.send()).await?;
            rows.extend(answer.responses.unwrap_or_default().into_values().flatten());
            left = answer.unprocessed_keys.unwrap_or_default();
            if left.is_empty() {
                return Ok(rows);
            }
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
        Err(left_over(OPERATION))
    }

    /// Carries out writes without conditions, in any order.
    pub(super) async fn write_many(
        &self,
        table: &str,
        requests: Vec<WriteRequest>,
    ) -> Result<(), StorageError> {
        for batch in requests.chunks(WRITE_MAX) {
            self.write_batch(table, batch.to_vec()).await?;
        }
        Ok(())
    }

    async fn write_batch(&self, table: &str, requests: Vec<WriteRequest>) -> Result<(), StorageError> {
        const OPERATION: &str = "dynamodb:BatchWriteItem";
        let mut left = HashMap::from([(table.to_owned(), requests)]);
        let mut pause = FIRST_PAUSE;
        for _ in 0..ATTEMPTS {
            let request = self.client.batch_write_item().set_request_items(Some(left));
            let answer = call::write(OPERATION, request.send()).await?;
            left = answer.unprocessed_items.unwrap_or_default();
            if left.is_empty() {
                return Ok(());
            }
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
        Err(left_over(OPERATION))
    }
}
