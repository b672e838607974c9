//! Tables in memory, with the keys and indexes of the template.

use dynoxide::DynoxideError;
use dynoxide::actions::create_table::CreateTableRequest;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::LazyLock;

/// The template's tables. They are read at compile time, so that keys and indexes have one source.
const TEMPLATE: &str = include_str!("../../../infra/template/tables.yaml");

/// The reference to the stack's name, with which the template begins the names of tables.
const STACK_NAME: &str = "${AWS::StackName}";

/// The prefix of the tables' names here.
pub const PREFIX: &str = "sluice";

#[derive(Deserialize)]
struct Template {
    #[serde(rename = "Resources")]
    resources: BTreeMap<String, Resource>,
    #[serde(rename = "Outputs")]
    _outputs: IgnoredAny,
}

#[derive(Deserialize)]
struct Resource {
    #[serde(rename = "Properties")]
    properties: Properties,
}

/// The properties that `CloudFormation` and `DynamoDB` call the same.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Properties {
    table_name: String,
    billing_mode: String,
    attribute_definitions: Value,
    key_schema: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    global_secondary_indexes: Option<Value>,
}

/// The properties of all tables.
static PROPERTIES: LazyLock<Vec<Properties>> = LazyLock::new(|| {
    // Else the type `N`, a number, is read as "no".
    let options = serde_saphyr::options! { strict_booleans: true };
    let template: Template =
        serde_saphyr::from_str_with_options(TEMPLATE, options).expect("the template's tables");
    let properties = template.resources.into_values().map(|resource| {
        let table_name = resource.properties.table_name.replace(STACK_NAME, PREFIX);
        Properties { table_name, ..resource.properties }
    });
    properties.collect()
});

/// A database with all tables.
pub struct Database(dynoxide::Database);

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Database").finish_non_exhaustive()
    }
}

/// A text attribute of a row.
#[derive(Debug, Clone, Copy)]
pub struct Attribute<'a> {
    pub name: &'a str,
    pub text: &'a str,
}

/// A number attribute of a row.
#[derive(Debug, Clone, Copy)]
pub struct Number<'a> {
    pub name: &'a str,
    pub value: i64,
}

/// An answer in `DynamoDB`'s protocol.
pub(crate) struct Answer {
    pub status: u16,
    pub json: String,
}

impl Default for Database {
    fn default() -> Self {
        let database = dynoxide::Database::memory().expect("SQLite in memory");
        for properties in &*PROPERTIES {
            let request: CreateTableRequest =
                serde_json::from_value(json!(properties)).expect("the properties of a table");
            database.create_table(request).expect("a table");
        }
        Self(database)
    }
}

impl Database {
    /// Sets a text attribute of a row, which no function does, as an operator or a collector would.
    pub fn set_text(&self, table: &str, key: Attribute<'_>, attribute: Attribute<'_>) {
        self.set(table, key, attribute.name, &json!({ "S": attribute.text }));
    }

    /// Sets a number attribute of a row.
    pub fn set_number(&self, table: &str, key: Attribute<'_>, attribute: Number<'_>) {
        self.set(table, key, attribute.name, &json!({ "N": attribute.value.to_string() }));
    }

    fn set(&self, table: &str, key: Attribute<'_>, name: &str, value: &Value) {
        let request = json!({
            "TableName": table,
            "Key": { key.name: { "S": key.text } },
            "UpdateExpression": "SET #attribute = :value",
            "ExpressionAttributeNames": { "#attribute": name },
            "ExpressionAttributeValues": { ":value": value },
        });
        let answer = self.call("UpdateItem", request.to_string().as_bytes());
        assert_eq!(answer.status, 200, "{}", answer.json);
    }

    /// Performs an operation of `DynamoDB`'s JSON protocol.
    pub(crate) fn call(&self, operation: &str, body: &[u8]) -> Answer {
        let database = &self.0;
        let result = match operation {
            "BatchGetItem" => perform(body, |request| database.batch_get_item(request)),
            "BatchWriteItem" => perform(body, |request| database.batch_write_item(request)),
            "DeleteItem" => perform(body, |request| database.delete_item(request)),
            "GetItem" => perform(body, |request| database.get_item(request)),
            "PutItem" => perform(body, |request| database.put_item(request)),
            "Query" => perform(body, |request| database.query(request)),
            "Scan" => perform(body, |request| database.scan(request)),
            "TransactWriteItems" => perform(body, |request| database.transact_write_items(request)),
            "UpdateItem" => perform(body, |request| database.update_item(request)),
            other => Err(DynoxideError::ValidationException(format!("{other} is not supported"))),
        };
        match result {
            Ok(json) => Answer { status: 200, json },
            Err(error) => Answer { status: error.status_code(), json: error.to_json() },
        }
    }
}

fn perform<Request: DeserializeOwned, Response: Serialize>(
    body: &[u8],
    perform: impl FnOnce(Request) -> dynoxide::Result<Response>,
) -> dynoxide::Result<String> {
    let malformed = |error: serde_json::Error| DynoxideError::SerializationException(error.to_string());
    let response = perform(serde_json::from_slice(body).map_err(malformed)?)?;
    serde_json::to_string(&response).map_err(malformed)
}
