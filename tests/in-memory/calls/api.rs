//! An account and the functions that change its files.

use http::{HeaderMap, Method, StatusCode};
use serde_json::Value;
use sluice_deployment::{Deployment, clock};
use sluice_domain::account::Account;
use sluice_domain::blob::{Attachment, Blob};
use sluice_domain::content_pass::ContentDigest;
use sluice_domain::hash::{Sha1, Sha256};
use sluice_domain::publication::{Outcome, StoredBlob};
use sluice_domain::upload::Upload;
use sluice_in_memory::{Services, sample};
use sluice_lambda::{Call, Reply};
use sluice_storage::Tables;
use sluice_storage::tables::{Begun, Published, Registered};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

pub struct Api {
    pub services: Services,
    pub tables: Tables,
    pub account: Account,
    token: String,
    files: Arc<query_files::App>,
    uploads: Arc<init_upload::App>,
    lookups: Arc<lookup_hash::App>,
    ids: AtomicU8,
}

/// A request of the account's user.
#[derive(Debug, Clone)]
pub struct Request {
    method: Method,
    path: String,
    headers: HeaderMap,
    body: Value,
}

/// What a client can see of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub etag: Option<String>,
    pub body: Value,
}

impl Request {
    pub fn new(method: Method, path: impl Into<String>, body: Value) -> Self {
        Self { method, path: path.into(), headers: HeaderMap::new(), body }
    }

    #[must_use]
    pub fn key(self, key: &str) -> Self {
        self.header("idempotency-key", key)
    }

    /// The request under the condition that the version in an answer is current.
    #[must_use]
    pub fn if_match(self, answer: &Answer) -> Self {
        self.header("if-match", &format!("\"{}\"", answer.version_id()))
    }

    fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.insert(name, value.parse().expect("a header"));
        self
    }
}

impl Answer {
    fn of(reply: Reply) -> Self {
        let response = reply.into_response().expect("a response");
        let etag = response.headers().get("etag").map(|etag| etag.to_str().expect("text").to_owned());
        let body = serde_json::from_slice(response.body()).unwrap_or_default();
        Self { status: response.status().as_u16(), etag, body }
    }

    /// The version, whether it is the whole body or an outcome.
    pub fn version(&self) -> &Value {
        self.body.get("version").unwrap_or(&self.body)
    }

    pub fn version_id(&self) -> &str {
        self.version()["version_id"].as_str().unwrap_or_else(|| panic!("a version: {self:?}"))
    }

    pub fn file_id(&self) -> &str {
        self.version()["file_id"].as_str().unwrap_or_else(|| panic!("a version: {self:?}"))
    }

    pub fn file(&self) -> String {
        format!("/files/{}", self.file_id())
    }

    /// The code of a problem.
    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }
}

impl Api {
    pub async fn new() -> Arc<Self> {
        let services = Services::default();
        let deployment: Deployment = services.deployment();
        let tables = deployment.tables().expect("tables");
        let account = sample::account("ada", [0; 10], clock::now());
        assert_eq!(tables.create_account(&account).await.expect("an account"), Registered::Done);
        let token = sample::log_in(&tables, &account).await;
        Arc::new(Self {
            files: Arc::new(query_files::App::new(&deployment).expect("an app")),
            uploads: Arc::new(init_upload::App::new(&deployment).expect("an app")),
            lookups: Arc::new(lookup_hash::App::new(&deployment).expect("an app")),
            services,
            tables,
            account,
            token,
            ids: AtomicU8::new(1),
        })
    }

    /// Answers a request as the function does that its path belongs to.
    pub async fn send(&self, request: &Request) -> Answer {
        let mut headers = request.headers.clone();
        headers.insert("authorization", format!("Bearer {}", self.token).parse().expect("a header"));
        let body = if request.body.is_null() { Vec::new() } else { request.body.to_string().into_bytes() };
        let call = Call {
            method: request.method.clone(),
            path: request.path.clone(),
            query: Vec::new(),
            headers,
            body,
            request_id: "a request".to_owned(),
            now: clock::now(),
        };
        let answer = match &*request.path {
            "/uploads" => init_upload::handle(self.uploads.clone(), call).await,
            "/lookups" => lookup_hash::handle(self.lookups.clone(), call).await,
            _ => query_files::handle(self.files.clone(), call).await,
        };
        Answer::of(answer.unwrap_or_else(|failure| Reply::problem(&failure, "a request")))
    }

    /// An open upload, as init-upload would begin it.
    pub async fn begin(&self, path: &str, size: u64) -> Upload {
        self.open(self.upload(path, size)).await
    }

    /// An open upload of which no row is charged.
    pub async fn begin_uncharged(&self, path: &str, size: u64) -> Upload {
        self.open(Upload { row_bytes: 0, ..self.upload(path, size) }).await
    }

    fn upload(&self, path: &str, size: u64) -> Upload {
        let random = [self.ids.fetch_add(1, Ordering::Relaxed); 10];
        sample::upload(&self.account, path, size, random, clock::now())
    }

    async fn open(&self, upload: Upload) -> Upload {
        assert_eq!(self.tables.begin_upload(&upload, None).await.expect("an upload"), Begun::Done);
        upload
    }

    /// Publishes a file with new bytes, as a worker would, and returns its version.
    pub async fn publish(&self, path: &str, content: &[u8]) -> Answer {
        let size_bytes = content.len() as u64;
        let upload = self.begin(path, size_bytes).await;
        let digest = ContentDigest { size_bytes, sha1: Sha1::of(content), sha256: Sha256::of(content) };
        let manifest = Attachment::Inline(Vec::new());
        let stored = StoredBlob {
            blob: Blob::new(upload.account_id, &digest, manifest, clock::now()),
            packs: Vec::new(),
            new_bytes: size_bytes,
            stored_bytes: size_bytes,
        };
        let outcome = Outcome::Stored(Box::new(stored));
        let published = self.tables.publish(&upload, &outcome, clock::now()).await.expect("an answer");
        assert_eq!(published, Published::Available);
        let file = self.tables.file_at(upload.account_id, &upload.path).await.expect("a read");
        let answer = self.get(&format!("/files/{}", file.expect("a file").file_id)).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        answer
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(&Request::new(Method::GET, path, Value::Null)).await
    }

    pub async fn version_count(&self, of: &Answer) -> usize {
        let versions = self.get(&format!("{}/versions", of.file())).await;
        versions.body["versions"].as_array().expect("versions").len()
    }
}
