//! DynamoDB expressions and transactions, with the boilerplate in one place.

use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{AttributeValue, ConditionCheck, Delete, Put, TransactWriteItem, Update};
use serde::Serialize;
use std::collections::HashMap;
use std::time::Duration;

use crate::error::{ErrorKind, StorageError};
use crate::fault;

/// A row, or the key of one.
pub(crate) type Row = HashMap<String, AttributeValue>;

const TRANSACT: &str = "dynamodb:TransactWriteItems";

/// How often a transaction is tried when it meets another one on the same row.
const ATTEMPTS: u32 = 6;

/// Writes `row` as DynamoDB stores it.
pub(crate) fn row(row: &impl Serialize) -> Result<Row, StorageError> {
    serde_dynamo::to_item(row).map_err(|error| StorageError::fault("write a row", error))
}

/// Reads a row.
pub(crate) fn parse<T: serde::de::DeserializeOwned>(row: Row) -> Result<T, StorageError> {
    serde_dynamo::from_item(row).map_err(|error| StorageError::fault("read a row", error))
}

/// Writes one attribute.
pub(crate) fn value(value: &impl Serialize) -> Result<AttributeValue, StorageError> {
    serde_dynamo::to_attribute_value(value).map_err(|error| StorageError::fault("write an attribute", error))
}

/// The key of a row from its attributes, all strings.
pub(crate) fn key<const N: usize>(attributes: [(&str, &str); N]) -> Row {
    attributes.into_iter().map(|(name, text)| (name.to_owned(), AttributeValue::S(text.to_owned()))).collect()
}

/// The values of an expression's `:placeholders`.
#[derive(Debug, Default, Clone)]
pub(crate) struct Values(HashMap<String, AttributeValue>);

impl Values {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn with(mut self, placeholder: &str, of: &impl Serialize) -> Result<Self, StorageError> {
        self.0.insert(placeholder.to_owned(), value(of)?);
        Ok(self)
    }

    pub(crate) fn into_map(self) -> Option<HashMap<String, AttributeValue>> {
        Some(self.0).filter(|values| !values.is_empty())
    }
}

/// The names of an expression's `#placeholders`: each stands for the attribute of the same name. Every attribute is
/// written so, because DynamoDB reserves hundreds of words.
pub(crate) fn names(expressions: &[&str]) -> Option<HashMap<String, String>> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let names: HashMap<String, String> = expressions
        .iter()
        .flat_map(|expression| expression.split('#').skip(1))
        .map(|rest| rest.split(|c| !is_name(c)).next().unwrap_or_default())
        .map(|name| (format!("#{name}"), name.to_owned()))
        .collect();
    Some(names).filter(|names| !names.is_empty())
}

/// Writes to several rows that happen all or not at all.
#[derive(Debug, Default, Clone)]
pub(crate) struct Transaction {
    items: Vec<TransactWriteItem>,
}

/// Why a transaction did not happen.
#[derive(Debug)]
pub(crate) enum Cancelled {
    /// The conditions of these writes, counted from 0 in the order they were added, did not hold.
    Conditions(Vec<usize>),
    /// Anything else.
    Error(StorageError),
}

impl From<StorageError> for Cancelled {
    fn from(error: StorageError) -> Self {
        Self::Error(error)
    }
}

impl Cancelled {
    /// The error for a caller that has no use for the conditions.
    pub(crate) fn into_error(self) -> StorageError {
        match self {
            Self::Conditions(failed) => {
                StorageError::conflict(TRANSACT, format!("conditions {failed:?} did not hold"))
            }
            Self::Error(error) => error,
        }
    }
}

impl Transaction {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Writes a whole row.
    pub(crate) fn put(
        mut self,
        table: &str,
        row: Row,
        condition: &str,
        values: Values,
    ) -> Result<Self, StorageError> {
        let put = Put::builder()
            .table_name(table)
            .set_item(Some(row))
            .condition_expression(condition)
            .set_expression_attribute_names(names(&[condition]))
            .set_expression_attribute_values(values.into_map())
            .build()
            .map_err(|error| StorageError::fault(TRANSACT, error))?;
        self.items.push(TransactWriteItem::builder().put(put).build());
        Ok(self)
    }

    /// Changes attributes of a row.
    pub(crate) fn update(
        mut self,
        table: &str,
        key: Row,
        update: &str,
        condition: &str,
        values: Values,
    ) -> Result<Self, StorageError> {
        let update = Update::builder()
            .table_name(table)
            .set_key(Some(key))
            .update_expression(update)
            .condition_expression(condition)
            .set_expression_attribute_names(names(&[update, condition]))
            .set_expression_attribute_values(values.into_map())
            .build()
            .map_err(|error| StorageError::fault(TRANSACT, error))?;
        self.items.push(TransactWriteItem::builder().update(update).build());
        Ok(self)
    }

    /// Writes nothing; fails if the row is not so.
    pub(crate) fn check(
        mut self,
        table: &str,
        key: Row,
        condition: &str,
        values: Values,
    ) -> Result<Self, StorageError> {
        let check = ConditionCheck::builder()
            .table_name(table)
            .set_key(Some(key))
            .condition_expression(condition)
            .set_expression_attribute_names(names(&[condition]))
            .set_expression_attribute_values(values.into_map())
            .build()
            .map_err(|error| StorageError::fault(TRANSACT, error))?;
        self.items.push(TransactWriteItem::builder().condition_check(check).build());
        Ok(self)
    }

    /// Removes a row.
    pub(crate) fn delete(
        mut self,
        table: &str,
        key: Row,
        condition: &str,
        values: Values,
    ) -> Result<Self, StorageError> {
        let delete = Delete::builder()
            .table_name(table)
            .set_key(Some(key))
            .condition_expression(condition)
            .set_expression_attribute_names(names(&[condition]))
            .set_expression_attribute_values(values.into_map())
            .build()
            .map_err(|error| StorageError::fault(TRANSACT, error))?;
        self.items.push(TransactWriteItem::builder().delete(delete).build());
        Ok(self)
    }

    /// Commits, waiting out other transactions on the same rows.
    pub(crate) async fn commit(self, client: &aws_sdk_dynamodb::Client) -> Result<(), Cancelled> {
        fault::write(TRANSACT, async {
            let mut pause = Duration::from_millis(20);
            for attempt in 1.. {
                let request = client.transact_write_items().set_transact_items(Some(self.items.clone()));
                let Err(error) = request.send().await else { return Ok(()) };
                let cancelled = match error.as_service_error() {
                    Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
                        interpret(cancelled.cancellation_reasons())
                    }
                    _ => Cancelled::Error(StorageError::from_sdk(TRANSACT, &error)),
                };
                let conflict = matches!(&cancelled, Cancelled::Error(e) if e.kind == ErrorKind::Throttled);
                if !conflict || attempt == ATTEMPTS {
                    return Err(cancelled);
                }
                tokio::time::sleep(pause).await;
                pause *= 2;
            }
            unreachable!("the last attempt returns")
        })
        .await
    }
}

fn interpret(reasons: &[aws_sdk_dynamodb::types::CancellationReason]) -> Cancelled {
    let codes: Vec<&str> = reasons.iter().map(|reason| reason.code().unwrap_or("None")).collect();
    let failed: Vec<usize> =
        (0..codes.len()).filter(|&index| codes[index] == "ConditionalCheckFailed").collect();
    if !failed.is_empty() {
        return Cancelled::Conditions(failed);
    }
    let busy = codes.iter().any(|code| {
        matches!(*code, "TransactionConflict" | "ThrottlingError" | "ProvisionedThroughputExceeded")
    });
    let message = format!("cancelled: {codes:?}");
    Cancelled::Error(if busy {
        StorageError { kind: ErrorKind::Throttled, operation: TRANSACT, message }
    } else {
        StorageError::fault(TRANSACT, message)
    })
}
