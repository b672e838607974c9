//! Tests that invalid input is answered with a problem with a stable code, and never with a 5xx.

use reqwest::Method;
use serde_json::{Value, json};
use sluice_contracts::files::VersionView;
use sluice_contracts::problem::Code;
use sluice_domain::upload::UploadState;
use sluice_tests::{Client, live};

async fn refused(user: &Client, method: Method, path: &str, body: Vec<u8>, status: u16, code: Code) {
    let shown: String = String::from_utf8_lossy(&body).chars().take(120).collect();
    let reply = user.send_raw(method.clone(), path, &[], body).await;
    assert_eq!(reply.status, status, "{method} {path} {shown}: {}", reply.body);
    reply.expect_problem(status, code);
}

#[tokio::test]
async fn invalid_bodies_are_refused() {
    let user = Client::register(live()).await;
    let nested_lists = [vec![b'['; 100_000], vec![b']'; 100_000]].concat();
    let nested_objects = b"{\"path\":".repeat(100_000);
    let large = json!({ "path": "x".repeat(2 << 20), "size": 1 }).to_string().into_bytes();
    for (path, body, status, code) in [
        ("/uploads", b"{".to_vec(), 400, Code::MalformedJson),
        ("/uploads", b"{\"path\":\"a\",\"size\":1} and more".to_vec(), 400, Code::MalformedJson),
        ("/uploads", b"\xff\xfe{}".to_vec(), 400, Code::MalformedJson),
        ("/uploads", nested_lists, 400, Code::InvalidRequest),
        ("/uploads", nested_objects, 400, Code::InvalidRequest),
        ("/uploads", Vec::new(), 400, Code::MalformedJson),
        ("/uploads", b"[]".to_vec(), 400, Code::InvalidRequest),
        ("/uploads", b" [\"by position\", 1]".to_vec(), 400, Code::InvalidRequest),
        ("/uploads", b"\"text\"".to_vec(), 400, Code::InvalidRequest),
        ("/uploads", large, 413, Code::BodyTooLarge),
        ("/lookups", b"{}".to_vec(), 400, Code::InvalidRequest),
        ("/sessions", b"{\"username\":1}".to_vec(), 400, Code::InvalidRequest),
        ("/accounts", b"{\"username\":\"somebody\"}".to_vec(), 400, Code::InvalidRequest),
    ] {
        refused(&user, Method::POST, path, body, status, code).await;
    }
}

#[tokio::test]
async fn invalid_fields_are_refused() {
    let user = Client::register(live()).await;
    let good = json!({ "path": "a", "size": 1 });
    let metadata = json!({ "key": "v".repeat(3000) });
    for (field, value) in [
        ("path", json!("a/../b")),
        ("path", json!("a\u{0}b")),
        ("path", json!("x".repeat(5000))),
        ("path", json!("/etc/passwd")),
        ("path", json!("a//b")),
        ("path", json!("")),
        ("path", json!(7)),
        ("path", Value::Null),
        ("size", json!(-1)),
        ("size", json!(1.5)),
        ("size", json!("1")),
        ("size", json!(49_u64 << 40)),
        ("size", json!(u64::MAX)),
        ("part_size", json!(1)),
        ("part_size", json!(6_u64 << 30)),
        ("sha256", json!("abc")),
        ("sha256", json!("A".repeat(64))),
        ("sha1", json!("z".repeat(40))),
        ("content_type", json!("text/plain\r\nX-Evil: 1")),
        ("content_type", json!("plain")),
        ("metadata", metadata),
        ("metadata", json!({ "": "empty key" })),
        ("metadata", json!({ "number": 1 })),
        ("sise", json!(1)),
    ] {
        let mut request = good.clone();
        request[field] = value;
        refused(&user, Method::POST, "/uploads", request.to_string().into_bytes(), 400, Code::InvalidRequest)
            .await;
    }
    assert_eq!(user.usage().await, (0, 0), "something was reserved");
}

#[tokio::test]
async fn invalid_parameters_and_ids_are_refused() {
    let user = Client::register(live()).await;
    let long = format!("/files?prefix={}", "p".repeat(2000));
    for path in [
        "/files?limit=0",
        "/files?limit=abc",
        "/files?limit=100000",
        "/files?limit=1&limit=2",
        "/files?colour=red",
        "/files?cursor=%21%21",
        "/files?cursor=gIA",
        "/files?sha256=abc",
        "/files?sha1=abc",
        "/files?path=a&sha1=b",
        "/files?path=..",
        "/files?path=",
        "/files?prefix=%00",
        &long,
        "/uploads?ids=1,2",
        "/uploads?cursor=xyz",
    ] {
        refused(&user, Method::GET, path, Vec::new(), 400, Code::InvalidRequest).await;
    }
    let unknown_id = "0".repeat(32);
    for id in ["x", "..", "%00", "%F0%9F%98%80", &unknown_id, &"F".repeat(32)] {
        for (method, path) in [
            (Method::GET, format!("/files/{id}")),
            (Method::GET, format!("/files/{id}/versions")),
            (Method::GET, format!("/files/{id}/content")),
            (Method::DELETE, format!("/files/{id}")),
            (Method::GET, format!("/uploads/{id}")),
            (Method::DELETE, format!("/uploads/{id}")),
        ] {
            // A client library resolves `..` itself, so this would be another call.
            if id != ".." {
                refused(&user, method, &path, Vec::new(), 404, Code::NotFound).await;
            }
        }
    }
}

#[tokio::test]
async fn invalid_headers_are_refused() {
    let user = Client::register(live()).await;
    let request = json!({ "path": "a", "size": 1 });
    let long = "k".repeat(300);
    for header in [("if-match", "\"not an id\""), ("if-match", "*"), ("idempotency-key", long.as_str())] {
        let reply = user.send(Method::POST, "/uploads", &[header], &request).await;
        reply.expect_problem(400, Code::InvalidRequest);
    }
    let id = format!("\"{}\"", "0".repeat(32));
    let twice = [("if-match", &*id), ("if-match", &*id)];
    user.send(Method::POST, "/uploads", &twice, &request).await.expect_problem(400, Code::InvalidRequest);
    assert_eq!(user.usage().await, (0, 0), "something was reserved");

    let junk =
        [("x-junk", "~".repeat(4000)), ("cookie", "a=b; c".to_owned()), ("content-type", "image/png".into())];
    let junk: Vec<_> = junk.iter().map(|(name, value)| (*name, &**value)).collect();
    user.send(Method::POST, "/uploads", &junk, &request).await.expect(201);
}

#[tokio::test]
async fn invalid_changes_are_refused() {
    let user = Client::register(live()).await;
    let version = user.upload("file", b"content").await;
    let plan = user.post("/uploads", &json!({ "path": "open", "size": 1 })).await.plan();
    let file = format!("/files/{}", version.file_id);
    let restore = format!("{file}/restore");
    let upload = format!("/uploads/{}", plan.upload_id);
    let parts = format!("{upload}/parts");
    let complete = format!("{upload}/complete");
    for (method, path, body) in [
        (Method::PATCH, &file, json!({ "path": "../file" })),
        (Method::PATCH, &file, json!({ "path": "" })),
        (Method::PATCH, &file, json!({ "content_type": "text/plain\nX-Evil: 1" })),
        (Method::PATCH, &file, json!({ "metadata": { "key": "v".repeat(2046) } })),
        (Method::PATCH, &file, json!({ "metadata": [] })),
        (Method::PATCH, &file, json!({ "overwrite": "yes" })),
        (Method::PATCH, &file, json!({ "sha256": "0".repeat(64) })),
        (Method::POST, &restore, json!({})),
        (Method::POST, &restore, json!({ "version_id": "x" })),
        (Method::POST, &restore, json!({ "version_id": version.version_id, "path": "elsewhere" })),
        (Method::POST, &parts, json!({ "parts": {} })),
        (Method::POST, &parts, json!({ "parts": [1] })),
        (Method::POST, &parts, json!({ "parts": [{ "number": -1 }] })),
        (Method::POST, &parts, json!({ "parts": [{ "number": 1, "size": 1 }] })),
        (Method::POST, &complete, json!({})),
        (Method::POST, &complete, json!({ "parts": [{ "number": 1 }] })),
        (Method::POST, &complete, json!({ "parts": [{ "number": "1", "etag": "x" }] })),
        (Method::POST, &complete, json!({ "parts": [{ "number": 1, "etag": null }] })),
    ] {
        refused(&user, method, path, body.to_string().into_bytes(), 400, Code::InvalidRequest).await;
    }
    for path in [&file, &upload] {
        refused(&user, Method::GET, &format!("{path}?verbose=1"), Vec::new(), 400, Code::InvalidRequest)
            .await;
        refused(&user, Method::DELETE, &format!("{path}?force=1"), Vec::new(), 400, Code::InvalidRequest)
            .await;
    }
    for query in ["disposition=evil", "version=x", "version=", "download=1"] {
        let path = format!("{file}/content?{query}");
        refused(&user, Method::GET, &path, Vec::new(), 400, Code::InvalidRequest).await;
    }
    assert_eq!(user.get(&file).await.parse::<VersionView>(200), version);
    assert_eq!(user.show_upload(plan.upload_id).await.state, UploadState::Open);
}

#[tokio::test]
async fn problems_are_written_as_in_the_snapshots() {
    let user = Client::register(live()).await;
    let stranger = Client::stranger(live());
    let replies = [
        ("malformed-json", user.send_raw(Method::POST, "/uploads", &[], b"{".to_vec()).await),
        ("unknown-field", user.post("/uploads", &json!({ "path": "a", "size": 1, "sise": 1 })).await),
        ("unknown-parameter", user.get("/files?colour=red").await),
        ("not-found", user.get(&format!("/files/{}", "0".repeat(32))).await),
        ("unauthenticated", stranger.get("/accounts/me").await),
        ("wrong-credentials", stranger.post("/sessions", &json!({ "username": "x", "password": "y" })).await),
        ("quota-exceeded", user.post("/uploads", &json!({ "path": "a", "size": 1_u64 << 40 })).await),
    ];
    for (name, reply) in replies {
        let mut problem = reply.body;
        problem["request_id"] = "[request_id]".into();
        insta::assert_snapshot!(name, format!("{problem:#}"));
    }
}

#[tokio::test]
async fn the_gateway_itself_answers_calls_that_match_no_route() {
    let user = Client::register(live()).await;
    for (method, path) in [
        (Method::GET, "/"),
        (Method::GET, "/nothing"),
        (Method::PUT, "/files"),
        (Method::DELETE, "/uploads"),
        (Method::POST, "/accounts/me"),
        (Method::GET, "/files/a/b/c"),
    ] {
        let reply = user.send(method.clone(), path, &[], &Value::Null).await;
        assert_eq!(reply.status, 404, "{method} {path}: {}", reply.body);
        assert_eq!(reply.body["code"], Value::Null, "{}", reply.body);
    }
}
