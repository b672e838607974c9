//! A user whose uploads are verified only when the story runs the worker.

use reqwest::Method;
use serde::Serialize;
use serde_json::json;
use sluice_contracts::files::VersionView;
use sluice_contracts::uploads::{Completed, UploadPlan, UploadView};
use sluice_domain::id::{AccountId, FileId, VersionId};
use sluice_domain::key::LandingKey;
use sluice_tests::{Client, Reply, available, paused};

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
        let account_id = user.account().await.account_id;
        Self { user, worker, account_id }
    }

    /// Sends a request under the condition that `version` is current.
    pub async fn send_if(
        &self,
        version: &VersionView,
        method: Method,
        path: &str,
        body: &impl Serialize,
    ) -> Reply {
        let etag = format!("\"{}\"", version.version_id);
        self.user.send(method, path, &[("if-match", &etag)], body).await
    }

    pub async fn begin(&self, path: &str, content: &[u8]) -> UploadPlan {
        let request = json!({ "path": path, "size": content.len() });
        self.user.post("/uploads", &request).await.plan()
    }

    /// Begins an upload under the condition that `version` is current.
    pub async fn begin_if(&self, version: &VersionView, path: &str, content: &[u8]) -> UploadPlan {
        let request = json!({ "path": path, "size": content.len() });
        self.send_if(version, Method::POST, "/uploads", &request).await.plan()
    }

    /// Sends the bytes and completes the upload. Its version is then pending.
    pub async fn complete(&self, plan: &UploadPlan, content: &[u8]) -> VersionView {
        let completion = self.user.send_parts(plan, content).await;
        self.user.complete(plan.upload_id, &completion).await.parse::<Completed>(202).version
    }

    /// Runs the worker and returns the upload.
    pub async fn verify(&self, plan: &UploadPlan) -> UploadView {
        let key = LandingKey { account_id: self.account_id, upload_id: plan.upload_id };
        let failed = self.worker.receive(&created(&key), 1, unhurried()).await;
        assert!(failed.is_empty(), "the worker failed");
        self.user.show_upload(plan.upload_id).await
    }

    /// Uploads and verifies a file, and returns its version.
    pub async fn put(&self, path: &str, content: &[u8]) -> VersionView {
        let plan = self.begin(path, content).await;
        self.user.send_parts(&plan, content).await;
        available(self.verify(&plan).await)
    }

    /// The ids of a file's versions, the latest first.
    pub async fn version_ids(&self, file_id: FileId) -> Vec<VersionId> {
        self.user.versions(file_id).await.iter().map(|version| version.version_id).collect()
    }
    pub async fn read(&self, version: &VersionView) -> Vec<u8> {
        let path = format!("/files/{}/content?version={}", version.file_id, version.version_id);
        let redirect = self.user.get(&path).await;
        assert_eq!(redirect.status, 302, "{}", redirect.body);
        let answer = self.user.fetch(redirect.header("location").expect("a location"), &[]).await;
        answer.bytes().await.expect("a body").to_vec()
    }
}
