//! Reads and writes many rows of a table, and retries those that DynamoDB left unprocessed.

use aws_sdk_dynamodb::types::{KeysAndAttributes, WriteRequest};
use backon::{BackoffBuilder as _, ExponentialBuilder};
use std::collections::HashMap;
use std::time::Duration;

use super::Tables;
use crate::call;
use crate::error::{ErrorKind, StorageError};
use crate::transaction::{Row, parse};

/// The most rows of a `BatchGetItem`.
const READ_MAX: usize = 100;

/// The most rows of a `BatchWriteItem`.
const WRITE_MAX: usize = 25;

/// Whether a read sees every write that ended before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Consistency {
    /// It does.
    Strong,
    /// It may miss the latest, and costs half.
    Eventual,
}

/// Rows of a table to read.
#[derive(Debug)]
pub(super) struct Wanted<'a> {
    pub table: &'a str,
    pub keys: Vec<Row>,
    pub consistency: Consistency,
}

/// How unprocessed rows are tried again. The SDK repeats requests that got no answer.
const UNPROCESSED_RETRIES: ExponentialBuilder =
    ExponentialBuilder::new().with_min_delay(Duration::from_millis(50)).with_max_times(7);

/// Waits for the next of these delays. Fails if there is none left.
async fn pause(
    delays: &mut impl Iterator<Item = Duration>,
    operation: &'static str,
) -> Result<(), StorageError> {
    let left_over =
        || StorageError::new(ErrorKind::Throttled, operation, "rows were left over again and again");
    tokio::time::sleep(delays.next().ok_or_else(left_over)?).await;
    Ok(())
}

impl Tables {
    /// The rows with these keys that exist, in no particular order. No key may occur twice.
    pub(super) async fn get_many<T: serde::de::DeserializeOwned>(
        &self,
        table: &str,
        keys: Vec<Row>,
        consistency: Consistency,
    ) -> Result<Vec<T>, StorageError> {
        let mut found = Vec::with_capacity(keys.len());
        for batch in keys.chunks(READ_MAX) {
            let mut rows = self.read_batch(vec![Wanted { table, keys: batch.to_vec(), consistency }]).await?;
            found.extend(rows.remove(table).unwrap_or_default());
        }
        found.into_iter().map(parse).collect()
    }

    /// The rows with these keys that exist, by table, in no particular order. At most 100 keys, each once.
    pub(super) async fn read_batch(
        &self,
        wanted: Vec<Wanted<'_>>,
    ) -> Result<HashMap<String, Vec<Row>>, StorageError> {
        const OPERATION: &str = "dynamodb:BatchGetItem";
        let request = |wanted: Wanted<'_>| {
            let of_table = KeysAndAttributes::builder().set_keys(Some(wanted.keys));
            let of_table = of_table.consistent_read(wanted.consistency == Consistency::Strong).build();
            Ok((wanted.table.to_owned(), of_table.map_err(|error| StorageError::fault(OPERATION, error))?))
        };
        let mut left: HashMap<String, KeysAndAttributes> =
            wanted.into_iter().map(request).collect::<Result<_, StorageError>>()?;
        let mut rows: HashMap<String, Vec<Row>> = HashMap::new();
        let mut delays = UNPROCESSED_RETRIES.build();
        loop {
            let request = self.client.batch_get_item().set_request_items(Some(left));
            let answer = call::read(OPERATION, request.send()).await?;
            for (table, read) in answer.responses.unwrap_or_default() {
                rows.entry(table).or_default().extend(read);
            }
            left = answer.unprocessed_keys.unwrap_or_default();
            if left.is_empty() {
                return Ok(rows);
            }
            pause(&mut delays, OPERATION).await?;
        }
    }

    /// Writes without conditions, in any order.
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
        let mut delays = UNPROCESSED_RETRIES.build();
        loop {
            let request = self.client.batch_write_item().set_request_items(Some(left));
            let answer = call::write(OPERATION, request.send()).await?;
            left = answer.unprocessed_items.unwrap_or_default();
            if left.is_empty() {
                return Ok(());
            }
            pause(&mut delays, OPERATION).await?;
        }
    }
}
