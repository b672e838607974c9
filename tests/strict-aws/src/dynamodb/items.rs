//! Which tables a call reads, and which items it writes.

use serde_json::{Map, Value};
use std::fmt;

use crate::json::Call;

/// An item, by the attributes of its key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Item {
    pub table: String,
    /// The key as JSON. The attributes are in the order of the key schema, so that equal keys are equal text.
    pub key: String,
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.table, self.key)
    }
}

impl Item {
    /// The item of a row, or of its key alone.
    pub(super) fn of(table: &str, key_attributes: &[String], row: &Value) -> Self {
        let key: Map<String, Value> =
            key_attributes.iter().map(|name| (name.clone(), row[name].clone())).collect();
        Self { table: table.to_owned(), key: Value::Object(key).to_string() }
    }
}

/// An item that a call writes, or whose condition its transaction checks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Write<'a> {
    pub table: &'a str,
    /// The item, or its key.
    pub row: &'a Value,
}

impl<'a> Write<'a> {
    /// The write of an operation, such as `{"TableName": …, "Key": …}`.
    fn of(operation: &'a Value) -> Option<Self> {
        let row = operation.get("Item").or_else(|| operation.get("Key"))?;
        Some(Self { table: operation["TableName"].as_str()?, row })
    }
}

/// What a call writes, in the order of the call.
pub(super) fn writes(call: &Call) -> Vec<Write<'_>> {
    let document = &call.document;
    match call.operation.as_str() {
        "PutItem" | "UpdateItem" | "DeleteItem" => Write::of(document).into_iter().collect(),
        "TransactWriteItems" => {
            values(&document["TransactItems"]).flat_map(values).filter_map(Write::of).collect()
        }
        "BatchWriteItem" => {
            let tables = document["RequestItems"].as_object().into_iter().flatten();
            tables.flat_map(|(table, requests)| batch_writes(table, requests)).collect()
        }
        _ => Vec::new(),
    }
}

fn batch_writes<'a>(table: &'a str, requests: &'a Value) -> impl Iterator<Item = Write<'a>> {
    values(requests).flat_map(values).filter_map(move |request| {
        let row = request.get("Item").or_else(|| request.get("Key"))?;
        Some(Write { table, row })
    })
}

/// The elements of an array, or the values of an object.
fn values(value: &Value) -> impl Iterator<Item = &Value> {
    let elements = value.as_array().into_iter().flatten();
    elements.chain(value.as_object().into_iter().flat_map(Map::values))
}

/// The tables that a call is about.
pub(super) fn tables(call: &Call) -> Vec<&str> {
    let document = &call.document;
    let one = document["TableName"].as_str();
    let of_batch = document["RequestItems"].as_object().into_iter().flat_map(Map::keys).map(String::as_str);
    let of_transaction = values(&document["TransactItems"]).flat_map(values);
    let of_transaction = of_transaction.filter_map(|operation| operation["TableName"].as_str());
    let mut tables: Vec<&str> = one.into_iter().chain(of_batch).chain(of_transaction).collect();
    tables.sort_unstable();
    tables.dedup();
    tables
}

/// Whether a call may see an earlier state of its tables.
pub(super) fn is_eventual(call: &Call) -> bool {
    let may_lag = |read: &Value| read["ConsistentRead"] != true;
    match call.operation.as_str() {
        "GetItem" | "Query" | "Scan" => may_lag(&call.document),
        "BatchGetItem" => values(&call.document["RequestItems"]).all(may_lag),
        _ => false,
    }
}
