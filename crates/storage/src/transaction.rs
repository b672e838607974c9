//! Builds DynamoDB rows, expressions and transactions.

use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    AttributeValue, CancellationReason, ConditionCheck, Delete, Put, TransactWriteItem, Update,
};
use backon::Retryable as _;
use serde::Serialize;
use std::collections::HashMap;

use crate::call::COLLISION_RETRIES;
use crate::error::{ErrorKind, StorageError};
use crate::fault;

/// A row, or the key of one.
pub(crate) type Row = HashMap<String, AttributeValue>;

const TRANSACT: &str = "dynamodb:TransactWriteItems";

/// Writes `row` as DynamoDB stores it.
pub(crate) fn row(row: &impl Serialize) -> Result<Row, StorageError> {
    serde_dynamo::to_item(row).map_err(|error| StorageError::fault("write a row", error))
}

pub(crate) fn parse<T: serde::de::DeserializeOwned>(row: Row) -> Result<T, StorageError> {
    serde_dynamo::from_item(row).map_err(|error| StorageError::fault("read a row", error))
}

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

    /// The values of two expressions of one write. A placeholder of both stands for the same value.
    fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    pub(crate) fn into_map(self) -> Option<HashMap<String, AttributeValue>> {
        Some(self.0).filter(|values| !values.is_empty())
    }
}

/// The names of an expression's `#placeholders`: each stands for the attribute of the same name. Expressions
/// use them for every attribute, because DynamoDB reserves hundreds of words.
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

/// What must hold for a write of a transaction, by name: a cancelled transaction tells which did not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Condition {
    /// The user name is free.
    UsernameFree,
    AccountExists,
    /// The account is as it was read.
    AccountUnchanged,
    /// The invitation exists and has not expired.
    InvitationValid,
    /// No session has this token.
    SessionNew,
    /// The counters of attempts are as they were read.
    AttemptsUnchanged,
    /// The account has this much quota left, and may begin an upload.
    QuotaAvailable,
    /// No upload has this id.
    UploadNew,
    /// The upload is in a state from which this change is possible.
    UploadState,
    /// The account does not hold the blob.
    BlobAbsent,
    /// The blob may be referred to.
    BlobLive,
    /// The blob is still read from this object.
    BlobInObject,
    /// The pack may be referred to.
    PackLive,
    /// The pack is live and has not been moved since it was read.
    PackUnmoved,
    /// The version is new, or pending.
    VersionUndecided,
    /// The file's row is as it was read: absent, or at this version.
    FileUnchanged,
    /// The file has its row at this path.
    FileAtPath,
    /// The object is registered for deletion, and its deletion has not begun.
    ObjectUnplaced,
    /// The object is not registered for deletion.
    ObjectNotRetired,
    /// No call with this idempotency key has had its effect.
    KeyUnused,
    /// No receipt has this id.
    ReceiptNew,
    /// The account's work of the day is counted like this, and not used up.
    WorkAllowed,
}

impl Condition {
    /// The condition as a `DynamoDB` expression.
    pub(crate) fn when(self, expression: &str) -> Guard<'_> {
        Guard { condition: self, expression, values: Values::new() }
    }
}

/// A named condition, its expression, and the values of its placeholders.
#[derive(Debug, Clone)]
pub(crate) struct Guard<'a> {
    condition: Condition,
    expression: &'a str,
    values: Values,
}

impl Guard<'_> {
    /// Gives a placeholder its value.
    pub(crate) fn with(mut self, placeholder: &str, of: &impl Serialize) -> Result<Self, StorageError> {
        self.values = self.values.with(placeholder, of)?;
        Ok(self)
    }
}

/// A change of attributes: an update expression, and the values of its placeholders.
#[derive(Debug, Clone)]
pub(crate) struct Change<'a> {
    expression: &'a str,
    values: Values,
}

impl<'a> Change<'a> {
    pub(crate) fn new(expression: &'a str) -> Self {
        Self { expression, values: Values::new() }
    }

    /// Gives a placeholder its value.
    pub(crate) fn with(mut self, placeholder: &str, of: &impl Serialize) -> Result<Self, StorageError> {
        self.values = self.values.with(placeholder, of)?;
        Ok(self)
    }
}

/// Writes to several rows: all of them happen, or none.
#[derive(Debug, Default, Clone)]
pub(crate) struct Transaction {
    items: Vec<TransactWriteItem>,
    /// The condition of each item, if it has one, in the same order.
    conditions: Vec<Option<Condition>>,
}

/// Why a transaction did not happen.
#[derive(Debug)]
pub(crate) enum Cancelled {
    /// These conditions did not hold.
    Conditions(Vec<Condition>),
    /// The transaction could not be tried, or conflicted with others too often.
    Error(StorageError),
}

/// How an attempt to commit ended, if it need not be repeated.
enum Outcome {
    Committed,
    Cancelled(Cancelled),
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
                let message = format!("conditions {failed:?} did not hold");
                StorageError::new(ErrorKind::Conflict, TRANSACT, message)
            }
            Self::Error(error) => error,
        }
    }
}

/// A token by which DynamoDB knows that requests are one, for ten minutes.
fn random_token() -> Result<String, StorageError> {
    let mut random = [0; 16];
    getrandom::fill(&mut random).map_err(|error| StorageError::fault(TRANSACT, error))?;
    Ok(format!("{:032x}", u128::from_ne_bytes(random)))
}

impl Transaction {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    fn with(mut self, condition: impl Into<Option<Condition>>, item: TransactWriteItem) -> Self {
        self.conditions.push(condition.into());
        self.items.push(item);
        self
    }

    /// Writes a whole row.
    pub(crate) fn put(self, table: &str, row: Row, guard: Guard<'_>) -> Result<Self, StorageError> {
        let put = Put::builder()
            .table_name(table)
            .set_item(Some(row))
            .condition_expression(guard.expression)
            .set_expression_attribute_names(names(&[guard.expression]))
            .set_expression_attribute_values(guard.values.into_map())
            .build()
            .map_err(|error| StorageError::fault(TRANSACT, error))?;
        Ok(self.with(guard.condition, TransactWriteItem::builder().put(put).build()))
    }

    /// Changes attributes of a row.
    pub(crate) fn update(
        self,
        table: &str,
        key: Row,
        change: Change<'_>,
        guard: Guard<'_>,
    ) -> Result<Self, StorageError> {
        let update = Update::builder()
            .table_name(table)
            .set_key(Some(key))
            .update_expression(change.expression)
            .condition_expression(guard.expression)
            .set_expression_attribute_names(names(&[change.expression, guard.expression]))
            .set_expression_attribute_values(change.values.and(guard.values).into_map())
            .build()
            .map_err(|error| StorageError::fault(TRANSACT, error))?;
        Ok(self.with(guard.condition, TransactWriteItem::builder().update(update).build()))
    }

    /// Changes attributes of a row, or of a new one, without a condition.
    pub(crate) fn upsert(self, table: &str, key: Row, change: Change<'_>) -> Result<Self, StorageError> {
        let update = Update::builder()
            .table_name(table)
            .set_key(Some(key))
            .update_expression(change.expression)
            .set_expression_attribute_names(names(&[change.expression]))
            .set_expression_attribute_values(change.values.into_map())
            .build()
            .map_err(|error| StorageError::fault(TRANSACT, error))?;
        Ok(self.with(None, TransactWriteItem::builder().update(update).build()))
    }

    /// Writes nothing, and cancels the transaction if the condition does not hold.
    pub(crate) fn check(self, table: &str, key: Row, guard: Guard<'_>) -> Result<Self, StorageError> {
        let check = ConditionCheck::builder()
            .table_name(table)
            .set_key(Some(key))
            .condition_expression(guard.expression)
            .set_expression_attribute_names(names(&[guard.expression]))
            .set_expression_attribute_values(guard.values.into_map())
            .build()
            .map_err(|error| StorageError::fault(TRANSACT, error))?;
        Ok(self.with(guard.condition, TransactWriteItem::builder().condition_check(check).build()))
    }

    /// Removes a row, if the guard holds.
    pub(crate) fn delete(self, table: &str, key: Row, guard: Guard<'_>) -> Result<Self, StorageError> {
        let delete = Delete::builder()
            .table_name(table)
            .set_key(Some(key))
            .condition_expression(guard.expression)
            .set_expression_attribute_names(names(&[guard.expression]))
            .set_expression_attribute_values(guard.values.into_map())
            .build()
            .map_err(|error| StorageError::fault(TRANSACT, error))?;
        Ok(self.with(guard.condition, TransactWriteItem::builder().delete(delete).build()))
    }

    /// Commits. Tries again while other transactions write the same rows. All requests have one token, so
    /// that they have their effect once, although an answer is lost before a collision.
    pub(crate) async fn commit(self, client: &aws_sdk_dynamodb::Client) -> Result<(), Cancelled> {
        let token = random_token()?;
        let attempts = (|| self.attempt(client, &token)).retry(COLLISION_RETRIES);
        match fault::write(TRANSACT, attempts).await {
            Ok(Outcome::Committed) => Ok(()),
            Ok(Outcome::Cancelled(cancelled)) => Err(cancelled),
            Err(collision) => Err(Cancelled::Error(collision)),
        }
    }

    /// Tries to commit. Fails if others write the same rows at the same time.
    async fn attempt(&self, client: &aws_sdk_dynamodb::Client, token: &str) -> Result<Outcome, StorageError> {
        let request = client
            .transact_write_items()
            .client_request_token(token)
            .set_transact_items(Some(self.items.clone()));
        let Err(error) = Box::pin(request.send()).await else { return Ok(Outcome::Committed) };
        if let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) =
            error.as_service_error()
        {
            return self.interpret(cancelled.cancellation_reasons()).map(Outcome::Cancelled);
        }
        Ok(Outcome::Cancelled(Cancelled::Error(StorageError::from_sdk(TRANSACT, error))))
    }

    /// What a cancellation means; `DynamoDB` gives a reason for each item, in their order. Fails if others
    /// write the same rows at the same time.
    fn interpret(&self, reasons: &[CancellationReason]) -> Result<Cancelled, StorageError> {
        let codes: Vec<&str> = reasons.iter().map(|reason| reason.code().unwrap_or("None")).collect();
        let failed: Vec<Condition> = codes
            .iter()
            .zip(&self.conditions)
            .filter(|(code, _)| **code == "ConditionalCheckFailed")
            .filter_map(|(_, condition)| *condition)
            .collect();
        if !failed.is_empty() {
            return Ok(Cancelled::Conditions(failed));
        }
        let collided = codes.iter().any(|code| {
            matches!(*code, "TransactionConflict" | "ThrottlingError" | "ProvisionedThroughputExceeded")
        });
        let error = |kind| StorageError::new(kind, TRANSACT, format!("cancelled: {codes:?}"));
        if collided {
            Err(error(ErrorKind::Throttled))
        } else {
            Ok(Cancelled::Error(error(ErrorKind::Fault)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn transaction() -> Transaction {
        let put = |transaction: Transaction, condition: Condition| {
            transaction.put("t", Row::new(), condition.when("attribute_not_exists(#a)"))
        };
        [Condition::BlobAbsent, Condition::VersionUndecided, Condition::FileUnchanged]
            .into_iter()
            .try_fold(Transaction::new(), put)
            .expect("a transaction")
    }

    fn cancelled(codes: [Option<&str>; 3]) -> Result<Cancelled, StorageError> {
        let reason = |code: Option<&str>| CancellationReason::builder().set_code(code.map(str::to_owned));
        transaction().interpret(&codes.map(|code| reason(code).build()))
    }

    #[test]
    fn a_cancelled_transaction_names_the_conditions_that_failed() {
        let failed = cancelled([Some("None"), Some("ConditionalCheckFailed"), Some("TransactionConflict")]);
        assert!(matches!(failed, Ok(Cancelled::Conditions(names)) if names == [Condition::VersionUndecided]));
        let failed = cancelled([Some("ConditionalCheckFailed"), None, Some("ConditionalCheckFailed")]);
        let expected = [Condition::BlobAbsent, Condition::FileUnchanged];
        assert!(matches!(failed, Ok(Cancelled::Conditions(names)) if names == expected));
    }

    #[test]
    fn only_a_collision_is_tried_again() {
        let collision = cancelled([None, Some("TransactionConflict"), None]);
        assert!(matches!(collision, Err(error) if error.kind == ErrorKind::Throttled));
        let refusal = cancelled([Some("ValidationError"), None, None]);
        assert!(matches!(refusal, Ok(Cancelled::Error(error)) if error.kind == ErrorKind::Fault));
    }

    #[test]
    fn every_attribute_of_an_expression_gets_its_name() {
        let names = names(&["SET #state = :state", "#state IN (:open) AND #due_at < :now"]).expect("names");
        let mut names: Vec<(&str, &str)> = names.iter().map(|(key, name)| (&**key, &**name)).collect();
        names.sort_unstable();
        assert_eq!(names, [("#due_at", "due_at"), ("#state", "state")]);
    }
}
