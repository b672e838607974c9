//! The parameters of the calls.

use serde_json::{Value, json};

use crate::{LIST_DEFAULT, LIST_MAX};

/// A parameter that several calls share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shared {
    Limit,
    Cursor,
    IfMatch,
    IdempotencyKey,
}

impl Shared {
    const ALL: [Self; 4] = [Self::Limit, Self::Cursor, Self::IfMatch, Self::IdempotencyKey];

    fn name(self) -> &'static str {
        match self {
            Self::Limit => "Limit",
            Self::Cursor => "Cursor",
            Self::IfMatch => "IfMatch",
            Self::IdempotencyKey => "IdempotencyKey",
        }
    }

    pub(super) fn reference(self) -> Value {
        json!({"$ref": format!("#/components/parameters/{}", self.name())})
    }

    fn definition(self) -> Value {
        match self {
            Self::Limit => query(
                "limit",
                &json!({"type": "integer", "minimum": 1, "maximum": LIST_MAX, "default": LIST_DEFAULT}),
                "Most entries of a page. A page may hold fewer; only an absent `next_cursor` marks the last.",
            ),
            Self::Cursor => query(
                "cursor",
                &json!({"type": "string"}),
                "The `next_cursor` of the page before, with the same query.",
            ),
            Self::IfMatch => header(
                "If-Match",
                &json!({"type": "string", "pattern": "^\"[0-9a-f]{32}\"$"}),
                "The ETag (a quoted version id) that must be the file's current one, or the call changes nothing and \
                 answers 412.",
            ),
            Self::IdempotencyKey => header(
                "Idempotency-Key",
                &json!({"type": "string", "minLength": 1, "maxLength": 255}),
                "A value of your own, new for every request and kept when the request is retried: a retry gives the \
                 first answer again.",
            ),
        }
    }
}

/// The shared parameters, by name.
pub(super) fn shared() -> Value {
    Shared::ALL.into_iter().map(|parameter| (parameter.name().to_owned(), parameter.definition())).collect()
}

pub(super) fn query(name: &str, schema: &Value, description: &str) -> Value {
    json!({"name": name, "in": "query", "schema": schema, "description": description})
}

pub(super) fn header(name: &str, schema: &Value, description: &str) -> Value {
    json!({"name": name, "in": "header", "schema": schema, "description": description})
}

pub(super) fn path(name: &str, schema: &Value) -> Value {
    json!({"name": name, "in": "path", "required": true, "schema": schema})
}
