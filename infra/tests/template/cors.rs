//! Checks that pages of other origins can send and read the headers that the calls have.

use serde_json::Value;
use sluice_contracts::route::ROUTES;
use std::collections::BTreeSet;

use crate::{document, of_type, section, template};

/// Request headers that `docs/openapi.json` leaves out: the OpenAPI specification has other places for them.
const UNLISTED_REQUEST_HEADERS: [&str; 2] = ["authorization", "content-type"];

/// Response headers that scripts can read without CORS, must not read (`Set-Cookie`), or need not, because
/// the status says the same (`WWW-Authenticate`).
const UNEXPOSED_RESPONSE_HEADERS: [&str; 3] = ["cache-control", "set-cookie", "www-authenticate"];

/// The values of every list with this key, such as `AllowHeaders: [etag, location]`, in lower case.
fn lists(resource: &str, key: &str) -> Vec<BTreeSet<String>> {
    let begin = format!("{key}: [");
    let lists = resource.lines().filter_map(|line| line.split_once(&begin)?.1.strip_suffix(']'));
    lists.map(|list| list.split(", ").map(|value| value.trim_matches('"').to_lowercase()).collect()).collect()
}

/// The objects below `value` that are values of the key.
fn members<'a>(value: &'a Value, key: &str) -> Vec<&'a Value> {
    let inner = match value {
        Value::Object(fields) => fields.values().collect(),
        Value::Array(items) => items.iter().collect(),
        _ => Vec::new(),
    };
    let inner = inner.into_iter().flat_map(|value| members(value, key));
    value.get(key).into_iter().chain(inner).collect()
}

fn openapi() -> Value {
    serde_json::from_str(&document("docs/openapi.json")).expect("JSON")
}

#[test]
fn pages_of_other_origins_can_send_every_request_header() {
    let api = section(&template(), "Resources")["Api"].clone();
    let document = openapi();
    let parameters = members(&document, "parameters").into_iter().filter_map(Value::as_array).flatten();
    let headers = parameters.filter(|parameter| parameter["in"] == "header");
    let named = headers.filter_map(|parameter| parameter["name"].as_str()).map(str::to_lowercase);
    let sent: BTreeSet<String> = named.chain(UNLISTED_REQUEST_HEADERS.map(str::to_owned)).collect();
    assert_eq!(lists(&api, "AllowHeaders"), [sent]);
}

#[test]
fn pages_of_other_origins_can_use_every_method() {
    let api = section(&template(), "Resources")["Api"].clone();
    let used: BTreeSet<String> = ROUTES.iter().map(|route| route.method.to_lowercase()).collect();
    assert_eq!(lists(&api, "AllowMethods"), [used]);
}

#[test]
fn pages_of_other_origins_can_read_every_response_header() {
    let api = section(&template(), "Resources")["Api"].clone();
    let document = openapi();
    let answers = members(&document, "responses").into_iter().filter_map(Value::as_object).flatten();
    let headers = answers.filter_map(|(_, answer)| answer["headers"].as_object()).flatten();
    let mut answered: BTreeSet<String> = headers.map(|(name, _)| name.to_lowercase()).collect();
    for name in UNEXPOSED_RESPONSE_HEADERS {
        assert!(answered.remove(name), "no answer has {name}");
    }
    assert_eq!(lists(&api, "ExposeHeaders"), [answered]);
}

/// Which headers a presigned URL needs depends on what it signs.
#[test]
fn buckets_take_any_header_from_all_pages_and_expose_the_same_to_each() {
    let resources = section(&template(), "Resources");
    let buckets = of_type(&template(), "AWS::S3::Bucket");
    let with_cors: Vec<&str> = buckets
        .iter()
        .map(|name| &*resources[name])
        .filter(|bucket| bucket.contains("CorsConfiguration:"))
        .collect();
    assert_eq!(with_cors.len(), 3, "landing, vault and cache bucket");
    for bucket in with_cors {
        let any = BTreeSet::from(["*".to_owned()]);
        let allowed = lists(bucket, "AllowedHeaders");
        assert!(!allowed.is_empty() && allowed.iter().all(|headers| *headers == any), "{bucket}");
        let exposed = lists(bucket, "ExposedHeaders");
        assert_eq!(exposed.len(), allowed.len(), "{bucket}");
        assert!(exposed.iter().all(|headers| headers.contains("etag") && *headers == exposed[0]), "{bucket}");
    }
}
