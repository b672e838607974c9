//! Finds rows that are due: uploads that the sweeper looks at, and objects to be deleted.
//!
//! Both tables have an index `by_due` of `due_shard` and `due_at`. The shards spread writes over partitions.

use sluice_domain::time::Timestamp;

use super::{Query, Tables};
use crate::error::StorageError;
use crate::transaction::{Row, Values, parse};

/// The number of shards of an index `by_due`.
pub const DUE_SHARDS: u8 = 16;

/// The shard of a row, by a byte that differs from row to row.
pub(super) fn due_shard(byte: u8) -> String {
    (byte % DUE_SHARDS).to_string()
}

/// Where a page of due rows ends.
#[derive(Debug, Clone)]
pub struct DueCursor(Row);

/// Which rows of an index `by_due` to read.
pub(super) struct DueQuery<'a> {
    pub table: &'a str,
    pub shard: u8,
    pub now: Timestamp,
    pub after: Option<DueCursor>,
    pub limit: usize,
}

impl Tables {
    /// A page of rows of a shard that are due, the most overdue first.
    pub(super) async fn due<T: serde::de::DeserializeOwned>(
        &self,
        DueQuery { table, shard, now, after, limit }: DueQuery<'_>,
    ) -> Result<(Vec<T>, Option<DueCursor>), StorageError> {
        let query = Query {
            table,
            index: Some("by_due"),
            condition: "#due_shard = :shard AND #due_at <= :now",
            values: Values::new()
                .with(":shard", &shard.to_string())?
                .with(":now", &now.unix_milliseconds())?,
            after: after.map(|DueCursor(row)| row),
            limit,
            descending: false,
        };
        let (rows, more) = self.query(query).await?;
        Ok((rows.into_iter().map(parse).collect::<Result<_, _>>()?, more.map(DueCursor)))
    }
}
