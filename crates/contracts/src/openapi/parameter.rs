//! Describes the parameters of the calls.

use serde_json::{Value, json};

use crate::{LIST_DEFAULT, LIST_MAX};

/// A parameter that several calls have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shared {
    Limit,
    Cursor,
    IdCursor,
    IfMatch,
    IdempotencyKey,
}

impl Shared {
    const ALL: [Self; 5] = [Self::Limit, Self::Cursor, Self::IdCursor, Self::IfMatch, Self::IdempotencyKey];

    fn name(self) -> &'static str {
        match self {
            Self::Limit => "Limit",
            Self::Cursor => "Cursor",
            Self::IdCursor => "IdCursor",
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
                "The maximum number of entries of a page. A page may have fewer; only the last has no \
                 `next_cursor`.",
            ),
            // A place in a list in base 64: at most 1024 bytes.
            Self::Cursor => cursor("^[A-Za-z0-9_-]+$", 1366),
            Self::IdCursor => cursor("^[0-9a-f]{32}$", 32),
            Self::IfMatch => header(
                "If-Match",
                &json!({"type": "string", "pattern": "^\"[0-9a-f]{32}\"$"}),
                "The ETag (a quoted version id) of the file's current version. If it is not current, the \
                 call changes nothing and answers 412.",
            ),
            Self::IdempotencyKey => header(
                "Idempotency-Key",
                &json!({"type": "string", "minLength": 1, "maxLength": 255}),
                "A value that is new for every request, and the same when the request is retried. A retry \
                 has the answer of the first try.",
            ),
        }
    }
}

/// All shared parameters, by name.
pub(super) fn shared() -> Value {
    Shared::ALL.into_iter().map(|parameter| (parameter.name().to_owned(), parameter.definition())).collect()
}

/// A cursor of a page. Clients treat it as opaque; the limits are for checks.
pub(super) fn cursor(pattern: &str, length_max: usize) -> Value {
    query(
        "cursor",
        &json!({"type": "string", "pattern": pattern, "minLength": 1, "maxLength": length_max}),
        "The `next_cursor` of the previous page, with the same query. Opaque to clients.",
    )
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
