//! Merges that are repeated, interrupted and called for at once, on stores that are careless about them.

use aws_sdk_s3::primitives::SdkBody;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use futures::future::join_all;
use serde_json::Value;
use sluice_lambda::{Deployment, Failure, Reply};
use sluice_storage::Clients;
use sluice_storage::fault::{Fault, Moment, run_until_killed};
use sluice_storage::presign::Credentials;
use sluice_tests::{Client, bytes, paused, text};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use crate::support::call;

const NO_PARTS: &str = "<ListPartsResult><IsTruncated>false</IsTruncated></ListPartsResult>";
const REFUSED: &str = "<Error><Code>InvalidPart</Code></Error>";

/// How the bucket behaves.
#[derive(Debug, Default)]
struct Behaviour {
    /// Lists uploads without their parts.
    hides_parts: bool,
    /// How many merges it refuses before it makes one.
    refuses: usize,
    /// How many merges are under way, how many there were at once, and how many in all.
    merging: AtomicUsize,
    merging_at_once: AtomicUsize,
    merges: AtomicUsize,
}

#[derive(Debug)]
struct Bucket(SharedHttpClient, Arc<Behaviour>);

#[derive(Debug)]
struct BucketConnector(SharedHttpConnector, Arc<Behaviour>);

impl HttpClient for Bucket {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        parts: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let connector = BucketConnector(self.0.http_connector(settings, parts), self.1.clone());
        SharedHttpConnector::new(connector)
    }
}

impl HttpConnector for BucketConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let of_parts = request.uri().contains("uploadId=");
        if of_parts && request.method() == "GET" && self.1.hides_parts {
            return answered(200, NO_PARTS);
        }
        if !of_parts || request.method() != "POST" {
            return self.0.call(request);
        }
        let behaviour = self.1.clone();
        let is_refused = behaviour.merges.fetch_add(1, SeqCst) < behaviour.refuses;
        let answer = if is_refused { answered(400, REFUSED) } else { self.0.call(request) };
        HttpConnectorFuture::new(async move {
            let merging = behaviour.merging.fetch_add(1, SeqCst) + 1;
            behaviour.merging_at_once.fetch_max(merging, SeqCst);
            tokio::time::sleep(Duration::from_millis(300)).await;
            let answer = answer.await;
            behaviour.merging.fetch_sub(1, SeqCst);
            answer
        })
    }
}

fn answered(status: u16, body: &'static str) -> HttpConnectorFuture {
    let status = status.try_into().expect("a status");
    HttpConnectorFuture::ready(Ok(HttpResponse::new(status, SdkBody::from(body))))
}

/// An upload all parts of which have been sent, and the function that completes it.
struct Sent {
    user: Client,
    path: String,
    completion: Value,
    complete: Arc<complete_upload::App>,
    bucket: Arc<Behaviour>,
}

impl Sent {
    async fn new(seed: u64, behaviour: Behaviour) -> Self {
        let (stack, bucket) = (paused(), Arc::new(behaviour));
        let http = Bucket(aws_smithy_http_client::Builder::new().build_http(), bucket.clone());
        let sdk = stack.sdk.to_builder().http_client(http).build();
        let deployment = Deployment::new(Clients::new(&sdk), Credentials::of(&sdk), stack.settings.clone());
        let complete = Arc::new(complete_upload::App::new(&deployment).expect("an app"));

        let (user, content) = (Client::register(stack).await, bytes(seed, 17 << 20));
        let plan = user.begin("file", &content).await;
        let completion = user.send_parts(&plan, &content).await;
        Self { user, path: format!("/uploads/{}", text(&plan["upload_id"])), completion, complete, bucket }
    }

    /// Completes it, `later` than now.
    async fn complete(&self, request_id: &str, later: Duration) -> Result<Reply, Failure> {
        let path = format!("{}/complete", self.path);
        let mut call = call(&self.user, http::Method::POST, &path, &self.completion);
        call.request_id = request_id.to_owned();
        call.now = call.now.after(later);
        complete_upload::handle(self.complete.clone(), call).await
    }

    async fn state(&self) -> Value {
        self.user.get(&self.path).await.expect(200)["state"].clone()
    }
}

#[tokio::test]
async fn of_many_completions_one_merges() {
    let sent = Sent::new(62, Behaviour::default()).await;
    let ids = ["a", "b", "c", "d"];
    for reply in join_all(ids.map(|id| sent.complete(id, Duration::ZERO))).await {
        reply.expect("completed");
    }
    assert_eq!(sent.bucket.merging_at_once.load(SeqCst), 1);
    assert_eq!(sent.bucket.merges.load(SeqCst), 1);
    assert_eq!(sent.state().await, "pending");
}

#[tokio::test]
async fn a_call_that_dies_before_its_merge_keeps_the_others_waiting_for_a_while() {
    let sent = Sent::new(63, Behaviour::default()).await;
    let fault = Fault { write: 0, moment: Moment::After };
    let killed = run_until_killed(fault, sent.complete("killed", Duration::ZERO)).await;
    assert_eq!(killed.map(|_| ()), Err("dynamodb:UpdateItem"));

    let busy = sent.complete("early", Duration::ZERO).await.expect_err("it may be merging still");
    assert_eq!((busy.code.as_str(), busy.retry_after_seconds), ("unavailable", Some(1)));
    assert_eq!(sent.bucket.merges.load(SeqCst), 0);
    sent.complete("late", Duration::from_secs(31)).await.expect("completed");
    assert_eq!(sent.state().await, "pending");
}

#[tokio::test]
async fn a_merge_that_is_refused_makes_nobody_wait() {
    let sent = Sent::new(64, Behaviour { refuses: 1, ..Behaviour::default() }).await;
    sent.complete("refused", Duration::ZERO).await.expect_err("the store does not want to");
    sent.complete("next", Duration::ZERO).await.expect("completed");
    assert_eq!(sent.bucket.merges.load(SeqCst), 2);
}

#[tokio::test]
async fn parts_that_another_call_has_merged_are_not_missing() {
    let sent = Sent::new(65, Behaviour { hides_parts: true, ..Behaviour::default() }).await;
    let refused = sent.complete("early", Duration::ZERO).await.expect_err("nothing has landed");
    assert_eq!(refused.code.as_str(), "parts_missing");

    let (s3, bucket) = (paused().objects(), paused().setting("SLUICE_LANDING_BUCKET"));
    let uploads = s3.list_multipart_uploads().bucket(bucket).send().await.expect("uploads");
    let upload_id = sent.path.rsplit('/').next().expect("an id");
    let is_ours = |key: Option<&str>| key.is_some_and(|key| key.ends_with(upload_id));
    let open = uploads.uploads().iter().find(|open| is_ours(open.key())).expect("our upload");
    let parts = sent.completion["parts"].as_array().expect("parts").iter().map(|part| {
        let number = part["number"].as_i64().and_then(|number| number.try_into().ok()).expect("a number");
        CompletedPart::builder().part_number(number).e_tag(text(&part["etag"])).build()
    });
    let parts = CompletedMultipartUpload::builder().set_parts(Some(parts.collect())).build();
    let merge = s3.complete_multipart_upload().bucket(bucket).multipart_upload(parts);
    let merge =
        merge.set_key(open.key().map(str::to_owned)).set_upload_id(open.upload_id().map(str::to_owned));
    merge.send().await.expect("merged");

    sent.complete("late", Duration::ZERO).await.expect("completed");
    assert_eq!(sent.state().await, "pending");
}
