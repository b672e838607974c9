//! Answers the webhook of stores that cannot send to SQS: forwards notifications of Ceph and MinIO to the
//! landing queue.
//!
//! Stores repeat a notification until the answer is 2xx, so every notification that a repeat would not change
//! is answered with 2xx. The function keeps no state: a notification that comes twice becomes two messages,
//! and the worker processes the upload once.

pub mod notification;
mod secret;

use http::StatusCode;
use sluice_contracts::problem::Code;
use sluice_contracts::route::{BridgeEvents, Query};
use sluice_deployment::{ConfigError, Deployment};
use sluice_lambda::{Call, Failure, Reply};
use sluice_storage::Queue;
use std::sync::Arc;

use secret::WebhookSecret;

#[derive(Debug)]
pub struct App {
    landing_queue: Queue,
    secret: Option<WebhookSecret>,
}

impl App {
    pub fn new(deployment: &Deployment) -> Result<Self, ConfigError> {
        Ok(Self {
            landing_queue: deployment.landing_queue()?,
            secret: deployment.webhook_secret_sha256()?.map(WebhookSecret::new),
        })
    }
}

pub async fn handle(app: Arc<App>, call: Call) -> Result<Reply, Failure> {
    let Some(secret) = &app.secret else {
        return Err(Failure::new(
            Code::NotFound,
            "the webhook is closed: this deployment has no secret for it",
        ));
    };
    secret.check(&call)?;
    // The secret is checked first, and has read its parameter.
    let BridgeEvents::TakeBucketNotification(Query(_)) = call.route()?;
    if let Some(message) = notification::message(&call.body)? {
        app.landing_queue.send(&message).await?;
    }
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}
