//! Tests notifications of Ceph and MinIO: the webhook forwards those of uploads and ignores all others.

use bridge_events::{App, handle};
use http::{Method, StatusCode, header};
use serde_json::{Value, json};
use sluice_contracts::problem::Code;
use sluice_deployment::{Deployment, clock};
use sluice_domain::key::LandingKey;
use sluice_lambda::{Call, Failure};
use sluice_storage::Clients;
use sluice_storage::presign::Credentials;
use sluice_tests::{Deployed, WEBHOOK_SECRET, bytes, paused};
use std::path::PathBuf;
use std::sync::Arc;

use crate::support::{Landed, Worker, message, unhurried};

/// The ids of the samples.
const ACCOUNT: &str = "01a1e930027b70a181ce0a11ce0a11ce";
const SMALL: &str = "01a1ee565e7b70018c0ffee00c0ffee0";
const LARGE: &str = "01a1ee56626370028c0ffee00c0ffee1";

/// The folder of a source's sample events.
pub fn samples(folder: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../events/samples")).join(folder)
}

/// The sample as its store would have sent it for this upload.
pub fn sample(name: &str, key: &LandingKey) -> String {
    let text = std::fs::read_to_string(samples(name)).expect(name);
    let account = key.account_id.to_string();
    let upload = key.upload_id.to_string();
    text.replace(ACCOUNT, &account).replace(SMALL, &upload).replace(LARGE, &upload)
}

/// The webhook's function in this process, in front of a queue of its own.
struct Webhook {
    app: Arc<App>,
    sqs: aws_sdk_sqs::Client,
    queue: String,
}

impl Webhook {
    async fn new(stack: &Deployed, queue: &str) -> Self {
        let sqs = aws_sdk_sqs::Client::new(&stack.sdk);
        let created = sqs.create_queue().queue_name(queue).send().await.expect("a queue");
        let queue = created.queue_url().expect("a URL").to_owned();
        let app = app(stack, &[("SLUICE_LANDING_QUEUE_URL", &queue)]);
        Self { app, sqs, queue }
    }

    async fn send(&self, body: impl Into<Vec<u8>>) -> Result<(), Code> {
        send_to(&self.app, body).await.map_err(|failure| failure.code)
    }

    /// Receives and deletes all messages of the queue.
    async fn messages(&self) -> Vec<String> {
        let mut bodies = Vec::new();
        loop {
            let request = self.sqs.receive_message().queue_url(&self.queue).max_number_of_messages(10);
            let received = request.send().await.expect("received");
            if received.messages().is_empty() {
                return bodies;
            }
            for message in received.messages() {
                bodies.push(message.body().unwrap_or_default().to_owned());
                let receipt = message.receipt_handle().unwrap_or_default();
                let delete = self.sqs.delete_message().queue_url(&self.queue).receipt_handle(receipt);
                delete.send().await.expect("deleted");
            }
        }
    }
}

/// The function with some settings changed.
fn app(stack: &Deployed, changed: &[(&str, &str)]) -> Arc<App> {
    let mut settings = stack.settings.clone();
    settings.extend(changed.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    let deployment = Deployment::new(Clients::new(&stack.sdk), Credentials::of(&stack.sdk), settings);
    Arc::new(App::new(&deployment).expect("an app"))
}

/// Sends a notification with the secret. It is answered with 204 if it is accepted.
async fn send_to(app: &Arc<App>, body: impl Into<Vec<u8>>) -> Result<(), Failure> {
    let mut headers = http::HeaderMap::new();
    headers.insert(header::AUTHORIZATION, format!("Bearer {WEBHOOK_SECRET}").parse().expect("a header"));
    let call = Call {
        method: Method::POST,
        path: "/webhooks/store-events".to_owned(),
        query: Vec::new(),
        headers,
        body: body.into(),
        request_id: "story".to_owned(),
        now: clock::now(),
    };
    let reply = handle(app.clone(), call).await?;
    let response = reply.into_response().expect("an answer");
    assert_eq!(response.status(), StatusCode::NO_CONTENT);
    Ok(())
}

#[tokio::test]
async fn a_notification_of_every_store_makes_the_version_available() {
    let worker = Worker::new(paused());
    let webhook = Webhook::new(worker.stack, "story-every-store").await;
    let names =
        ["ceph/put.json", "ceph/multipart-complete.json", "minio/put.json", "minio/multipart-complete.json"];
    for (seed, name) in (1..).zip(names) {
        let landed = Landed::new(worker.stack, bytes(seed, 3000)).await;
        let body = sample(name, &landed.key);
        assert_eq!(webhook.send(body.clone()).await, Ok(()), "{name}");
        let messages = webhook.messages().await;
        assert!(messages == [body], "{name}: it is forwarded unchanged");
        assert_eq!(worker.receive(&messages[0], 1, unhurried()).await, Vec::<String>::new(), "{name}");
        landed.check_available(&worker, name).await;
    }
}

#[tokio::test]
async fn a_notification_that_comes_twice_is_processed_once() {
    let worker = Worker::new(paused());
    let webhook = Webhook::new(worker.stack, "story-twice").await;
    let landed = Landed::new(worker.stack, bytes(11, 3000)).await;
    for name in ["minio/put.json", "minio/put.json", "ceph/put.json"] {
        assert_eq!(webhook.send(sample(name, &landed.key)).await, Ok(()));
    }
    let messages = webhook.messages().await;
    assert_eq!(messages.len(), 3);
    let batch = messages.iter().take(2).map(|body| message(body.as_str(), 1)).collect();
    for _ in dedup_upload::process(worker.app.clone(), batch, unhurried()).await {
        // The two transactions conflicted.
        assert_eq!(worker.receive(&messages[0], 2, unhurried()).await, Vec::<String>::new());
    }
    assert_eq!(worker.receive(&messages[2], 1, unhurried()).await, Vec::<String>::new());
    landed.check_available(&worker, "twice").await;
}

#[tokio::test]
async fn foreign_records_are_ignored_and_harm_no_upload() {
    let worker = Worker::new(paused());
    let webhook = Webhook::new(worker.stack, "story-foreign").await;
    let landed = Landed::new(worker.stack, bytes(12, 3000)).await;
    let foreign = [
        "ceph/pack.json",
        "ceph/raw-key.json",
        "ceph/removed.json",
        "minio/pack.json",
        "minio/encoded-key.json",
        "minio/removed.json",
        "poison/not-utf8-key.json",
    ];
    let mut records = Vec::new();
    for name in foreign {
        let body = sample(name, &landed.key);
        assert_eq!(webhook.send(body.clone()).await, Ok(()), "{name}");
        let body: Value = serde_json::from_str(&body).expect("JSON");
        records.push(body["Records"][0].clone());
    }
    assert_eq!(webhook.messages().await, Vec::<String>::new());

    let key = landed.key.to_string();
    let created = |source: &str, key: String| {
        let object = json!({ "key": key });
        json!({ "eventSource": source, "eventName": "s3:ObjectCreated:Put", "s3": { "object": object } })
    };
    let good = [
        created("minio:s3", key.replace('/', "%2F")),
        created("minio:s3", key.replace("uploads/", "%75ploads%2f")),
        created("ceph:s3", key.clone()),
    ];
    let not_this_upload = [
        created("ceph:s3", key.replace('/', "%2F")),
        created("minio:s3", format!("{key}+")),
        created("minio:s3", format!("{key}%20")),
        created("minio:s3", key.replace('/', "%252F")),
    ];
    let mixed: Vec<_> = records.iter().chain(&good).chain(&not_this_upload).collect();
    assert_eq!(webhook.send(json!({ "Key": "backups/dump", "Records": mixed }).to_string()).await, Ok(()));
    let messages = webhook.messages().await;
    let sent: Vec<Value> = messages.iter().map(|body| serde_json::from_str(body).expect("JSON")).collect();
    assert_eq!(sent, [json!({ "Records": good })]);
    assert_eq!(worker.receive(&messages[0], 1, unhurried()).await, Vec::<String>::new());
    landed.check_available(&worker, "among foreign records").await;
}

#[tokio::test]
async fn hostile_bodies_are_refused_or_dropped_and_reach_no_queue() {
    let webhook = Webhook::new(paused(), "story-hostile").await;
    let foreign = ["foreign-key.json", "deeper-key.json", "upper-case-key.json", "not-utf8-key.json"];
    let mut refused = 0;
    for folder in ["poison", "sluice"] {
        for file in std::fs::read_dir(samples(folder)).expect("samples") {
            let file = file.expect("a sample");
            let name = file.file_name().into_string().expect("UTF-8");
            if name == "one-foreign-record.json" {
                continue;
            }
            let answer = webhook.send(std::fs::read(file.path()).expect("a sample")).await;
            let expected = if foreign.contains(&&*name) { Ok(()) } else { Err(Code::InvalidRequest) };
            assert_eq!(answer, expected, "{name}");
            refused += usize::from(answer.is_err());
        }
    }
    assert!(refused >= 13, "{refused} samples");
    assert_eq!(webhook.send(vec![b' '; (200 << 10) + 1]).await, Err(Code::BodyTooLarge));
    assert_eq!(webhook.messages().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_webhook_without_a_secret_refuses_every_call() {
    let closed = app(paused(), &[("SLUICE_WEBHOOK_SECRET_SHA256", "")]);
    for body in ["", "{}"] {
        assert_eq!(send_to(&closed, body).await.expect_err("closed").code, Code::NotFound);
    }
}

#[tokio::test]
async fn a_failing_queue_makes_the_store_retry() {
    let stack = paused();
    let queue = stack.setting("SLUICE_LANDING_QUEUE_URL").to_owned() + "-that-is-not-there";
    let broken = app(stack, &[("SLUICE_LANDING_QUEUE_URL", &queue)]);
    let body = std::fs::read(samples("ceph/put.json")).expect("a sample");
    let failure = send_to(&broken, body).await.expect_err("no queue");
    assert!(failure.code.status() >= 500, "{failure}");
}
