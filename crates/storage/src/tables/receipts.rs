//! Receipts of moves.

use sluice_domain::pack_move::Receipt;

use super::{Query, Tables};
use crate::error::StorageError;
use crate::fault;
use crate::transaction::{Row, Values, key, parse, row};

/// Where the next page of receipts begins.
#[derive(Debug, Clone)]
pub struct ReceiptCursor(Row);

impl Tables {
    /// Keeps the receipt of a move that changes nothing else in the tables.
    pub async fn put_receipt(&self, receipt: &Receipt) -> Result<(), StorageError> {
        const OPERATION: &str = "dynamodb:PutItem";
        let request = self.client.put_item().table_name(&self.names.receipts).set_item(Some(row(receipt)?));
        let answer = fault::write(OPERATION, request.send()).await;
        answer.map(drop).map_err(|error| StorageError::from_sdk(OPERATION, &error))
    }

    /// One receipt.
    pub async fn receipt(&self, scope: &str, receipt_id: &str) -> Result<Option<Receipt>, StorageError> {
        self.get(&self.names.receipts, key([("scope", scope), ("receipt_id", receipt_id)])).await
    }

    /// Receipts, the oldest of a scope first: of one scope, or of all in no order of scopes.
    pub async fn receipts(
        &self,
        scope: Option<&str>,
        after: Option<ReceiptCursor>,
        limit: usize,
    ) -> Result<(Vec<Receipt>, Option<ReceiptCursor>), StorageError> {
        const OPERATION: &str = "dynamodb:Scan";
        let after = after.map(|cursor| cursor.0);
        let (rows, next) = if let Some(scope) = scope {
            let query = Query {
                table: &self.names.receipts,
                index: None,
                condition: "#scope = :scope",
                values: Values::new().with(":scope", &scope)?,
                after,
                limit,
                descending: false,
            };
            self.query(query).await?
        } else {
            let request = self.client.scan().table_name(&self.names.receipts);
            let request =
                request.set_exclusive_start_key(after).limit(i32::try_from(limit).unwrap_or(i32::MAX));
            let page = request.send().await.map_err(|error| StorageError::from_sdk(OPERATION, &error))?;
            (page.items.unwrap_or_default(), page.last_evaluated_key)
        };
        let receipts = rows.into_iter().map(parse).collect::<Result<_, _>>()?;
        Ok((receipts, next.map(ReceiptCursor)))
    }
}
