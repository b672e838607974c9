//! Runs workers in the story's own process, on a stack with paused workers.

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_s3::types::Object;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use dedup_upload::{App, process};
use serde::Serialize;
use serde_json::{Value, json};
use sluice_contracts::files::VersionView;
use sluice_contracts::uploads::{Completed, Completion, UploadView};
use sluice_deployment::{Deployment, clock};
use sluice_domain::blob::Life;
use sluice_domain::hash::Sha256;
use sluice_domain::id::{AccountId, PackId};
use sluice_domain::key::LandingKey;
use sluice_domain::part_plan::UploadMethod;
use sluice_domain::upload::UploadState;
use sluice_lambda::Call;
use sluice_lambda::batch::{Message, OutOfTime, Redelivered};
use sluice_storage::presign::Credentials;
use sluice_storage::{Clients, Tables};
use sluice_tests::{Client, Deployed, Reply, wait_for};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// dedup-upload of a stack, run by hand.
pub struct Worker {
    pub stack: &'static Deployed,
    pub app: Arc<App>,
    s3: aws_sdk_s3::Client,
}

/// A worker that never runs out of time.
pub fn unhurried() -> OutOfTime {
    Arc::new(|| false)
}

/// A worker that runs out of time at its `checks`-th check.
pub fn hurried(checks: usize) -> OutOfTime {
    let seen = AtomicUsize::new(0);
    Arc::new(move || seen.fetch_add(1, Ordering::Relaxed) >= checks)
}

/// A message with this body that is received for the `receive_count`-th time. It has the same id each time.
pub fn message(body: impl Into<String>, receive_count: u32) -> Message {
    let body = body.into();
    Message {
        id: Sha256::of(body.as_bytes()).to_string(),
        body,
        receive_count,
        receipt_handle: "not a receipt".to_owned(),
    }
}

/// The event that a store sends for a new object.
pub fn created(key: &LandingKey) -> String {
    let object = json!({ "key": key.to_string() });
    let record =
        json!({ "eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": { "object": object } });
    json!({ "Records": [record] }).to_string()
}

/// A call as a function sees it.
pub fn call(user: &Client, method: http::Method, path: &str, body: &impl Serialize) -> Call {
    let mut headers = http::HeaderMap::new();
    let token = format!("Bearer {}", user.token()).parse().expect("a header");
    headers.insert(http::header::AUTHORIZATION, token);
    Call {
        method,
        path: path.to_owned(),
        query: Vec::new(),
        headers,
        body: serde_json::to_vec(body).expect("serializable"),
        request_id: "story".to_owned(),
        now: clock::now(),
    }
}

/// An HTTP client that lets a story watch or answer requests to AWS.
struct Watched<F>(SharedHttpConnector, Arc<F>);

impl<F> fmt::Debug for Watched<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Watched").field(&self.0).finish_non_exhaustive()
    }
}

impl<F> HttpConnector for Watched<F>
where
    F: Fn(&SharedHttpConnector, HttpRequest) -> HttpConnectorFuture + Send + Sync,
{
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        (self.1)(&self.0, request)
    }
}

/// The stack's deployment with `watch` between it and AWS. It gets each request and the connector that would
/// send it.
pub fn watched<F>(stack: &Deployed, watch: F) -> Deployment
where
    F: Fn(&SharedHttpConnector, HttpRequest) -> HttpConnectorFuture + Send + Sync + 'static,
{
    let inner = aws_smithy_http_client::Builder::new().build_http();
    let watch = Arc::new(watch);
    let http = http_client_fn(move |settings, parts| {
        SharedHttpConnector::new(Watched(inner.http_connector(settings, parts), watch.clone()))
    });
    let sdk = stack.sdk.to_builder().http_client(http).build();
    Deployment::new(Clients::new(&sdk), Credentials::of(&sdk), stack.settings.clone())
}

impl Worker {
    pub fn new(stack: &'static Deployed) -> Self {
        let app = App::new(&stack.deployment_of("dedup-upload")).expect("an app");
        Self::with(stack, app)
    }

    pub fn with(stack: &'static Deployed, app: App) -> Self {
        Self { stack, app: Arc::new(app), s3: stack.objects() }
    }
    pub async fn receive(&self, body: &str, receive_count: u32, out_of_time: OutOfTime) -> Redelivered {
        process(self.app.clone(), vec![message(body, receive_count)], out_of_time).await
    }

    /// The keys of a bucket that contain this account's id.
    pub async fn keys(&self, bucket_setting: &str, account: AccountId) -> Vec<String> {
        let bucket = self.stack.setting(bucket_setting);
        let listed = self.s3.list_objects_v2().bucket(bucket).send().await.expect("a list");
        let keys = listed.contents().iter().filter_map(Object::key).map(str::to_owned);
        keys.filter(|key| key.contains(&account.to_string())).collect()
    }

    /// The tables as the functions use them.
    pub fn tables(&self) -> Tables {
        self.stack.deployment().tables().expect("table names")
    }

    /// Changes the life of a pack, as a collector would.
    pub async fn set_life(&self, pack: PackId, life: Life) {
        let life = match life {
            Life::Live => "live",
            Life::Condemned => "condemned",
        };
        let request = aws_sdk_dynamodb::Client::new(&self.stack.sdk)
            .update_item()
            .table_name(self.stack.table_names().packs)
            .key("pack_id", AttributeValue::S(pack.to_string()))
            .update_expression("SET life = :life")
            .expression_attribute_values(":life", AttributeValue::S(life.to_owned()));
        request.send().await.expect("an update");
    }

    /// Overwrites an object of the vault, to damage it.
    pub async fn overwrite_in_vault(&self, key: &str, bytes: Vec<u8>) {
        let bucket = self.stack.setting("SLUICE_VAULT_BUCKET");
        self.s3.put_object().bucket(bucket).key(key).body(bytes.into()).send().await.expect("a PUT");
    }

    /// Deletes an object of the vault, as if it were lost.
    pub async fn delete_from_vault(&self, key: &str) {
        let bucket = self.stack.setting("SLUICE_VAULT_BUCKET");
        self.s3.delete_object().bucket(bucket).key(key).send().await.expect("a DELETE");
    }

    /// Puts an object into the landing bucket, as a client with a presigned URL does.
    pub async fn put_in_landing(&self, key: &str, bytes: Vec<u8>) {
        let bucket = self.stack.setting("SLUICE_LANDING_BUCKET");
        self.s3.put_object().bucket(bucket).key(key).body(bytes.into()).send().await.expect("a PUT");
    }

    pub async fn landing_keys(&self, account: AccountId) -> Vec<String> {
        self.keys("SLUICE_LANDING_BUCKET", account).await
    }

    pub async fn vault_keys(&self, account: AccountId) -> Vec<String> {
        self.keys("SLUICE_VAULT_BUCKET", account).await
    }
}

/// Repeats a call for as long as the store may be busy with another call's merge, or other calls change the
/// same rows.
pub async fn patiently(call: impl AsyncFn() -> Reply) -> Reply {
    wait_for("an answer other than that there is too much to do", async || {
        let answer = call().await;
        if matches!(answer.status, 429 | 503) { Err(answer.body) } else { Ok(answer) }
    })
    .await
}

/// An upload with all bytes in the landing bucket, and its user.
pub struct Landed {
    pub user: Client,
    pub account_id: AccountId,
    pub key: LandingKey,
    pub completion: Completion,
    pub content: Vec<u8>,
}

impl Landed {
    /// Registers a user and sends an upload. Its parts, if any, are merged.
    pub async fn new(stack: &'static Deployed, content: Vec<u8>) -> Self {
        let user = Client::register(stack).await;
        Self::of(user, "file", content, &Value::Null).await
    }

    /// Sends another upload, with further fields in its request.
    pub async fn of(user: Client, path: &str, content: Vec<u8>, more: &Value) -> Self {
        let mut request = json!({ "path": path, "size": content.len() });
        for (name, value) in more.as_object().into_iter().flatten() {
            request[name] = value.clone();
        }
        let plan = user.post("/uploads", &request).await.plan();
        let completion = user.send_parts(&plan, &content).await;
        if plan.method == UploadMethod::Multipart {
            user.complete(plan.upload_id, &completion).await.parse::<Completed>(202);
        }
        let account_id = user.account().await.account_id;
        let key = LandingKey { account_id, upload_id: plan.upload_id };
        Self { user, account_id, key, completion, content }
    }

    /// The upload as the API returns it.
    pub async fn upload(&self) -> UploadView {
        self.user.show_upload(self.key.upload_id).await
    }

    /// The version, once all bytes have arrived.
    pub async fn version(&self) -> VersionView {
        self.upload().await.version.expect("a version")
    }

    /// Checks that there is one available version, and that nothing else is left.
    pub async fn check_available(&self, worker: &Worker, case: &str) {
        let upload = self.upload().await;
        assert_eq!(upload.state, UploadState::Available, "{case}: {upload:?}");
        let version = upload.version.expect("a version");
        assert_eq!(version.sha256, Some(Sha256::of(&self.content)), "{case}");
        let content = self.user.read_by_plan(version.file_id).await;
        assert!(content == self.content, "{case}: other bytes came back");
        let versions = self.user.versions(version.file_id).await;
        assert_eq!(versions.len(), 1, "{case}: {versions:?}");
        assert_eq!(self.user.usage().await, (self.content.len() as u64, 0), "{case}");
        assert_eq!(worker.landing_keys(self.account_id).await, Vec::<String>::new(), "{case}");
    }
}
