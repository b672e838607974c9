//! Targets for HTTP requests: bodies, headers and parameters.

use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sluice_contracts::accounts::{Credentials, Login, PasswordChange};
use sluice_contracts::files::{FileChange, Lookup, Restore};
use sluice_contracts::packs::HooksLookup;
use sluice_contracts::parameters::VersionsParameters;
use sluice_contracts::problem::Code;
use sluice_contracts::route::{Query, QueryFiles};
use sluice_contracts::uploads::{Completion, PartUrlsRequest, UploadRequest};
use sluice_contracts::{LIST_MAX, files};
use sluice_domain::part_plan::{PART_MAX_BYTES, PART_MAX_COUNT, PartPlan};
use sluice_domain::time::Timestamp;
use sluice_domain::version::{check_metadata, content_type};
use sluice_lambda::{Call, auth};

use crate::seeds::texts;
use crate::target::{Form, Memory, Target, Verdict, refused, text};

const TOKENS: &[&str] = &[
    "a/b.txt",
    "../x",
    "text/plain; charset=utf-8",
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "da39a3ee5e6b4b0d3255bfef95601890afd80709",
    "01a1ee565e7b70018c0ffee00c0ffee0",
    "path",
    "size",
    "sha256",
    "metadata",
    "part_size",
    "packs",
    "parts",
    "number",
    "etag",
    "manifest",
    "hooks",
    "version_id",
];

pub const UPLOAD_REQUEST: Target = Target {
    name: "upload_request",
    form: Form::Json,
    seeds: || texts(&UPLOADS),
    tokens: TOKENS,
    cases: 1500,
    check: check_upload_request,
};

/// The bodies of all other calls.
pub const REQUEST: Target = Target {
    name: "request",
    form: Form::Json,
    seeds: || texts(&REQUESTS),
    tokens: TOKENS,
    cases: 1500,
    check: check_request,
};

/// Headers, one a line; then an empty line, and parameters, one a line.
pub const CALL: Target = Target {
    name: "call",
    form: Form::Text,
    seeds: || texts(&CALLS),
    tokens: &[
        "if-match: ",
        "idempotency-key: ",
        "authorization: ",
        "cookie: ",
        "limit=",
        "cursor=",
        "\n",
        "\"",
        "Bearer ",
    ],
    cases: 1250,
    check: check_call,
};

const UPLOADS: [&str; 4] = [
    r#"{"path":"a/b.txt","size":5}"#,
    r#"{"path":"photos/2026/r\u00e9sum\u00e9.jpg","size":104857600,"part_size":5242880,"part_sha256":true,
        "content_type":"image/jpeg","metadata":{"camera":"x100","place":"here"}}"#,
    r#"{"path":"big.iso","size":1099511627776,"sha1":"da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "sha256":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}"#,
    r#"{"path":"a","size":70000,"sha256":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "packs":[{"size":65536,"sha256":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"size":10,"sha256":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}]}"#,
];

const REQUESTS: [&str; 9] = [
    r#"{"parts":[{"number":1},{"number":10000,
        "sha256":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}]}"#,
    r#"{"parts":[{"number":1,"etag":"\"9b2cf535f27731c974343645a3985328\""},{"number":2,"etag":"x"}],
        "sha256":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}"#,
    r#"{"parts":[],"manifest":{"packs":[[10,20]],"terms":[{"pack":1,"first_chunk":0,"chunk_count":2,"length":30},
        {"pack":"07070707070707070707070707070707","first_chunk":3,"chunk_count":2,"length":20}]}}"#,
    r#"{"sha256":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","size":3,"path":"a/b",
        "content_type":"text/plain","metadata":{"a":"b"}}"#,
    r#"{"path":"new/name.txt","overwrite":true,"content_type":"text/plain","metadata":{}}"#,
    r#"{"version_id":"01a1ee565e7b70018c0ffee00c0ffee0"}"#,
    r#"{"username":"ren\u00e9@example","password":"correct horse battery"}"#,
    r#"{"username":"rene","password":"correct horse battery","cookie":true}"#,
    r#"{"hooks":["e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"]}"#,
];

const CALLS: [&str; 4] = [
    "if-match: \"01a1ee565e7b70018c0ffee00c0ffee0\"\nidempotency-key: 6b1f\n\nlimit=100\ncursor=YS9i",
    "authorization: Bearer sluice_abc\nif-match: *\n\nlimit=0\nlimit=1",
    "sec-fetch-site: same-origin\ncookie: a=b; __Host-sluice-session=sluice_abc; c\n\nprefix=a/\ndelimiter=/",
    "sec-fetch-site: cross-site\ncookie: __Host-sluice-session=sluice_abc\n\nlimit=1000",
];

fn call(body: &[u8]) -> Call {
    Call {
        method: Method::POST,
        path: "/uploads".to_owned(),
        query: Vec::new(),
        headers: HeaderMap::new(),
        body: body.to_vec(),
        request_id: String::new(),
        now: Timestamp::from_unix_milliseconds(1_795_000_000_123),
    }
}

/// Reads a body as the functions do. What is accepted is written as a body that reads the same.
fn read<T: DeserializeOwned + Serialize>(body: &[u8]) -> Option<T> {
    let call_with_body = call(body);
    let value = match Memory::JSON.hold(body.len(), || call_with_body.json::<T>()) {
        Ok(value) => value,
        Err(failure) => {
            assert!(matches!(failure.code, Code::InvalidRequest | Code::MalformedJson), "{failure}");
            refused(failure);
            return None;
        }
    };
    let written = serde_json::to_vec(&value).expect("serializable");
    let again = call(&written).json::<T>().expect("just written");
    assert_eq!(serde_json::to_vec(&again).expect("serializable"), written);
    Some(value)
}

fn check_upload_request(body: &[u8]) -> Verdict {
    let Some(request) = read::<UploadRequest>(body) else { return Verdict::Refused };
    if let Ok(plan) = PartPlan::new(request.size, request.part_size) {
        let count = u64::from(plan.part_count());
        assert!((1..=PART_MAX_COUNT).contains(&count) && plan.part_size <= PART_MAX_BYTES, "{plan:?}");
        assert!(
            (count - 1) * plan.part_size <= request.size && request.size <= count * plan.part_size,
            "{plan:?}"
        );
    }
    match content_type(request.content_type) {
        Ok(content_type) => assert!(HeaderValue::from_str(&content_type).is_ok(), "{content_type:?}"),
        Err(error) => drop(refused(error)),
    }
    if check_metadata(&request.metadata).is_ok() {
        let length: usize = request.metadata.iter().map(|(key, value)| key.len() + value.len()).sum();
        assert!(length <= 2048 && !request.metadata.contains_key(""));
    }
    Verdict::Accepted
}

fn check_request(body: &[u8]) -> Verdict {
    let accepted = [
        read::<PartUrlsRequest>(body).is_some(),
        read::<Completion>(body).is_some(),
        read::<Lookup>(body).is_some(),
        read::<FileChange>(body).is_some(),
        read::<Restore>(body).is_some(),
        read::<Credentials>(body).is_some(),
        read::<Login>(body).is_some(),
        read::<PasswordChange>(body).is_some(),
        read::<HooksLookup>(body).is_some(),
        // An answer, which clients read: no request, but written by the same rules.
        read::<files::LookupAnswer>(body).is_some(),
    ];
    if accepted.contains(&true) { Verdict::Accepted } else { Verdict::Refused }
}

fn check_call(bytes: &[u8]) -> Verdict {
    let Some(text) = text(bytes) else { return Verdict::Refused };
    let (headers, parameters) = text.split_once("\n\n").unwrap_or((text, ""));
    let no_route = Call { path: format!("/{parameters}"), ..call(b"") };
    if let Err(failure) = no_route.route::<QueryFiles>() {
        refused(failure);
    }
    let path = "/files/01a1ee565e7b70018c0ffee00c0ffee0/versions".to_owned();
    let mut call = Call { method: Method::GET, path, ..call(b"") };
    for line in headers.lines() {
        let Some((name, value)) = line.split_once(": ") else { continue };
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_bytes(value.as_bytes()))
        {
            call.headers.append(name, value);
        }
    }
    let pair = |line: &str| line.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
    call.query = parameters.lines().filter_map(pair).collect();
    check_parameters(&call);
    check_token(&call);
    if let Ok(Some(key)) = call.idempotency_key() {
        assert!((1..=255).contains(&key.len()), "{key:?}");
    }
    match call.if_match() {
        Ok(Some(id)) => {
            let value = call.headers["if-match"].to_str().expect("read as text");
            assert_eq!(value.trim_matches('"'), id.to_string());
            Verdict::Accepted
        }
        Ok(None) => Verdict::Accepted,
        Err(failure) => refused(failure),
    }
}

fn check_parameters(call: &Call) {
    match call.route() {
        Ok(QueryFiles::ListVersions(_, Query(VersionsParameters { limit, cursor }))) => {
            assert!((1..=LIST_MAX).contains(&limit.unwrap_or_default().get()));
            assert!(call.query.iter().all(|(name, _)| name == "limit" || name == "cursor"));
            let given = call.query.iter().filter(|(name, _)| name == "cursor").count();
            assert_eq!(given, usize::from(cursor.is_some()), "a parameter counts once");
        }
        Ok(other) => panic!("{other:?}"),
        Err(failure) => drop(refused(failure)),
    }
}

/// A token is taken from one place only: a cookie counts for the API's own pages, and without
/// `Authorization`.
fn check_token(call: &Call) {
    let Ok(token) = auth::token(call) else { return };
    let without = |name: HeaderName| {
        let mut call = call.clone();
        call.headers.remove(name);
        auth::token(&call).map(str::to_owned)
    };
    if call.headers.contains_key(header::AUTHORIZATION) {
        assert_eq!(without(header::COOKIE), Ok(token.to_owned()), "a cookie beside `Authorization` counts");
    } else {
        assert!(auth::is_same_origin(call), "a cookie of another site counts");
        assert!(without(header::COOKIE).is_err(), "a token from nowhere");
    }
}
