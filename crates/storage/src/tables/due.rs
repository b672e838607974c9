//! Finds rows that are due: uploads that the sweeper looks at, and objects to be deleted.
//!
//! Both tables have an index `by_due` of `due_shard` and `due_at`. The shards spread writes over partitions.

use sluice_domain::time::Timestamp;

use super::{Query, Tables};
use crate::error::StorageError;
use crate::transaction::{Values, parse};

/// The number of shards of an index `by_due`.
pub const DUE_SHARDS: u8 = 16;

/// The shard of a row, by a byte that differs from row to row.
pub(super) fn due_shard(byte: u8) -> String {
    (byte % DUE_SHARDS).to_string()
}

impl Tables {
    /// Rows of a shard of `table` that are due at `now`, the most overdue first.
    pub(super) async fn due<T: serde::de::DeserializeOwned>(
        &self,
        table: &str,
        shard: u8,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<T>, StorageError> {
        let query = Query {
            table,
            index: Some("by_due"),
            condition: "#due_shard = :shard AND #due_at <= :now",
            values: Values::new()
                .with(":shard", &shard.to_string())?
                .with(":now", &now.unix_milliseconds())?,
            after: None,
            limit,
            descending: false,
        };
        let (rows, _) = self.query(query).await?;
        rows.into_iter().map(parse).collect()
    }
}
