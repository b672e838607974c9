//! Describes the error answers.

use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

use crate::problem::{Code, PROBLEM_JSON};

/// One response for each code, by code.
pub(super) fn shared() -> Value {
    Code::ALL.iter().map(|&code| (code.as_str().to_owned(), response(&[code], false))).collect()
}

/// One response for each status. `bodiless` is for HEAD: its answers have only headers.
pub(super) fn responses(codes: &[Code], bodiless: bool) -> Map<String, Value> {
    let mut by_status = BTreeMap::<u16, Vec<Code>>::new();
    for code in Code::ALL.iter().filter(|code| codes.contains(code)) {
        by_status.entry(code.status()).or_default().push(*code);
    }
    let described = by_status.into_iter().map(|(status, codes)| match codes[..] {
        [code] if !bodiless => (status, json!({"$ref": format!("#/components/responses/{}", code.as_str())})),
        _ => (status, response(&codes, bodiless)),
    });
    described.map(|(status, response)| (status.to_string(), response)).collect()
}

fn response(codes: &[Code], bodiless: bool) -> Value {
    let titles: Vec<String> =
        codes.iter().map(|code| format!("`{}`: {}.", code.as_str(), code.title())).collect();
    let names: Vec<&str> = codes.iter().map(|code| code.as_str()).collect();
    let mut response = json!({"description": titles.join(" ")});
    for (name, description) in codes.iter().filter_map(|code| header(*code)) {
        response["headers"][name] = json!({"schema": {"type": "string"}, "description": description});
    }
    if !bodiless {
        let schema = json!({"$ref": "#/components/schemas/Problem", "properties": {"code": {"enum": names}}});
        response["content"] = json!({PROBLEM_JSON: {"schema": schema}});
    }
    response
}

fn header(code: Code) -> Option<(&'static str, &'static str)> {
    match code {
        Code::Unauthenticated | Code::WrongCredentials => Some(("WWW-Authenticate", "`Bearer`.")),
        Code::TooManyRequests | Code::Unavailable | Code::ContentMaterializing => {
            Some(("Retry-After", "Seconds to wait."))
        }
        _ => None,
    }
}
