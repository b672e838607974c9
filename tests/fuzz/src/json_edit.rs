//! Mutates JSON by its structure, so that most mutated inputs stay JSON.

use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};

/// Edits that make a document longer are dropped: many of them in a row multiply.
const DOCUMENT_MAX_BYTES: usize = 64 << 10;

/// A change to one value of a JSON document.
#[derive(Debug, Clone)]
pub(crate) struct JsonEdit {
    /// Which value, counted from the root in the order of the document.
    value: Index,
    change: Change,
}

#[derive(Debug, Clone)]
enum Change {
    Replace(Value),
    /// By another value of the document.
    Copy(Index),
    /// From its list or object; the root stays.
    Remove,
    /// In its list, or in its object under another key.
    Repeat(usize),
    Wrap,
    /// In front of the elements of a list.
    Insert(Value),
    Rename(String),
}

pub(crate) fn json_edits(
    count: usize,
    tokens: &'static [&'static str],
) -> impl Strategy<Value = Vec<JsonEdit>> {
    prop::collection::vec(json_edit(tokens), count)
}

fn json_edit(tokens: &'static [&'static str]) -> impl Strategy<Value = JsonEdit> {
    let text = prop_oneof![
        6 => any::<Index>().prop_map(move |at| if tokens.is_empty() { "" } else { at.get(tokens) }.to_owned()),
        1 => any::<String>(),
        1 => (1..5000_usize, any::<char>()).prop_map(|(times, c)| c.to_string().repeat(times)),
        1 => Just("\u{0}\u{1f}\u{fffe}\u{ffff}\u{202e}".to_owned()),
    ];
    let number = prop_oneof![
        0..200_u64,
        any::<u64>(),
        any::<u32>().prop_map(u64::from),
        (0..64_u32, 0..3_u64).prop_map(|(shift, less)| (1_u64 << shift).saturating_sub(less)),
    ];
    let value = prop_oneof![
        3 => number.prop_map(|number| json!(number)),
        3 => text.clone().prop_map(Value::String),
        1 => any::<bool>().prop_map(Value::Bool),
        1 => any::<f64>().prop_map(|number| json!(number)),
        1 => any::<i64>().prop_map(|number| json!(number)),
        1 => prop::sample::select(vec![Value::Null, json!([]), json!({}), json!([[]]), json!([null])]),
    ];
    let change = prop_oneof![
        5 => value.clone().prop_map(Change::Replace),
        1 => value.prop_map(Change::Insert),
        2 => any::<Index>().prop_map(Change::Copy),
        2 => Just(Change::Remove),
        2 => prop_oneof![10 => 1..4_usize, 1 => 50..300_usize].prop_map(Change::Repeat),
        1 => Just(Change::Wrap),
        1 => text.prop_map(Change::Rename),
    ];
    (any::<Index>(), change).prop_map(|(value, change)| JsonEdit { value, change })
}

impl JsonEdit {
    /// Changes a document; leaves bytes alone that are no JSON.
    pub fn apply_all(edits: &[Self], bytes: &mut Vec<u8>) {
        if edits.is_empty() {
            return;
        }
        let Ok(mut document) = serde_json::from_slice::<Value>(bytes) else { return };
        for edit in edits {
            edit.apply(&mut document);
        }
        let edited = document.to_string().into_bytes();
        if edited.len() <= DOCUMENT_MAX_BYTES {
            *bytes = edited;
        }
    }

    fn apply(&self, document: &mut Value) {
        let count = count(document);
        let at = self.value.index(count);
        match &self.change {
            Change::Replace(new) => replace(document, at, new.clone()),
            Change::Copy(from) => {
                let mut copy = Value::Null;
                visit(document, from.index(count), &mut |value| copy = value.clone());
                replace(document, at, copy);
            }
            Change::Wrap => visit(document, at, &mut |value| *value = json!([value.take()])),
            Change::Insert(new) => visit(document, at, &mut |value| {
                if let Value::Array(values) = value {
                    values.insert(0, new.clone());
                }
            }),
            Change::Remove => visit(document, at, &mut remove_last),
            Change::Repeat(times) => visit(document, at, &mut |value| repeat_first(value, *times)),
            Change::Rename(name) => visit(document, at, &mut |value| rename_first(value, name)),
        }
    }
}

fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(values) => values.iter().map(count).sum(),
        Value::Object(values) => values.values().map(count).sum(),
        _ => 0,
    }
}

fn replace(document: &mut Value, at: usize, new: Value) {
    let mut new = Some(new);
    visit(document, at, &mut |value| {
        if let Some(new) = new.take() {
            *value = new;
        }
    });
}

/// Calls `change` with the value number `at`.
fn visit(value: &mut Value, at: usize, change: &mut dyn FnMut(&mut Value)) {
    fn step(value: &mut Value, left: &mut usize, change: &mut dyn FnMut(&mut Value)) -> bool {
        if *left == 0 {
            change(value);
            return true;
        }
        *left -= 1;
        match value {
            Value::Array(values) => values.iter_mut().any(|value| step(value, left, change)),
            Value::Object(values) => values.values_mut().any(|value| step(value, left, change)),
            _ => false,
        }
    }
    let mut left = at;
    step(value, &mut left, change);
}

fn remove_last(value: &mut Value) {
    match value {
        Value::Array(values) => drop(values.pop()),
        Value::Object(values) => {
            if let Some(key) = values.keys().next_back().cloned() {
                values.remove(&key);
            }
        }
        Value::String(text) => drop(text.pop()),
        Value::Number(number) => *value = number.as_u64().map_or(json!(-1), |number| json!(number / 2)),
        Value::Null | Value::Bool(_) => {}
    }
}

fn repeat_first(value: &mut Value, times: usize) {
    match value {
        Value::Array(values) => {
            let Some(first) = values.first().cloned() else { return };
            values.extend(std::iter::repeat_n(first, times));
        }
        Value::Object(values) => {
            let Some(first) = values.values().next().cloned() else { return };
            values.extend((0..times).map(|number| (format!("x{number}"), first.clone())));
        }
        Value::String(text) => *text = text.repeat(times + 1),
        Value::Number(number) => {
            *value = number.as_u64().map_or(Value::Null, |number| json!(number.saturating_mul(times as u64)));
        }
        Value::Null | Value::Bool(_) => *value = json!([]),
    }
}

fn rename_first(value: &mut Value, name: &str) {
    if let Value::Object(values) = value
        && let Some(key) = values.keys().next().cloned()
        && let Some(first) = values.remove(&key)
    {
        values.insert(name.to_owned(), first);
    }
}
