//! A plain client of the API, which hides nothing from the stories.

use reqwest::Method;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use serde::Serialize;
use serde_json::{Value, json};
use sluice_contracts::accounts::{AccountView, Credentials, SessionCreated};
use sluice_contracts::files::{FileList, VersionList, VersionView};
use sluice_contracts::packs::{Plan, PlanTerm};
use sluice_contracts::uploads::{CompletedPart, Completion, PartUrl, UploadPlan, UploadView};
use sluice_domain::blob::Encoding;
use sluice_domain::frames::decompress;
use sluice_domain::hash::{ChunkId, Sha256};
use sluice_domain::id::{FileId, UploadId};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use crate::reply::{Reply, available};
use crate::stack::{Deployed, notifies};
use crate::wait::{DEADLINE, wait_for};

/// How often a request to a bucket is sent at most, and the pause before the next time.
const ATTEMPTS: u32 = 5;
const PAUSE: Duration = Duration::from_millis(200);

/// A user of the API, usually a registered one.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    api: String,
    token: String,
    /// The name that the user was registered with.
    pub username: String,
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
            .timeout(DEADLINE)
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
    pub fn credentials(&self) -> Credentials {
        let password = format!("the password of {}", self.username);
        Credentials { username: self.username.clone(), password, invitation: None }
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
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &impl Serialize,
    ) -> Reply {
        let body = serde_json::to_value(body).expect("serializable");
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
        Reply::read(request.send().await.expect("an answer")).await
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.send(Method::GET, path, &[], &Value::Null).await
    }

    /// Sends a GET with these query parameters.
    pub async fn query(&self, path: &str, parameters: &[(&str, &str)]) -> Reply {
        let url = reqwest::Url::parse_with_params("http://x", parameters).expect("a URL");
        self.get(&format!("{path}?{}", url.query().unwrap_or_default())).await
    }

    pub async fn post(&self, path: &str, body: &impl Serialize) -> Reply {
        self.send(Method::POST, path, &[], body).await
    }

    pub async fn patch(&self, path: &str, body: &impl Serialize) -> Reply {
        self.send(Method::PATCH, path, &[], body).await
    }

    pub async fn delete(&self, path: &str) -> Reply {
        self.send(Method::DELETE, path, &[], &Value::Null).await
    }

    /// PUTs bytes to a presigned part with exactly the headers of the API's answer.
    pub async fn put_part(&self, part: &PartUrl, bytes: Vec<u8>) -> Reply {
        let headers: Vec<_> = part.headers.iter().map(|(name, value)| (&**name, &**value)).collect();
        self.put_to(&part.url, &headers, bytes).await
    }

    /// PUTs bytes to the bucket with any headers.
    pub async fn put_to(&self, url: &str, headers: &[(&str, &str)], bytes: Vec<u8>) -> Reply {
        let mut request = self.http.put(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Reply::read(patiently(request.body(bytes)).await).await
    }

    /// Sends a GET to the bucket, without the token.
    pub async fn fetch(&self, url: &str, headers: &[(&str, &str)]) -> reqwest::Response {
        let mut request = self.http.get(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        patiently(request).await
    }

    /// Sends a HEAD to the bucket, without the token.
    pub async fn fetch_head(&self, url: &str) -> reqwest::Response {
        patiently(self.http.head(url)).await
    }

    /// Begins an upload of `bytes`, which the account must not have.
    pub async fn begin(&self, path: &str, bytes: &[u8]) -> UploadPlan {
        self.post("/uploads", &declaration(path, bytes)).await.plan()
    }

    /// Sends the parts of an upload that the plan has URLs for, and returns the body of its completion.
    pub async fn send_parts(&self, plan: &UploadPlan, bytes: &[u8]) -> Completion {
        let part_size = plan.part_size as usize;
        let mut parts = Vec::new();
        for part in &plan.parts {
            let start = part.number.index() * part_size;
            let end = bytes.len().min(start + part_size);
            let reply = self.put_part(part, bytes[start..end].to_vec()).await;
            assert_eq!(reply.status, 200, "{}", reply.body);
            let etag = reply.header("etag").expect("an ETag").to_owned();
            parts.push(CompletedPart { number: part.number, etag });
        }
        Completion { parts, sha256: None, manifest: None }
    }

    /// Says that all bytes have arrived.
    pub async fn complete(&self, upload_id: UploadId, completion: &impl Serialize) -> Reply {
        self.post(&format!("/uploads/{upload_id}/complete"), completion).await
    }

    /// Waits until a single PUT is finished, after its bytes were sent. Completes it if the store sends no
    /// notifications.
    pub async fn wait_for_single_put(&self, plan: &UploadPlan) -> UploadView {
        if !notifies() {
            self.complete(plan.upload_id, &json!({ "parts": [] })).await.expect(202);
        }
        self.wait_until_finished(plan.upload_id).await
    }

    /// Uploads `bytes`, waits until they are verified, and returns the version.
    pub async fn upload(&self, path: &str, bytes: &[u8]) -> VersionView {
        let reply = self.post("/uploads", &declaration(path, bytes)).await;
        if reply.status == 200 {
            return reply.instant();
        }
        let plan = reply.plan();
        let completion = self.send_parts(&plan, bytes).await;
        self.complete(plan.upload_id, &completion).await.expect(202);
        available(self.wait_until_finished(plan.upload_id).await)
    }

    /// Returns an upload as the API shows it.
    pub async fn show_upload(&self, upload_id: UploadId) -> UploadView {
        self.get(&format!("/uploads/{upload_id}")).await.parse(200)
    }

    /// Waits until an upload is neither open nor pending, and returns it.
    pub async fn wait_until_finished(&self, upload_id: UploadId) -> UploadView {
        wait_for(&format!("the end of upload {upload_id}"), async || {
            let upload = self.show_upload(upload_id).await;
            if upload.state.is_final() { Ok(upload) } else { Err(upload.state) }
        })
        .await
    }

    /// Returns the file at a path, if there is one.
    pub async fn stat(&self, path: &str) -> Option<VersionView> {
        let mut list: FileList = self.query("/files", &[("path", path)]).await.parse(200);
        list.files.pop()
    }

    /// Returns the file at a path, which must be there.
    pub async fn file(&self, path: &str) -> VersionView {
        self.stat(path).await.unwrap_or_else(|| panic!("no file {path}"))
    }

    /// Returns the first page of all files.
    pub async fn files(&self) -> Vec<VersionView> {
        self.get("/files").await.parse::<FileList>(200).files
    }

    /// Returns a file's versions, the latest first.
    pub async fn versions(&self, file_id: FileId) -> Vec<VersionView> {
        self.get(&format!("/files/{file_id}/versions")).await.parse::<VersionList>(200).versions
    }

    /// Returns the first page of a file's plan; `query` is empty or begins with `?`.
    pub async fn plan(&self, file_id: FileId, query: &str) -> Plan {
        self.get(&format!("/files/{file_id}/plan{query}")).await.parse(200)
    }

    /// Downloads a file by its redirect, once the bytes are materialized.
    pub async fn read(&self, file_id: FileId) -> Vec<u8> {
        let redirect = wait_for("the whole object", async || {
            let reply = self.get(&format!("/files/{file_id}/content")).await;
            if reply.status == 202 { Err(reply.body) } else { Ok(reply) }
        })
        .await;
        assert_eq!(redirect.status, 302, "{}", redirect.body);
        let answer = self.fetch(redirect.header("location").expect("a location"), &[]).await;
        assert_eq!(answer.status().as_u16(), 200);
        answer.bytes().await.expect("a body").to_vec()
    }

    /// Downloads a file by its plan, and checks every chunk.
    pub async fn read_by_plan(&self, file_id: FileId) -> Vec<u8> {
        let mut content = Vec::new();
        let mut query = String::new();
        loop {
            let plan = self.plan(file_id, &query).await;
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
            query = format!("?cursor={cursor}");
        }
        content
    }

    pub async fn account(&self) -> AccountView {
        self.get("/accounts/me").await.parse(200)
    }

    /// Returns the account's used and reserved bytes.
    pub async fn usage(&self) -> (u64, u64) {
        let account = self.account().await;
        (account.used_bytes, account.reserved_bytes)
    }
}

/// Sends a request to a bucket, again while S3 asks for it: 503 `SlowDown`, 409 `ConditionalRequestConflict`.
async fn patiently(request: reqwest::RequestBuilder) -> reqwest::Response {
    for _ in 1..ATTEMPTS {
        let attempt = request.try_clone().expect("bodies are bytes");
        let answer = attempt.send().await.expect("an answer");
        if !matches!(answer.status().as_u16(), 409 | 503) {
            return answer;
        }
        tokio::time::sleep(PAUSE).await;
    }
    request.send().await.expect("an answer")
}

/// A request that declares the bytes of an upload.
fn declaration(path: &str, bytes: &[u8]) -> Value {
    json!({ "path": path, "size": bytes.len(), "sha256": Sha256::of(bytes) })
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
