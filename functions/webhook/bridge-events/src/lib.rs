//! The webhook of stores that cannot send to SQS: takes the bucket notifications of Ceph and MinIO, and sends those that
//! announce an upload's bytes to the landing queue, where AWS S3 sends its own.
//!
//! Stores repeat a notification until it is answered with a 2xx, so that is the answer to everything that a repeat would
//! not change. Nothing is remembered between calls: a notification that comes twice is two messages, and the worker does
//! its work once.

mod notification;
mod secret;

use http::{Method, StatusCode};
use sluice_contracts::problem::Code;
use sluice_lambda::config::ConfigError;
use sluice_lambda::{Call, Deployment, Failure, Reply};
use sluice_storage::Queue;
use std::sync::Arc;

use secret::WebhookSecret;

/// What the function works with.
#[derive(Debug)]
pub struct App {
    landing_queue: Queue,
    secret: Option<WebhookSecret>,
}

impl App {
    /// The app of a deployment.
    pub fn new(deployment: &Deployment) -> Result<Self, ConfigError> {
        Ok(Self {
            landing_queue: deployment.landing_queue()?,
            secret: deployment.webhook_secret_sha256()?.map(WebhookSecret::new),
        })
    }
}

/// Answers a call.
pub async fn handle(app: Arc<App>, call: Call) -> Result<Reply, Failure> {
    match (&call.method, &*call.segments()) {
        (&Method::POST, ["webhooks", "store-events"]) => take_notification(&app, &call).await,
        _ => Err(call.no_route()),
    }
}

async fn take_notification(app: &App, call: &Call) -> Result<Reply, Failure> {
    let Some(secret) = &app.secret else {
        return Err(Failure::new(Code::NotFound, "the hook is closed: this deployment has no secret for it"));
    };
    secret.check(call)?;
    call.only_parameters(&[secret::PARAMETER])?;
    if let Some(message) = notification::message(&call.body)? {
        app.landing_queue.send(&message).await?;
    }
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}
