//! Reads, changes and queries rows of one table.

use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use std::str::FromStr;

use crate::call::{self, if_held};
use crate::clients::Clients;
use crate::error::StorageError;
use crate::transaction::{Row, Values, names, parse};

/// The names of the tables in a deployment.
#[derive(Debug, Clone)]
pub struct TableNames {
    /// Accounts, by user name.
    pub accounts: String,
    /// Sessions, by account and token hash.
    pub sessions: String,
    /// Attempts to log in, by counter.
    pub attempts: String,
    /// Invitations, by their hash.
    pub invitations: String,
    /// Uploads, by upload id.
    pub uploads: String,
    /// Files, by account and path.
    pub files: String,
    /// Versions, by file and version id.
    pub versions: String,
    /// Blobs, by scope and SHA-256.
    pub blobs: String,
    /// Packs, by pack id.
    pub packs: String,
    /// Sampled chunks, by scope and chunk id.
    pub chunk_index: String,
    /// Objects to be deleted, by store and key.
    pub retired_objects: String,
    /// Receipts of moves, by scope.
    pub receipts: String,
    /// Calls that had their effect, by idempotency key.
    pub idempotency_keys: String,
}

impl TableNames {
    /// The names that the template gives: the prefix, a hyphen and the table's own name.
    pub fn with_prefix(prefix: &str) -> Self {
        let name = |table: &str| format!("{prefix}-{table}");
        Self {
            accounts: name("accounts"),
            sessions: name("sessions"),
            attempts: name("attempts"),
            invitations: name("invitations"),
            uploads: name("uploads"),
            files: name("files"),
            versions: name("versions"),
            blobs: name("blobs"),
            packs: name("packs"),
            chunk_index: name("chunk-index"),
            retired_objects: name("retired-objects"),
            receipts: name("receipts"),
            idempotency_keys: name("idempotency-keys"),
        }
    }
}

/// The tables of a deployment.
#[derive(Debug, Clone)]
pub struct Tables {
    pub(super) client: aws_sdk_dynamodb::Client,
    pub(super) names: TableNames,
}

impl Tables {
    pub fn new(clients: &Clients, names: TableNames) -> Self {
        Self { client: clients.dynamodb.clone(), names }
    }

    /// Reads the row with this key, strongly consistent.
    pub(super) async fn get<T: serde::de::DeserializeOwned>(
        &self,
        table: &str,
        key: Row,
    ) -> Result<Option<T>, StorageError> {
        self.get_row(table, key).await?.map(parse).transpose()
    }

    pub(super) async fn get_row(&self, table: &str, key: Row) -> Result<Option<Row>, StorageError> {
        let request = self.client.get_item().table_name(table).set_key(Some(key)).consistent_read(true);
        Ok(call::read("dynamodb:GetItem", request.send()).await?.item)
    }

    pub(super) fn update_request(&self, change: RowUpdate<'_>) -> UpdateItemFluentBuilder {
        self.client
            .update_item()
            .table_name(change.table)
            .set_key(Some(change.key))
            .update_expression(change.update)
            .condition_expression(change.condition)
            .set_expression_attribute_names(names(&[change.update, change.condition]))
            .set_expression_attribute_values(change.values.into_map())
    }

    /// Changes a row if the condition holds.
    pub(super) async fn update_if(&self, change: RowUpdate<'_>) -> Result<Update, StorageError> {
        let request = self.update_request(change);
        let answer = if_held(call::write_row("dynamodb:UpdateItem", || request.clone().send()).await)?;
        Ok(answer.map_or(Update::Refused, |_| Update::Done))
    }

    /// A page of a query, and the key after which the next page begins.
    pub(super) async fn query(&self, query: Query<'_>) -> Result<(Vec<Row>, Option<Row>), StorageError> {
        let request = self
            .client
            .query()
            .table_name(query.table)
            .set_index_name(query.index.map(str::to_owned))
            .consistent_read(query.index.is_none())
            .key_condition_expression(query.condition)
            .set_expression_attribute_names(names(&[query.condition]))
            .set_expression_attribute_values(query.values.into_map())
            .scan_index_forward(!query.descending)
            .set_exclusive_start_key(query.after)
            .limit(i32::try_from(query.limit).unwrap_or(i32::MAX));
        let answer = call::read("dynamodb:Query", request.send()).await?;
        Ok((answer.items.unwrap_or_default(), answer.last_evaluated_key))
    }
}

/// The attribute of the key after which the next page begins.
pub(super) fn place<T>(after: Option<Row>, attribute: &str) -> Result<Option<T>, StorageError>
where
    T: FromStr<Err: std::error::Error + Send + Sync + 'static>,
{
    let place = after.and_then(|mut key| match key.remove(attribute) {
        Some(AttributeValue::S(place)) => Some(place),
        _ => None,
    });
    place.map(|place| place.parse()).transpose().map_err(|error| StorageError::fault("dynamodb:Query", error))
}

/// The result of a conditional update.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Update {
    Done,
    /// The condition did not hold, because another call came first. Nothing was changed.
    Refused,
}

/// A conditional change of one row.
pub(super) struct RowUpdate<'a> {
    pub table: &'a str,
    pub key: Row,
    pub update: &'a str,
    pub condition: &'a str,
    pub values: Values,
}

/// A query. The fields are those of DynamoDB.
pub(super) struct Query<'a> {
    pub table: &'a str,
    pub index: Option<&'a str>,
    pub condition: &'a str,
    pub values: Values,
    pub after: Option<Row>,
    pub limit: usize,
    pub descending: bool,
}
