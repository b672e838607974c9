//! A user whose uploads are verified only when the story runs the worker.

use reqwest::Method;
use serde_json::{Value, json};
use sluice_domain::id::AccountId;
use sluice_domain::key::LandingKey;
use sluice_tests::{Client, Reply, paused, text};

use crate::support::{Worker, created, unhurried};

/// A user, and the worker of its stack.
pub struct Writer {
    pub user: Client,
    pub worker: Worker,
    pub account_id: AccountId,
}

impl Writer {
    pub async fn new() -> Self {
        let worker = Worker::new(paused());
        let user = Client::register(worker.stack).await;
        let account = user.get("/accounts/me").await.expect(200);
        let account_id = text(&account["account_id"]).parse().expect("an id");
        Self { user, worker, account_id }
    }

    /// Sends a request under the condition that `version` is current.
    pub async fn send_if(&self, version: &Value, method: Method, path: &str, body: &Value) -> Reply {
        let etag = format!("\"{}\"", text(&version["version_id"]));
        self.user.send(method, path, &[("if-match", &etag)], body).await
    }

    pub async fn begin(&self, path: &str, content: &[u8]) -> Value {
        let request = json!({ "path": path, "size": content.len() });
        self.user.post("/uploads", &request).await.expect(201)
    }

    /// Begins an upload under the condition that `version` is current.
    pub async fn begin_if(&self, version: &Value, path: &str, content: &[u8]) -> Value {
        let request = json!({ "path": path, "size": content.len() });
        self.send_if(version, Method::POST, "/uploads", &request).await.expect(201)
    }

    /// Sends the bytes and completes the upload. Its version is then pending.
    pub async fn complete(&self, plan: &Value, content: &[u8]) -> Value {
        let sent = self.user.send_parts(plan, content).await;
        let path = format!("/uploads/{}/complete", text(&plan["upload_id"]));
        self.user.post(&path, &sent).await.expect(202)["version"].clone()
    }

    /// Runs the worker and returns the upload.
    pub async fn verify(&self, plan: &Value) -> Value {
        let upload_id = text(&plan["upload_id"]);
        let key = LandingKey { account_id: self.account_id, upload_id: upload_id.parse().expect("an id") };
        let failed = self.worker.receive(&created(&key), 1, unhurried()).await;
        assert!(failed.is_empty(), "the worker failed");
        self.user.get(&format!("/uploads/{upload_id}")).await.expect(200)
    }

    /// Uploads and verifies a file, and returns its version.
    pub async fn put(&self, path: &str, content: &[u8]) -> Value {
        let plan = self.begin(path, content).await;
        self.user.send_parts(&plan, content).await;
        let upload = self.verify(&plan).await;
        assert_eq!(upload["state"], "available", "{upload}");
        upload["version"].clone()
    }

    /// The ids of a file's versions, the latest first.
    pub async fn version_ids(&self, file_id: &Value) -> Vec<String> {
        let versions = self.user.versions(text(file_id)).await;
        versions.iter().map(|version| text(&version["version_id"]).to_owned()).collect()
    }

    /// Downloads one version.
    pub async fn read(&self, version: &Value) -> Vec<u8> {
        let file = text(&version["file_id"]);
        let version = text(&version["version_id"]);
        let redirect = self.user.get(&format!("/files/{file}/content?version={version}")).await;
        assert_eq!(redirect.status, 302, "{}", redirect.body);
        let answer = self.user.fetch(redirect.header("location").expect("a location"), &[]).await;
        answer.bytes().await.expect("a body").to_vec()
    }
}
