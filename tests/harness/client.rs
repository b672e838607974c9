//! A plain client of the API, which hides nothing from the stories.

use reqwest::Method;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use sluice_contracts::accounts::{AccountView, SessionCreated};
use sluice_contracts::packs::{Plan, PlanTerm};
use sluice_domain::blob::Encoding;
use sluice_domain::frames::decompress;
use sluice_domain::hash::{ChunkId, Sha256};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use crate::stack::{Deployed, notifies};

/// How long an upload may take to finish before a story fails.
const FINISH_TIMEOUT: Duration = Duration::from_mins(2);

/// A user of the API, usually a registered one.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    api: String,
    token: String,
    /// The name that the user was registered with.
    pub username: String,
}

/// The API's answer to a request.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    /// The JSON body; null if there is none, a string if it is not JSON.
    pub body: Value,
}

impl Reply {
    /// Checks the status and returns the body.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        self.body
    }

    /// Checks the status and parses the body.
    #[track_caller]
    pub fn parse<T: DeserializeOwned>(self, status: u16) -> T {
        let body = self.expect(status);
        serde_json::from_value(body).unwrap_or_else(|error| panic!("an unexpected answer: {error}"))
    }

    /// Checks that the answer is a problem with this status and code, and returns it.
    #[track_caller]
    pub fn expect_problem(self, status: u16, code: &str) -> Value {
        assert_eq!((self.status, self.body["code"].as_str()), (status, Some(code)), "{}", self.body);
        assert_eq!(self.headers["content-type"], "application/problem+json");
        assert!(self.body["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{}", self.body);
        self.body
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// Resolves every name to this machine. Stories only use names under `localhost`, which RFC 6761 reserves for
/// it.
struct Loopback;

impl Resolve for Loopback {
    fn resolve(&self, _: Name) -> Resolving {
        let addresses: Addrs = Box::new([SocketAddr::from(([127, 0, 0, 1], 0))].into_iter());
        Box::pin(std::future::ready(Ok(addresses)))
    }
}

impl Client {
    /// A client without an account.
    pub fn stranger(stack: &Deployed) -> Self {
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .dns_resolver(Arc::new(Loopback))
            .timeout(FINISH_TIMEOUT)
            .build()
            .expect("a client");
        Self { http, api: stack.api.clone(), token: String::new(), username: String::new() }
    }

    /// Registers a new user and logs in.
    pub async fn register(stack: &Deployed) -> Self {
        static USERS: AtomicU32 = AtomicU32::new(0);
        let username = format!("user{}", USERS.fetch_add(1, Ordering::Relaxed));
        let client = Self { username, ..Self::stranger(stack) };
        let credentials = client.credentials();
        client.post("/accounts", &credentials).await.expect(201);
        let session: SessionCreated = client.post("/sessions", &credentials).await.parse(201);
        client.with_token(&session.token.expect("a token"))
    }

    /// The user name and password in the form of a login.
    pub fn credentials(&self) -> Value {
        json!({ "username": self.username, "password": format!("the password of {}", self.username) })
    }

    /// The same user with another token.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: token.to_owned(), ..self.clone() }
    }

    /// The same user on another stack with the same tables.
    #[must_use]
    pub fn at(&self, stack: &Deployed) -> Self {
        Self { api: stack.api.clone(), ..self.clone() }
    }

    /// The session token; empty without a session.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Sends a request with headers and, unless it is null, a JSON body.
    pub async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)], body: &Value) -> Reply {
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        self.send_raw(method, path, headers, body).await
    }

    /// Sends a request with any bytes as its body.
    pub async fn send_raw(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Reply {
        let mut request = self.http.request(method, format!("{}{path}", self.api));
        if !self.token.is_empty() {
            request = request.bearer_auth(&self.token);
        }
        if !body.is_empty() {
            request = request.header("content-type", "application/json").body(body);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        read(request.send().await.expect("an answer")).await
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.send(Method::GET, path, &[], &Value::Null).await
    }

    /// Sends a GET with these query parameters.
    pub async fn query(&self, path: &str, parameters: &[(&str, &str)]) -> Reply {
        let url = reqwest::Url::parse_with_params("http://x", parameters).expect("a URL");
        self.get(&format!("{path}?{}", url.query().unwrap_or_default())).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Reply {
        self.send(Method::POST, path, &[], body).await
    }

    pub async fn patch(&self, path: &str, body: &Value) -> Reply {
        self.send(Method::PATCH, path, &[], body).await
    }

    pub async fn delete(&self, path: &str) -> Reply {
        self.send(Method::DELETE, path, &[], &Value::Null).await
    }

    /// PUTs bytes to a presigned part with exactly the headers of the API's answer.
    pub async fn put_part(&self, part: &Value, bytes: Vec<u8>) -> Reply {
        let headers = part["headers"].as_object().expect("headers");
        let headers: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), text(value))).collect();
        self.put_to(text(&part["url"]), &headers, bytes).await
    }

    /// PUTs bytes to the bucket with any headers.
    pub async fn put_to(&self, url: &str, headers: &[(&str, &str)], bytes: Vec<u8>) -> Reply {
        let mut request = self.http.put(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        read(request.body(bytes).send().await.expect("an answer")).await
    }

    /// Sends a GET to the bucket, without the token.
    pub async fn fetch(&self, url: &str, headers: &[(&str, &str)]) -> reqwest::Response {
        let mut request = self.http.get(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send().await.expect("an answer")
    }

    /// Sends a HEAD to the bucket, without the token.
    pub async fn fetch_head(&self, url: &str) -> reqwest::Response {
        self.http.head(url).send().await.expect("an answer")
    }

    /// Begins an upload of `bytes` and returns the answer.
    pub async fn begin(&self, path: &str, bytes: &[u8]) -> Value {
        let sha256 = Sha256::of(bytes).to_string();
        let reply =
            self.post("/uploads", &json!({ "path": path, "size": bytes.len(), "sha256": sha256 })).await;
        assert!(matches!(reply.status, 200 | 201), "{}", reply.body);
        reply.body
    }

    /// Sends all parts of an upload and returns the body of its completion.
    pub async fn send_parts(&self, upload: &Value, bytes: &[u8]) -> Value {
        let part_size = upload["part_size"].as_u64().expect("a part size") as usize;
        let mut sent = Vec::new();
        for part in upload["parts"].as_array().expect("parts") {
            let number = part["number"].as_u64().expect("a number") as usize;
            let start = (number - 1) * part_size;
            let end = bytes.len().min(start + part_size);
            let reply = self.put_part(part, bytes[start..end].to_vec()).await;
            assert_eq!(reply.status, 200, "{}", reply.body);
            sent.push(json!({ "number": number, "etag": reply.header("etag").expect("an ETag") }));
        }
        json!({ "parts": sent })
    }

    /// Waits until a single PUT is finished, after its bytes were sent. Completes it if the store sends no
    /// notifications.
    pub async fn wait_for_single_put(&self, plan: &Value) -> Value {
        let id = text(&plan["upload_id"]);
        if !notifies() {
            let complete = format!("/uploads/{id}/complete");
            self.post(&complete, &json!({ "parts": [] })).await.expect(202);
        }
        self.wait_until_finished(id).await
    }

    /// Uploads `bytes`, waits until the upload is finished, and returns it.
    pub async fn upload(&self, path: &str, bytes: &[u8]) -> Value {
        let upload = self.begin(path, bytes).await;
        if upload["outcome"] == "instant" {
            return upload;
        }
        let sent = self.send_parts(&upload, bytes).await;
        let id = upload["upload_id"].as_str().expect("an id").to_owned();
        self.post(&format!("/uploads/{id}/complete"), &sent).await.expect(202);
        self.wait_until_finished(&id).await
    }

    /// Waits until an upload is neither open nor pending, and returns it.
    pub async fn wait_until_finished(&self, upload_id: &str) -> Value {
        let polls = FINISH_TIMEOUT.as_millis() / 100;
        for _ in 0..polls {
            let upload = self.get(&format!("/uploads/{upload_id}")).await.expect(200);
            if !matches!(upload["state"].as_str(), Some("open" | "pending")) {
                return upload;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("the upload {upload_id} did not finish in {FINISH_TIMEOUT:?}");
    }

    /// Returns the file at a path, or null.
    pub async fn stat(&self, path: &str) -> Value {
        let files = self.query("/files", &[("path", path)]).await.expect(200);
        files["files"][0].clone()
    }

    /// Returns a file's versions, the latest first.
    pub async fn versions(&self, file_id: &str) -> Vec<Value> {
        let list = self.get(&format!("/files/{file_id}/versions")).await.expect(200);
        list["versions"].as_array().expect("versions").clone()
    }

    /// Downloads a file by its redirect.
    pub async fn read(&self, file_id: &str) -> Vec<u8> {
        let redirect = self.get(&format!("/files/{file_id}/content")).await;
        assert_eq!(redirect.status, 302, "{}", redirect.body);
        let answer = self.fetch(redirect.header("location").expect("a location"), &[]).await;
        assert_eq!(answer.status().as_u16(), 200);
        answer.bytes().await.expect("a body").to_vec()
    }

    /// Downloads a file by its plan, and checks every chunk.
    pub async fn read_by_plan(&self, file_id: &str) -> Vec<u8> {
        let mut content = Vec::new();
        let mut path = format!("/files/{file_id}/plan");
        loop {
            let plan: Plan = self.get(&path).await.parse(200);
            for term in &plan.terms {
                assert_eq!(term.offset, content.len() as u64, "{term:?}");
                let range = term.range.as_deref().expect("a range");
                let url = term.url.as_deref().expect("a URL");
                let answer = self.fetch(url, &[("range", range)]).await;
                assert_eq!(answer.status().as_u16(), 206, "{range}");
                let run = decode(term, &answer.bytes().await.expect("a body"));
                let mut run = &run[..];
                for chunk in &term.chunks {
                    let (bytes, rest) = run.split_at(chunk.length as usize);
                    assert_eq!(chunk.id, ChunkId::of(bytes));
                    content.extend_from_slice(bytes);
                    run = rest;
                }
                assert!(run.is_empty(), "the range is longer than its chunks");
            }
            let Some(cursor) = plan.next_cursor else { break };
            path = format!("/files/{file_id}/plan?cursor={cursor}");
        }
        content
    }

    /// Returns the account's used and reserved bytes.
    pub async fn usage(&self) -> (u64, u64) {
        let account: AccountView = self.get("/accounts/me").await.parse(200);
        (account.used_bytes, account.reserved_bytes)
    }
}

/// Decodes a term of a plan from the bytes of its range.
fn decode(term: &PlanTerm, stored: &[u8]) -> Vec<u8> {
    if term.encoding == Encoding::Raw {
        return stored.to_vec();
    }
    let mut rest = stored;
    let mut raw = Vec::new();
    for frame in &term.frames {
        let (bytes, after) = rest.split_at(frame.stored_length as usize);
        raw.extend(decompress(bytes, frame.length).expect("a frame"));
        rest = after;
    }
    let start = term.skip as usize;
    raw[start..start + term.length as usize].to_vec()
}

/// The text of a JSON value, which must be a string.
#[track_caller]
pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

async fn read(answer: reqwest::Response) -> Reply {
    let status = answer.status().as_u16();
    let headers = answer.headers().clone();
    let text = answer.text().await.unwrap_or_default();
    let body = serde_json::from_str(&text)
        .unwrap_or_else(|_| if text.is_empty() { Value::Null } else { json!(text) });
    Reply { status, headers, body }
}
