//! Uploads files by calling the functions directly, because the uploads themselves are not measured.

use http::{HeaderMap, Method};
use serde::Serialize;
use serde_json::json;
use sluice_contracts::uploads::UploadPlan;
use sluice_deployment::clock;
use sluice_domain::id::AccountId;
use sluice_domain::key::LandingKey;
use sluice_domain::part_plan::UploadMethod;
use sluice_lambda::Call;
use sluice_tests::{Client, Deployed};
use std::sync::Arc;

use crate::Failure;

/// A user whose uploads go to the landing bucket of the deployment's settings.
pub struct Uploader {
    user: Client,
    init: Arc<init_upload::App>,
    complete: Arc<complete_upload::App>,
    /// The id of the user's account.
    pub account_id: AccountId,
}

impl Uploader {
    /// Registers a new user.
    pub async fn register(deployed: &Deployed) -> Result<Self, Failure> {
        let user = Client::register(deployed).await;
        let deployment = deployed.deployment();
        Ok(Self {
            init: Arc::new(init_upload::App::new(&deployment)?),
            complete: Arc::new(complete_upload::App::new(&deployment)?),
            account_id: user.account().await.account_id,
            user,
        })
    }

    /// Uploads bytes without their hash, and returns the message that dedup-upload would receive.
    pub async fn upload(&self, path: &str, content: &[u8]) -> Result<String, Failure> {
        let begin = self.call("/uploads", &json!({ "path": path, "size": content.len() }))?;
        let reply =
            init_upload::handle(self.init.clone(), begin).await.map_err(|error| format!("{error:?}"))?;
        let plan: UploadPlan = serde_json::from_slice(reply.body())?;
        let completion = self.user.send_parts(&plan, content).await;
        let upload_id = plan.upload_id;
        if plan.method == UploadMethod::Multipart {
            let finish = self.call(&format!("/uploads/{upload_id}/complete"), &completion)?;
            let completed = complete_upload::handle(self.complete.clone(), finish).await;
            completed.map_err(|error| format!("{error:?}"))?;
        }
        let key = LandingKey { account_id: self.account_id, upload_id };
        let object = json!({ "key": key.to_string() });
        let record =
            json!({ "eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": { "object": object } });
        Ok(json!({ "Records": [record] }).to_string())
    }

    fn call(&self, path: &str, body: &impl Serialize) -> Result<Call, Failure> {
        let mut headers = HeaderMap::new();
        headers.insert(http::header::AUTHORIZATION, format!("Bearer {}", self.user.token()).parse()?);
        Ok(Call {
            method: Method::POST,
            path: path.to_owned(),
            query: Vec::new(),
            headers,
            body: serde_json::to_vec(body)?,
            request_id: "benchmark".to_owned(),
            now: clock::now(),
        })
    }
}
