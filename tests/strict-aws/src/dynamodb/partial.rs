//! Does less than was asked for, as DynamoDB may: part of a batch, or a shorter page.

use serde_json::{Map, Value, json};

use super::{Call, SHORT_PAGE, UNPROCESSED};
use crate::front::Common;

/// What is done of a call.
#[derive(Debug)]
pub(super) struct Partial {
    /// The call's document, reduced.
    pub document: Value,
    /// Of a batch: what is left, and the field of the answer that tells it.
    pub rest: Option<Rest>,
}

/// What is left of a batch.
#[derive(Debug)]
pub(super) struct Rest {
    field: &'static str,
    /// What the call asked of each table, with the entries that are left.
    requests: Map<String, Value>,
}

impl Partial {
    /// `None` if the call is to be done whole.
    pub(super) fn of(common: &Common, call: &Call, resource: &str) -> Option<Self> {
        let odds = common.settings.odds;
        match call.operation.as_str() {
            "Query" | "Scan" => {
                let limit = call.document["Limit"].as_u64().unwrap_or(u64::MAX).min(4);
                let is_short = limit > 1 && common.strikes(SHORT_PAGE, resource, odds.short_page);
                is_short.then(|| {
                    let mut document = call.document.clone();
                    document["Limit"] = json!(1 + common.dice.below(SHORT_PAGE, resource, limit - 1));
                    Self { document, rest: None }
                })
            }
            "BatchGetItem" => Self::of_batch(common, call, resource, "UnprocessedKeys"),
            "BatchWriteItem" => Self::of_batch(common, call, resource, "UnprocessedItems"),
            _ => None,
        }
    }

    /// Does at least one entry: a batch of which nothing is done fails.
    fn of_batch(common: &Common, call: &Call, resource: &str, field: &'static str) -> Option<Self> {
        let mut document = call.document.clone();
        let tables = document["RequestItems"].as_object_mut()?;
        let count = tables.values_mut().filter_map(entries).map(|entries| entries.len() as u64).sum::<u64>();
        if count < 2 || !common.strikes(UNPROCESSED, resource, common.settings.odds.unprocessed) {
            return None;
        }
        let mut to_do = 1 + common.dice.below(UNPROCESSED, resource, count - 1) as usize;
        let mut requests = tables.clone();
        for (table, request) in tables.iter_mut() {
            let all = entries(request)?;
            let done = to_do.min(all.len());
            to_do -= done;
            all.truncate(done);
            entries(&mut requests[table])?.drain(..done);
        }
        for tables in [tables, &mut requests] {
            tables.retain(|_, request| entries(request).is_some_and(|entries| !entries.is_empty()));
        }
        Some(Self { document, rest: Some(Rest { field, requests }) })
    }
}

impl Rest {
    /// Adds what is left to what the answer leaves.
    pub(super) fn add_to(self, answer: &mut Value) {
        for (table, mut request) in self.requests {
            let left = &mut answer[self.field][&table];
            match (entries(left), entries(&mut request)) {
                (Some(already), Some(more)) => already.append(more),
                _ => *left = request,
            }
        }
    }
}

/// The entries of a batch for one table: writes are a list, reads a list of keys with options beside it.
fn entries(request: &mut Value) -> Option<&mut Vec<Value>> {
    match request {
        Value::Array(entries) => Some(entries),
        Value::Object(options) => options.get_mut("Keys")?.as_array_mut(),
        _ => None,
    }
}
