//! Builds the OpenAPI 3.1 document of the API from [`ROUTES`] and the wire types.
//!
//! `docs/openapi.json` is a copy of it; a test compares the two.

pub mod events;
pub(crate) mod limits;
pub(crate) mod operation;
mod parameters;
mod problems;
mod schemas;

use serde_json::{Map, Value, json};

use crate::problem::Problem;
use crate::route::{ROUTES, Route};
use operation::{Operation, one_line};
use schemas::Schemas;

/// Builds the document.
pub fn document() -> Value {
    let mut schemas = Schemas::new();
    schemas.answer::<Problem>();
    let paths = paths(&mut schemas);
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
        "paths": paths,
        "components": {
            "securitySchemes": {"session": {
                "type": "http",
                "scheme": "bearer",
                "description": "The token of POST /sessions. Pages of the API's own origin may send the \
                 session's cookie instead.",
            }},
            "responses": problems::shared(),
            "schemas": schemas.into_components(),
        },
    })
}

fn paths(schemas: &mut Schemas) -> Value {
    let mut paths = Map::new();
    for route in ROUTES {
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        path[route.method.to_lowercase()] = operation(route, schemas);
    }
    Value::Object(paths)
}

/// The Operation Object (<https://spec.openapis.org/oas/v3.1.0#operation-object>).
fn operation(route: &Route, schemas: &mut Schemas) -> Value {
    let (summary, description) = route.about.split_once("\n\n").unwrap_or((route.about, ""));
    let mut object = (route.describe)(Operation::new(schemas)).into_object(route.method, route.authenticated);
    object["operationId"] = json!(camel_case(route.name));
    object["tags"] = json!([route.path.split('/').nth(1)]);
    object["summary"] = json!(one_line(summary));
    if !description.is_empty() {
        object["description"] = json!(one_line(description));
    }
    object
}

fn camel_case(pascal_case: &str) -> String {
    let (first, rest) = pascal_case.split_at(1);
    first.to_lowercase() + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Code;
    use std::collections::BTreeSet;

    #[test]
    fn every_call_has_an_id_of_its_own_and_the_arguments_of_its_path() {
        let mut ids = BTreeSet::new();
        for route in ROUTES {
            assert!(ids.insert(route.name), "two calls are called {}", route.name);
            let operation = operation(route, &mut Schemas::new());
            let parameters = operation["parameters"].as_array().map_or(&[][..], Vec::as_slice);
            let in_path = parameters.iter().filter(|parameter| parameter["in"] == "path");
            let named =
                in_path.map(|parameter| format!("{{{}}}", parameter["name"].as_str().expect("a name")));
            let declared = route.path.split('/').filter(|segment| segment.starts_with('{'));
            assert!(named.eq(declared), "{} {}", route.method, route.path);
        }
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
            "PasswordChange",
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
            ("UploadRequest", "size", json!({"minimum": 0, "maximum": 10_000 * (5_u64 << 30)})),
            ("UploadRequest", "part_size", json!({"minimum": 5 << 20, "maximum": 5_u64 << 30})),
            ("UploadRequest", "content_type", json!({"maxLength": 255})),
            ("UploadRequest", "metadata", json!({"maxProperties": 2048})),
            ("Credentials", "username", json!({"minLength": 3, "maxLength": 64})),
            ("Credentials", "password", json!({"minLength": 12, "maxLength": 256})),
            ("PasswordChange", "new_password", json!({"minLength": 12, "maxLength": 256})),
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
