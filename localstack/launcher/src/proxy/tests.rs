use super::{Proxy, Upstream};
use crate::{Keys, page};
use axum::Router;
use axum::extract::Request;
use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Response};
use futures::{SinkExt as _, StreamExt as _};
use std::fs;
use std::io;
use std::net::Ipv4Addr;
use tempfile::TempDir;
use tokio::net::TcpListener;

/// Answers with the request's line, headers and body.
async fn echo(request: Request) -> Response {
    let described = format!("{} {}", request.method(), request.uri());
    let mut headers = request.headers().clone();
    headers.insert("described", described.parse().expect("a header"));
    headers.insert("connection", "received-by-one-hop".parse().expect("a header"));
    headers.insert("received-by-one-hop", "1".parse().expect("a header"));
    headers.remove("content-length");
    (headers, request.into_body()).into_response()
}

async fn start_emulator() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(axum::serve(listener, Router::new().fallback(echo)).into_future());
    port
}

async fn start(upstream: Option<Upstream>) -> (Proxy, String) {
    let proxy = Proxy::start(Ipv4Addr::LOCALHOST, None).await.expect("a proxy");
    if let Some(upstream) = upstream {
        proxy.open(upstream);
    }
    let address = format!("http://127.0.0.1:{}", proxy.port());
    (proxy, address)
}

fn keys() -> Keys {
    Keys { access_key: "ours".to_owned(), secret_key: "secret".to_owned() }
}

fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().expect("a client")
}

#[tokio::test]
async fn a_request_reaches_the_emulator_under_the_host_name_of_the_api() {
    let port = start_emulator().await;
    let (_proxy, address) = start(Some(Upstream::new(port, "abc123", &keys(), None))).await;
    let request = client().put(format!("{address}/files/a%2Fb?limit=1"));
    let request = request.header("x-kept", "kept").header("x-sluice-proxy", "guessed");
    let answer = request.send().await.expect("an answer");
    let headers = answer.headers();
    assert_eq!(headers["described"], "PUT /files/a%2Fb?limit=1");
    assert_eq!(headers["host"], format!("abc123.execute-api.localhost:{port}"));
    assert_eq!(headers["x-kept"], "kept");
    let shown: Vec<_> = headers.get_all("x-sluice-proxy").iter().collect();
    assert_eq!(shown, ["ours"], "the emulator's gate lets it pass");
}

/// The header vouches for whatever is forwarded, and every web page can send requests here.
#[tokio::test]
async fn only_paths_of_the_api_reach_the_emulator() {
    let (_proxy, address) = start(Some(Upstream::new(start_emulator().await, "abc123", &keys(), None))).await;
    for path in ["", "/_ministack/reset", "//_ministack/reset", "/2015-03-31/functions"] {
        let answer = client().post(format!("{address}{path}")).send().await.expect("an answer");
        assert_eq!(answer.status(), 404, "{path}");
    }
}

#[tokio::test]
async fn a_page_whose_own_name_resolves_to_this_machine_is_refused() {
    let (_proxy, address) = start(Some(Upstream::new(start_emulator().await, "abc123", &keys(), None))).await;
    let hosts = [
        ("elsewhere:8787", 421),
        ("127.0.0.1.elsewhere", 421),
        ("localhost.elsewhere", 421),
        ("", 421),
        ("localhost:8787", 200),
        ("api.LOCALHOST", 200),
        ("[::1]:8787", 200),
        ("192.168.1.2:8787", 200),
    ];
    for (host, status) in hosts {
        let request = client().get(format!("{address}/files")).header("host", host);
        assert_eq!(request.send().await.expect("an answer").status(), status, "{host}");
    }
}

#[tokio::test]
async fn headers_of_a_single_connection_are_not_forwarded() {
    let (_proxy, address) = start(Some(Upstream::new(start_emulator().await, "abc123", &keys(), None))).await;
    let request =
        client().get(format!("{address}/files")).header("connection", "keep-alive, X-Sent-To-One-Hop");
    let request =
        request.header("x-sent-to-one-hop", "1").header("keep-alive", "timeout=5").header("te", "trailers");
    let answer = request.header("proxy-authorization", "Basic YTpi").send().await.expect("an answer");
    let headers: &HeaderMap = answer.headers();
    for name in
        ["x-sent-to-one-hop", "keep-alive", "te", "proxy-authorization", "connection", "received-by-one-hop"]
    {
        assert!(!headers.contains_key(name), "{name}: {headers:?}");
    }
    assert!(headers.contains_key("described"));
}

/// Each chunk is sent only after the one before came back.
#[tokio::test]
async fn bodies_are_streamed_both_ways() {
    let (_proxy, address) = start(Some(Upstream::new(start_emulator().await, "abc123", &keys(), None))).await;
    let (mut sender, receiver) = futures::channel::mpsc::channel::<io::Result<String>>(1);
    let body = reqwest::Body::wrap_stream(receiver);
    let answer = client().post(format!("{address}/uploads")).body(body).send().await.expect("an answer");
    let mut echoed = answer.bytes_stream();
    for chunk in ["first", "second", "third"] {
        sender.send(Ok(chunk.to_owned())).await.expect("sent");
        assert_eq!(echoed.next().await.expect("a chunk").expect("bytes"), chunk);
    }
    drop(sender);
    assert!(echoed.next().await.is_none());
}

#[tokio::test]
async fn without_an_emulator_the_answer_says_so() {
    let (_proxy, address) = start(None).await;
    let answer = client().get(format!("{address}/files")).send().await.expect("an answer");
    assert_eq!(answer.status(), 503, "it is not deployed yet");

    let closed = crate::ports::free().expect("a port");
    let (_proxy, address) = start(Some(Upstream::new(closed, "abc123", &keys(), None))).await;
    let answer = client().get(format!("{address}/files")).send().await.expect("an answer");
    assert_eq!(answer.status(), 502);
    assert_eq!(answer.headers()["content-type"], "application/problem+json");
    let problem: serde_json::Value = answer.json().await.expect("JSON");
    assert_eq!((&problem["status"], &problem["code"]), (&502.into(), &"emulator_unreachable".into()));
}

#[tokio::test]
async fn the_page_is_served_beside_the_api_under_its_security_policy() {
    let folder = TempDir::new().expect("a folder");
    fs::write(folder.path().join("index.html"), "<!doctype html>").expect("written");
    let page = page::router(folder.path(), "default-src 'none'").expect("a page");
    let (_proxy, address) =
        start(Some(Upstream::new(start_emulator().await, "abc123", &keys(), Some(page)))).await;
    for (path, status) in [("", 200), ("/missing.js", 404)] {
        let answer = client().get(format!("{address}{path}")).send().await.expect("an answer");
        assert_eq!(answer.status(), status, "{path}");
        assert_eq!(answer.headers()["content-security-policy"], "default-src 'none'");
        assert_eq!(answer.headers()["cache-control"], "no-cache");
    }
    let forwarded = client().get(format!("{address}/files")).send().await.expect("an answer");
    assert!(!forwarded.headers().contains_key("content-security-policy"));
}
