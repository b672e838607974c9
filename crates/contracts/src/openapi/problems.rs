//! Describes the error answers.

use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

use crate::problem::{Code, PROBLEM_JSON};

/// One response for each code, by code.
pub(super) fn shared() -> Value {
    Code::ALL.iter().map(|&code| (code.as_str().to_owned(), response(&[code], Body::Problem))).collect()
}

/// What an error answer has behind its headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Body {
    Problem,
    /// Nothing, as every answer to HEAD.
    Empty,
}

/// One response for each status.
pub(super) fn responses(codes: &[Code], body: Body) -> Map<String, Value> {
    let mut by_status = BTreeMap::<u16, Vec<Code>>::new();
    for code in Code::ALL.iter().filter(|code| codes.contains(code)) {
        by_status.entry(code.status()).or_default().push(*code);
    }
    let described = by_status.into_iter().map(|(status, codes)| match codes[..] {
        [code] if body == Body::Problem => {
            (status, json!({"$ref": format!("#/components/responses/{}", code.as_str())}))
        }
        _ => (status, response(&codes, body)),
    });
    described.map(|(status, response)| (status.to_string(), response)).collect()
}

fn response(codes: &[Code], body: Body) -> Value {
    let titles: Vec<String> =
        codes.iter().map(|code| format!("`{}`: {}.", code.as_str(), code.title())).collect();
    let names: Vec<&str> = codes.iter().map(|code| code.as_str()).collect();
    let mut response = json!({"description": titles.join(" ")});
    for (name, description) in codes.iter().filter_map(|code| header(*code)) {
        response["headers"][name] = json!({"schema": {"type": "string"}, "description": description});
    }
    if body == Body::Problem {
        let schema = json!({"$ref": "#/components/schemas/Problem", "properties": {"code": {"enum": names}}});
        response["content"] = json!({PROBLEM_JSON: {"schema": schema}});
    }
    response
}

fn header(code: Code) -> Option<(&'static str, &'static str)> {
    match code {
        Code::Unauthenticated | Code::WrongCredentials => Some(("WWW-Authenticate", "`Bearer`.")),
        Code::TooManyAttempts | Code::TooManyRequests | Code::Unavailable | Code::ContentMaterializing => {
            Some(("Retry-After", "Seconds to wait."))
        }
        _ => None,
    }
}
