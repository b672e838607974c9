//! A second copy of the tables, which follows the emulator's with a delay. Indexes and eventually consistent
//! reads are answered from it.
//!
//! The copy is a database in memory, so conditions, filters, projections and pages of a late read are those
//! of a real one. It holds what a table had when the front first saw it; from then on each item that is
//! written through the front is read again from the emulator after its delay.

use dynoxide::{Database, DynoxideError};
use futures::future::join_all;
use http::StatusCode;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::error::Error;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, OnceCell};
use tokio::time::{Instant, sleep_until};

use super::LAG;
use super::items::{Item, tables, writes};
use crate::backing::Ask;
use crate::front::Common;
use crate::json::{Answer, Call};

type BoxError = Box<dyn Error + Send + Sync>;

/// When an item is read again that the emulator failed to tell.
const RETRY: Duration = Duration::from_millis(100);
/// How long to sleep if nothing is due.
const IDLE: Duration = Duration::from_hours(1);

pub(super) struct Replica {
    database: Database,
    tables: Mutex<HashMap<String, Arc<OnceCell<Table>>>>,
    /// The items that were written, by the time when the copy gets them.
    due: Mutex<BTreeMap<Instant, BTreeSet<Item>>>,
    /// Held while the copy gets items.
    refreshing: tokio::sync::Mutex<()>,
    scheduled: Notify,
}

#[derive(Debug)]
struct Table {
    region: String,
    /// The names of the key's attributes.
    key: Vec<String>,
}

impl fmt::Debug for Replica {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replica").field("tables", &self.tables).finish_non_exhaustive()
    }
}

impl Default for Replica {
    fn default() -> Self {
        Self {
            database: Database::memory().expect("SQLite in memory"),
            tables: Mutex::default(),
            due: Mutex::default(),
            refreshing: tokio::sync::Mutex::default(),
            scheduled: Notify::new(),
        }
    }
}

impl Replica {
    /// The items that a call writes. Copies its tables first if they are new.
    pub(super) async fn items(&self, common: &Common, call: &Call) -> Vec<Item> {
        for name in tables(call) {
            let table = self.table(name);
            // A table that does not exist is refused by the emulator.
            let _ = table.get_or_try_init(|| self.copy(common, &call.scope.region, name)).await;
        }
        let written = writes(call).into_iter().filter_map(|write| {
            let table = self.table(write.table);
            Some(Item::of(write.table, &table.get()?.key, write.row))
        });
        written.collect()
    }

    fn table(&self, name: &str) -> Arc<OnceCell<Table>> {
        let mut tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(tables.entry(name.to_owned()).or_default())
    }

    /// Copies a table with all its rows.
    async fn copy(&self, common: &Common, region: &str, name: &str) -> Result<Table, BoxError> {
        let described = ask(common, region, "DescribeTable", &json!({ "TableName": name })).await?;
        let described = &described["Table"];
        let mut rows = Vec::new();
        let mut scan = json!({ "TableName": name, "ConsistentRead": true });
        loop {
            let mut page = ask(common, region, "Scan", &scan).await?;
            rows.append(page["Items"].as_array_mut().ok_or("a page without items")?);
            match page["LastEvaluatedKey"].take() {
                Value::Null => break,
                last => scan["ExclusiveStartKey"] = last,
            }
        }
        self.database.create_table(serde_json::from_value(definition(described))?)?;
        for row in rows {
            self.database.put_item(serde_json::from_value(json!({ "TableName": name, "Item": row }))?)?;
        }
        let key = described["KeySchema"].as_array().into_iter().flatten();
        let key = key.filter_map(|part| part["AttributeName"].as_str().map(str::to_owned)).collect();
        Ok(Table { region: region.to_owned(), key })
    }

    /// Lets the copy get these items later, each after a delay of its own.
    pub(super) fn schedule(&self, common: &Common, items: &[Item]) {
        let lag = common.settings.index_lag.as_millis() as u64;
        for item in items {
            let delay = common.dice.below(LAG, &item.to_string(), lag + 1);
            self.schedule_at(Instant::now() + Duration::from_millis(delay), item.clone());
        }
    }

    fn schedule_at(&self, time: Instant, item: Item) {
        self.due.lock().unwrap_or_else(PoisonError::into_inner).entry(time).or_default().insert(item);
        self.scheduled.notify_one();
    }

    /// Whether the copy lacks a write to one of these tables.
    pub(super) fn is_late(&self, tables: &[&str]) -> bool {
        let due = self.due.lock().unwrap_or_else(PoisonError::into_inner);
        due.values().flatten().any(|item| tables.contains(&item.table.as_str()))
    }

    /// Brings the copy each item when it is due. Only this writes to it, so that no older state of an item
    /// comes after a newer one.
    pub(super) async fn follow(&self, common: &Common) {
        loop {
            let next = {
                let _refreshing = self.refreshing.lock().await;
                let (due, next) = self.take_due();
                join_all(due.into_iter().map(|item| self.refresh(common, item))).await;
                next
            };
            tokio::select! {
                () = sleep_until(next) => {}
                () = self.scheduled.notified() => {}
            }
        }
    }

    /// Waits until the copy has what was written before.
    pub(super) async fn catch_up(&self, common: &Common) {
        let all_are_due = Instant::now() + common.settings.index_lag;
        sleep_until(all_are_due).await;
        loop {
            let _refreshed = self.refreshing.lock().await;
            let due = self.due.lock().unwrap_or_else(PoisonError::into_inner);
            if due.keys().next().is_none_or(|first| *first > all_are_due) {
                return;
            }
            drop(due);
            self.scheduled.notify_one();
        }
    }

    /// The items that are due, and the time of the next.
    fn take_due(&self) -> (BTreeSet<Item>, Instant) {
        let mut all = self.due.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let later = all.split_off(&now);
        let due = std::mem::replace(&mut *all, later).into_values().flatten().collect();
        (due, all.keys().next().copied().unwrap_or(now + IDLE))
    }

    async fn refresh(&self, common: &Common, item: Item) {
        if self.try_refresh(common, &item).await.is_err() {
            self.schedule_at(Instant::now() + RETRY, item);
        }
    }

    async fn try_refresh(&self, common: &Common, item: &Item) -> Result<(), BoxError> {
        let table = self.table(&item.table);
        let table = table.get().ok_or("a table that was not copied")?;
        let key: Value = serde_json::from_str(&item.key)?;
        let get = json!({ "TableName": item.table, "Key": key, "ConsistentRead": true });
        match ask(common, &table.region, "GetItem", &get).await?["Item"].take() {
            Value::Null => {
                let delete = json!({ "TableName": item.table, "Key": key });
                self.database.delete_item(serde_json::from_value(delete)?)?;
            }
            row => {
                let put = json!({ "TableName": item.table, "Item": row });
                self.database.put_item(serde_json::from_value(put)?)?;
            }
        }
        Ok(())
    }

    /// Answers a read. `None` for other calls.
    pub(super) fn read(&self, operation: &str, document: &Value) -> Option<Answer> {
        let database = &self.database;
        let result = match operation {
            "GetItem" => perform(document, |request| database.get_item(request)),
            "BatchGetItem" => perform(document, |request| database.batch_get_item(request)),
            "Query" => perform(document, |request| database.query(request)),
            "Scan" => perform(document, |request| database.scan(request)),
            _ => return None,
        };
        Some(match result {
            Ok(document) => Answer::new(StatusCode::OK, document),
            Err(error) => {
                let status = StatusCode::from_u16(error.status_code()).unwrap_or(StatusCode::BAD_REQUEST);
                Answer::new(status, serde_json::from_str(&error.to_json()).unwrap_or_default())
            }
        })
    }
}

fn perform<Request: DeserializeOwned, Response: Serialize>(
    document: &Value,
    perform: impl FnOnce(Request) -> dynoxide::Result<Response>,
) -> dynoxide::Result<Value> {
    let malformed = |error: serde_json::Error| DynoxideError::SerializationException(error.to_string());
    let response = perform(serde_json::from_value(document.clone()).map_err(malformed)?)?;
    serde_json::to_value(&response).map_err(malformed)
}

/// How the copy of a described table is made: the same keys and indexes, on demand.
fn definition(described: &Value) -> Value {
    let index = |index: &Value| {
        json!({
            "IndexName": index["IndexName"],
            "KeySchema": index["KeySchema"],
            "Projection": index["Projection"],
        })
    };
    let mut table = json!({
        "TableName": described["TableName"],
        "AttributeDefinitions": described["AttributeDefinitions"],
        "KeySchema": described["KeySchema"],
        "BillingMode": "PAY_PER_REQUEST",
    });
    if let Some(indexes) = described["GlobalSecondaryIndexes"].as_array().filter(|all| !all.is_empty()) {
        table["GlobalSecondaryIndexes"] = indexes.iter().map(index).collect();
    }
    table
}

/// Asks the emulator, and takes every refusal for an error.
async fn ask(common: &Common, region: &str, operation: &str, document: &Value) -> Result<Value, BoxError> {
    let target = format!("DynamoDB_20120810.{operation}");
    let told = common.backing.ask(Ask { service: "dynamodb", region, target: &target, document }).await?;
    if told.status.is_success() { Ok(told.document) } else { Err(told.document.to_string().into()) }
}
