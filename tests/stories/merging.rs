//! Tests merges of parts that are repeated, interrupted or concurrent, on stores that handle this badly.

use aws_sdk_s3::primitives::SdkBody;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use futures::future::join_all;
use sluice_contracts::problem::Code;
use sluice_contracts::uploads::Completion;
use sluice_domain::id::UploadId;
use sluice_domain::upload::UploadState;
use sluice_lambda::{Failure, Reply};
use sluice_storage::fault::{Fault, Moment, run_until_killed};
use sluice_tests::{Client, bytes, paused, wait_for};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use crate::support::{call, watched};

const NO_PARTS: &str = "<ListPartsResult><IsTruncated>false</IsTruncated></ListPartsResult>";
const FAILED: &str = "<Error><Code>Failed</Code></Error>";

/// How often the SDK attempts a call that fails.
const ATTEMPTS: usize = 3;

/// The faults of the bucket.
#[derive(Debug, Default, Clone, Copy)]
struct Behaviour {
    /// Lists of parts are empty.
    hides_parts: bool,
    /// How many merges fail before one succeeds, and the status of the failures.
    failures: (usize, u16),
}

fn answered(status: u16, body: &'static str) -> HttpConnectorFuture {
    let status = status.try_into().expect("a status");
    HttpConnectorFuture::ready(Ok(HttpResponse::new(status, SdkBody::from(body))))
}

/// An upload that has sent all parts, and the function that completes it.
struct Sent {
    user: Client,
    upload_id: UploadId,
    completion: Completion,
    complete: Arc<complete_upload::App>,
    /// The number of merges that the bucket received.
    merges: Arc<AtomicUsize>,
}

impl Sent {
    async fn new(seed: u64, behaviour: Behaviour) -> Self {
        let stack = paused();
        let merges = Arc::new(AtomicUsize::new(0));
        let counted = merges.clone();
        let deployment = watched(stack, move |connector, request| {
            let of_parts = request.uri().contains("uploadId=");
            match request.method() {
                "GET" if of_parts && behaviour.hides_parts => answered(200, NO_PARTS),
                "POST" if of_parts => {
                    let (failures, status) = behaviour.failures;
                    let fails = counted.fetch_add(1, SeqCst) < failures;
                    let answer = if fails { answered(status, FAILED) } else { connector.call(request) };
                    HttpConnectorFuture::new(async move {
                        // Long enough for other calls to arrive meanwhile.
                        tokio::time::sleep(Duration::from_millis(300)).await;
                        answer.await
                    })
                }
                _ => connector.call(request),
            }
        });
        let complete = Arc::new(complete_upload::App::new(&deployment).expect("an app"));

        let user = Client::register(stack).await;
        let content = bytes(seed, 17 << 20);
        let plan = user.begin("file", &content).await;
        let completion = user.send_parts(&plan, &content).await;
        Self { user, upload_id: plan.upload_id, completion, complete, merges }
    }

    /// Completes the upload at a later time.
    async fn complete(&self, request_id: &str, later: Duration) -> Result<Reply, Failure> {
        let path = format!("/uploads/{}/complete", self.upload_id);
        let mut call = call(&self.user, http::Method::POST, &path, &self.completion);
        call.request_id = request_id.to_owned();
        call.now = call.now.after(later);
        complete_upload::handle(self.complete.clone(), call).await
    }

    async fn state(&self) -> UploadState {
        self.user.show_upload(self.upload_id).await.state
    }
}

#[tokio::test]
async fn of_many_concurrent_completions_only_one_merges() {
    let sent = Sent::new(62, Behaviour::default()).await;
    // A call that has waited in vain for another's merge is repeated, as clients do.
    let complete = async |id| {
        let completed = async || match sent.complete(id, Duration::ZERO).await {
            Err(busy) if busy.code == Code::Unavailable => Err(busy),
            completed => Ok(completed),
        };
        wait_for("the end of the merge", completed).await.expect("completed");
    };
    join_all(["a", "b", "c", "d"].map(complete)).await;
    assert_eq!(sent.merges.load(SeqCst), 1);
    assert_eq!(sent.state().await, UploadState::Pending);
}

#[tokio::test]
async fn a_call_that_dies_before_its_merge_makes_the_others_wait_for_a_while() {
    let sent = Sent::new(63, Behaviour::default()).await;
    let fault = Fault { write: 0, moment: Moment::After };
    let killed = run_until_killed(fault, sent.complete("killed", Duration::ZERO)).await;
    assert_eq!(killed.map(|_| ()), Err("dynamodb:UpdateItem"));

    let busy = sent.complete("early", Duration::ZERO).await.expect_err("it may be merging still");
    assert_eq!((busy.code, busy.retry_after_seconds), (Code::Unavailable, Some(1)));
    assert_eq!(sent.merges.load(SeqCst), 0);
    sent.complete("late", Duration::from_secs(31)).await.expect("completed");
    assert_eq!(sent.state().await, UploadState::Pending);
}

#[tokio::test]
async fn a_refused_merge_makes_no_other_call_wait() {
    let sent = Sent::new(64, Behaviour { failures: (1, 400), ..Behaviour::default() }).await;
    sent.complete("refused", Duration::ZERO).await.expect_err("the store does not want to");
    sent.complete("next", Duration::ZERO).await.expect("completed");
    assert_eq!(sent.merges.load(SeqCst), 2);
}

#[tokio::test]
async fn a_merge_that_may_still_be_running_is_not_started_again() {
    let sent = Sent::new(66, Behaviour { failures: (ATTEMPTS, 500), ..Behaviour::default() }).await;
    let failed = sent.complete("failed", Duration::ZERO).await.expect_err("the store is unwell");
    assert_eq!(failed.code, Code::Unavailable);
    let busy = sent.complete("next", Duration::ZERO).await.expect_err("it may be merging still");
    assert_eq!(busy.code, Code::Unavailable);
    assert_eq!(sent.merges.load(SeqCst), ATTEMPTS);
    sent.complete("late", Duration::from_secs(31)).await.expect("completed");
}

#[tokio::test]
async fn parts_that_another_call_has_merged_are_not_missing() {
    let sent = Sent::new(65, Behaviour { hides_parts: true, ..Behaviour::default() }).await;
    let refused = sent.complete("early", Duration::ZERO).await.expect_err("nothing has landed");
    assert_eq!(refused.code, Code::PartsMissing);

    let s3 = paused().objects();
    let bucket = paused().setting("SLUICE_LANDING_BUCKET");
    let uploads = s3.list_multipart_uploads().bucket(bucket).send().await.expect("uploads");
    let upload_id = sent.upload_id.to_string();
    let is_ours = |key: Option<&str>| key.is_some_and(|key| key.ends_with(&upload_id));
    let open = uploads.uploads().iter().find(|open| is_ours(open.key())).expect("our upload");
    let parts = sent.completion.parts.iter().map(|part| {
        let number = part.number.get().try_into().expect("a number");
        CompletedPart::builder().part_number(number).e_tag(&part.etag).build()
    });
    let parts = CompletedMultipartUpload::builder().set_parts(Some(parts.collect())).build();
    let merge = s3.complete_multipart_upload().bucket(bucket).multipart_upload(parts);
    let merge =
        merge.set_key(open.key().map(str::to_owned)).set_upload_id(open.upload_id().map(str::to_owned));
    merge.send().await.expect("merged");

    sent.complete("late", Duration::ZERO).await.expect("completed");
    assert_eq!(sent.state().await, UploadState::Pending);
}
