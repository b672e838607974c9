//! Builds the OpenAPI 3.1 document of the API from [`ROUTES`] and the wire types.
//!
//! `docs/openapi.json` is a copy of it; a test compares the two.

mod accounts;
pub mod events;
mod files;
pub(crate) mod limits;
mod operation;
mod parameter;
mod problems;
mod schemas;
mod uploads;
mod webhooks;

use serde_json::{Map, Value, json};

use crate::problem::Problem;
use crate::route::ROUTES;
use operation::Operation;
use schemas::Schemas;

/// Builds the document.
///
/// # Panics
/// If a route has no operation, which a test rules out.
pub fn document() -> Value {
    let mut schemas = Schemas::new();
    schemas.answer::<Problem>();
    let operations = operations(&mut schemas);
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Sluice",
            "summary": "A serverless upload and storage pipeline",
            "description": "Clients send and read bytes directly from buckets, through presigned URLs that \
             these calls give. The guide is docs/API.md. Unknown fields in a request are refused. Answers \
             may gain fields: skip those you do not know.",
            "version": env!("CARGO_PKG_VERSION"),
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/", "description": "The deployment that serves this API"}],
        "security": [{"session": []}],
        "tags": [
            {"name": "accounts", "description": "Accounts and their quota"},
            {"name": "sessions", "description": "Logging in and out"},
            {"name": "uploads", "description": "Sending bytes directly to the bucket"},
            {"name": "lookups", "description": "Making a file of a blob that the account holds"},
            {"name": "files", "description": "Files, their versions and their bytes"},
            {"name": "webhooks", "description": "Calls of a store, not of a client"},
        ],
        "paths": paths(&operations),
        "components": {
            "securitySchemes": {"session": {
                "type": "http",
                "scheme": "bearer",
                "description": "The token of POST /sessions. Pages of the API's own origin may send the \
                 session's cookie instead.",
            }},
            "parameters": parameter::shared(),
            "responses": problems::shared(),
            "schemas": schemas.into_components(),
        },
    })
}

fn operations(schemas: &mut Schemas) -> Vec<Operation> {
    let mut operations = accounts::operations(schemas);
    operations.extend(uploads::operations(schemas));
    operations.extend(files::operations(schemas));
    operations.extend(webhooks::operations());
    operations
}

fn paths(operations: &[Operation]) -> Value {
    let mut paths = Map::new();
    for route in ROUTES {
        let operation = operations
            .iter()
            .find(|operation| operation.answers_to(route))
            .expect("every route has an operation");
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        path[route.method.to_lowercase()] = operation.describe(route);
    }
    Value::Object(paths)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Code;
    use std::collections::BTreeSet;

    #[test]
    fn routes_and_operations_are_the_same_calls() {
        let operations = operations(&mut Schemas::new());
        assert_eq!(operations.len(), ROUTES.len());
        for route in ROUTES {
            let matching = operations.iter().filter(|operation| operation.answers_to(route)).count();
            assert_eq!(matching, 1, "{} {}", route.method, route.path);
        }
        let ids: BTreeSet<&str> = operations.iter().map(Operation::id).collect();
        assert_eq!(ids.len(), operations.len(), "two operations have one id");
    }

    #[test]
    fn every_code_belongs_to_a_call() {
        let document = document()["paths"].to_string();
        for code in Code::ALL.iter().filter(|&&code| code != Code::MethodNotAllowed) {
            let named = [format!("\"{}\"", code.as_str()), format!("/responses/{}\"", code.as_str())];
            assert!(named.iter().any(|name| document.contains(name)), "no call answers {code:?}");
        }
    }

    #[test]
    fn requests_are_closed_and_answers_open() {
        let schemas = &document()["components"]["schemas"];
        for request in [
            "Credentials",
            "UploadRequest",
            "PartUrlsRequest",
            "Completion",
            "Lookup",
            "FileChange",
            "Restore",
        ] {
            assert_eq!(schemas[request]["additionalProperties"], false, "{request}");
        }
        for answer in ["AccountCreated", "UploadPlan", "VersionView", "FileList", "UploadView", "Problem"] {
            assert!(schemas[answer]["properties"].is_object(), "{answer}");
            assert!(schemas[answer].get("additionalProperties").is_none(), "{answer}");
        }
    }

    #[test]
    fn limits_of_requests_are_in_the_document() {
        let document = document();
        let schemas = &document["components"]["schemas"];
        for (request, field, limits) in [
            ("PartUrlsRequest", "parts", json!({"minItems": 1, "maxItems": 100})),
            ("HooksLookup", "hooks", json!({"minItems": 1, "maxItems": 100})),
            ("Completion", "parts", json!({"maxItems": 10_000})),
            ("UploadRequest", "packs", json!({"maxItems": 90})),
            ("UploadRequest", "size", json!({"minimum": 0, "maximum": 5_u64 << 40})),
            ("UploadRequest", "part_size", json!({"minimum": 5 << 20, "maximum": 5_u64 << 30})),
            ("UploadRequest", "content_type", json!({"maxLength": 255})),
            ("UploadRequest", "metadata", json!({"maxProperties": 2048})),
            ("Credentials", "username", json!({"minLength": 3, "maxLength": 64})),
            ("Credentials", "password", json!({"minLength": 12, "maxLength": 256})),
            ("PackManifest", "packs", json!({"maxItems": 90})),
        ] {
            for (limit, value) in limits.as_object().expect("limits") {
                assert_eq!(&schemas[request]["properties"][field][limit], value, "{request}.{field} {limit}");
            }
        }
        assert!(schemas["FilePath"]["pattern"].is_string());
        let begin = &document["paths"]["/uploads"]["post"]["responses"]["409"];
        let codes = &begin["content"]["application/problem+json"]["schema"]["properties"]["code"]["enum"];
        assert_eq!(codes, &json!(["upload_ended", "conflict"]));
    }
}
