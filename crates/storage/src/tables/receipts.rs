//! Stores the receipts of moves.

use sluice_domain::pack_move::Receipt;

use super::{Query, Tables};
use crate::call;
use crate::error::StorageError;
use crate::transaction::{Row, Values, key, parse, row};

/// The position after which the next page of receipts begins.
#[derive(Debug, Clone)]
pub struct ReceiptCursor(Row);

impl Tables {
    /// Stores the receipt of a move that changes nothing else in the tables.
    pub async fn put_receipt(&self, receipt: &Receipt) -> Result<(), StorageError> {
        let request = self.client.put_item().table_name(&self.names.receipts).set_item(Some(row(receipt)?));
        call::write_row("dynamodb:PutItem", || request.clone().send()).await.map(drop)
    }

    pub async fn receipt(&self, scope: &str, receipt_id: &str) -> Result<Option<Receipt>, StorageError> {
        self.get(&self.names.receipts, key([("scope", scope), ("receipt_id", receipt_id)])).await
    }

    /// A page of receipts: of one scope, the oldest first, or of all scopes.
    pub async fn receipts(
        &self,
        scope: Option<&str>,
        after: Option<ReceiptCursor>,
        limit: usize,
    ) -> Result<(Vec<Receipt>, Option<ReceiptCursor>), StorageError> {
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
            let page = call::read("dynamodb:Scan", request.send()).await?;
            (page.items.unwrap_or_default(), page.last_evaluated_key)
        };
        let receipts = rows.into_iter().map(parse).collect::<Result<_, _>>()?;
        Ok((receipts, next.map(ReceiptCursor)))
    }
}
