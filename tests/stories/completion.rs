//! Tests completing and aborting uploads: wrongly, twice, concurrently and one after the other.

use futures::future::join_all;
use serde::Serialize;
use serde_json::{Value, json};
use sluice_contracts::problem::Code;
use sluice_contracts::uploads::{Completed, CompletedPart, UploadView};
use sluice_domain::account::ROW_BYTES;
use sluice_domain::hash::Sha256;
use sluice_domain::id::{UploadId, VersionId};
use sluice_domain::upload::UploadState;
use sluice_domain::version::{RejectReason, VersionState};
use sluice_tests::{Client, Reply, available, bytes, live};

use crate::support::patiently;

const MIB: usize = 1 << 20;
const MD5_OF_NOTHING: &str = "d41d8cd98f00b204e9800998ecf8427e";

/// An upload of three parts that have all been sent.
struct Sent {
    user: Client,
    upload_id: UploadId,
    /// The path of the upload in the API.
    path: String,
    /// The parts as the completion lists them.
    parts: Vec<CompletedPart>,
    content: Vec<u8>,
}

impl Sent {
    async fn new(seed: u64) -> Self {
        let user = Client::register(live()).await;
        let content = bytes(seed, 10 * MIB + 1);
        let request = json!({ "path": "file", "size": content.len(), "part_size": 5 * MIB });
        let plan = user.post("/uploads", &request).await.plan();
        let parts = user.send_parts(&plan, &content).await.parts;
        let path = format!("/uploads/{}", plan.upload_id);
        Self { user, upload_id: plan.upload_id, path, parts, content }
    }

    async fn complete(&self, parts: &impl Serialize) -> Reply {
        self.send(&json!({ "parts": parts })).await
    }

    /// Completes with a hash that was not declared when the upload began.
    async fn complete_as(&self, sha256: Sha256) -> Reply {
        self.send(&json!({ "parts": self.parts, "sha256": sha256 })).await
    }

    /// Sends a completion.
    async fn send(&self, completion: &Value) -> Reply {
        patiently(async || self.user.complete(self.upload_id, completion).await).await
    }

    async fn abort(&self) -> Reply {
        patiently(async || self.user.delete(&self.path).await).await
    }

    async fn upload(&self) -> UploadView {
        self.user.show_upload(self.upload_id).await
    }

    /// Checks that there is one version, that it is available, and that it counts once.
    async fn check_available(&self) {
        let file_id = available(self.user.wait_until_finished(self.upload_id).await).file_id;
        assert_eq!(self.user.versions(file_id).await.len(), 1);
        assert!(self.user.read(file_id).await == self.content, "other bytes came back");
        assert_eq!(self.user.usage().await, (self.content.len() as u64, 0));
    }
}

#[tokio::test]
async fn a_list_of_parts_that_differs_from_the_plan_is_refused_and_harms_nothing() {
    let sent = Sent::new(51).await;
    let part = |number: u32, etag: &str| json!({ "number": number, "etag": etag });
    let etags = [0, 1, 2].map(|index| &*sent.parts[index].etag);
    let [one, two, three] = &[part(1, etags[0]), part(2, etags[1]), part(3, etags[2])];
    let four = part(4, etags[2]);
    let swapped = part(2, etags[0]);
    for (label, parts, status, code) in [
        ("none", vec![], 409, Code::PartsMissing),
        ("a missing one", vec![one, three], 409, Code::PartsMissing),
        ("an extra one", vec![one, two, three, &four], 400, Code::InvalidParts),
        ("reordered", vec![two, one, three], 400, Code::InvalidParts),
        ("a double one", vec![one, two, two, three], 400, Code::InvalidParts),
        ("another part's ETag", vec![one, &swapped, three], 409, Code::PartMismatch),
        ("a wrong ETag", vec![one, two, &part(3, MD5_OF_NOTHING)], 409, Code::PartMismatch),
        ("an empty ETag", vec![one, two, &part(3, "")], 409, Code::PartMismatch),
        ("part 0", vec![&part(0, "x"), one, two, three], 400, Code::InvalidRequest),
        ("part 10001", vec![one, two, three, &part(10_001, "x")], 400, Code::InvalidRequest),
    ] {
        let reply = sent.complete(&parts).await;
        assert_eq!(reply.status, status, "{label}: {}", reply.body);
        reply.expect_problem(status, code);
    }
    assert_eq!(sent.upload().await.state, UploadState::Open);
    sent.complete(&sent.parts).await.expect(202);
    sent.check_available().await;
}

#[tokio::test]
async fn an_etag_is_compared_without_quotes_and_without_case() {
    let sent = Sent::new(52).await;
    let mut parts = sent.parts.clone();
    parts[0].etag = parts[0].etag.trim_matches('"').to_owned();
    parts[1].etag = parts[1].etag.to_uppercase();
    parts[2].etag = format!("\"{}\"", parts[2].etag.trim_matches('"'));
    sent.complete(&parts).await.expect(202);
    sent.check_available().await;
}

#[tokio::test]
async fn a_part_that_was_never_sent_is_named() {
    let user = Client::register(live()).await;
    let content = bytes(53, 10 * MIB + 1);
    let request = json!({ "path": "file", "size": content.len(), "part_size": 5 * MIB });
    let plan = user.post("/uploads", &request).await.plan();
    let mut missing = plan.clone();
    let mut but_the_second = plan.clone();
    missing.parts = vec![but_the_second.parts.remove(1)];
    let mut sent = user.send_parts(&but_the_second, &content).await;
    let never_sent = CompletedPart { number: missing.parts[0].number, etag: MD5_OF_NOTHING.to_owned() };
    sent.parts.insert(1, never_sent);
    let problem = user.complete(plan.upload_id, &sent).await.expect_problem(409, Code::PartsMissing);
    assert!(problem.detail.ends_with(": 2"), "{problem:?}");

    let received = user.show_upload(plan.upload_id).await.received;
    let received: Vec<_> = received.iter().map(|part| (part.number.get(), part.size)).collect();
    assert_eq!(received, [(1, 5 * MIB as u64), (3, 1)]);
    sent.parts[1] = user.send_parts(&missing, &content).await.parts.remove(0);
    user.complete(plan.upload_id, &sent).await.expect(202);
    available(user.wait_until_finished(plan.upload_id).await);
}

#[tokio::test]
async fn completing_again_gives_the_same_version() {
    let sent = Sent::new(54).await;
    let completed = async || sent.complete(&sent.parts).await.parse::<Completed>(202).version;
    let first = completed().await;
    let second = completed().await;
    sent.check_available().await;
    let third = completed().await;
    for repeat in [&second, &third] {
        assert_eq!(repeat.version_id, first.version_id);
    }
    assert_eq!(third.state, VersionState::Available);
}

#[tokio::test]
async fn completing_many_times_at_once_makes_one_version() {
    let sent = Sent::new(55).await;
    let answers = join_all((0..8).map(|_| sent.complete(&sent.parts))).await;
    let versions: Vec<VersionId> =
        answers.into_iter().map(|answer| answer.parse::<Completed>(202).version.version_id).collect();
    assert!(versions.iter().all(|version| *version == versions[0]), "{versions:?}");
    sent.check_available().await;
}

#[tokio::test]
async fn an_aborted_upload_stays_aborted() {
    let sent = Sent::new(56).await;
    assert_eq!(sent.user.usage().await, (0, sent.content.len() as u64));
    for _ in 0..2 {
        sent.user.delete(&sent.path).await.expect(204);
        assert_eq!(sent.user.usage().await, (0, 0));
    }
    sent.complete(&sent.parts).await.expect_problem(409, Code::UploadEnded);
    let parts = sent.user.post(&format!("{}/parts", sent.path), &json!({ "parts": [{ "number": 1 }] })).await;
    parts.expect_problem(409, Code::UploadEnded);
    let upload = sent.upload().await;
    assert_eq!((upload.state, upload.received.len()), (UploadState::Aborted, 0), "{upload:?}");
    assert_eq!(sent.user.stat("file").await, None);
}

#[tokio::test]
async fn a_completed_upload_cannot_be_aborted() {
    let sent = Sent::new(57).await;
    sent.complete(&sent.parts).await.expect(202);
    sent.user.delete(&sent.path).await.expect_problem(409, Code::UploadEnded);
    sent.check_available().await;
    sent.user.delete(&sent.path).await.expect_problem(409, Code::UploadEnded);
    sent.check_available().await;
}

#[tokio::test]
async fn completing_and_aborting_at_once_has_one_winner() {
    let sent = Sent::new(58).await;
    let (completed, aborted) = futures::join!(sent.complete(&sent.parts), sent.abort());
    match (completed.status, aborted.status) {
        (202, 409) => sent.check_available().await,
        (409, 204) => {
            assert_eq!(sent.upload().await.state, UploadState::Aborted);
            assert_eq!(sent.user.usage().await, (0, 0));
        }
        _ => panic!("{} and {}", completed.body, aborted.body),
    }
}

#[tokio::test]
async fn quota_is_reserved_at_the_beginning_and_released_by_an_abort() {
    let user = Client::register(live()).await;
    let account = user.account().await;
    // Three uploads also take a row each.
    let quota = account.quota_bytes - 3 * ROW_BYTES;
    let of = |size: u64| json!({ "path": "large", "size": size });
    user.post("/uploads", &of(account.quota_bytes)).await.expect_problem(403, Code::QuotaExceeded);
    let first = user.post("/uploads", &of(quota - 10)).await.plan();
    assert_eq!(user.usage().await, (0, quota - 10));
    user.post("/uploads", &of(11 + ROW_BYTES)).await.expect_problem(403, Code::QuotaExceeded);
    user.post("/uploads", &of(quota)).await.expect_problem(403, Code::QuotaExceeded);
    user.post("/uploads", &of(10)).await.plan();
    user.post("/uploads", &of(0)).await.plan();
    assert_eq!(user.usage().await, (0, quota));
    user.delete(&format!("/uploads/{}", first.upload_id)).await.expect(204);
    assert_eq!(user.usage().await, (0, 10));

    let s3 = live().objects();
    let bucket = live().setting("SLUICE_LANDING_BUCKET");
    let left = s3.list_multipart_uploads().bucket(bucket).send().await.expect("a list");
    let account_id = account.account_id.to_string();
    assert!(left.uploads().iter().all(|upload| !upload.key().unwrap_or_default().contains(&account_id)));
}

#[tokio::test]
async fn a_hash_declared_at_completion_is_checked_too() {
    let sent = Sent::new(59).await;
    let sha256 = Sha256::of(&sent.content);
    for reply in join_all((0..4).map(|_| sent.complete_as(sha256))).await {
        reply.parse::<Completed>(202);
    }
    sent.check_available().await;
    sent.complete_as(sha256).await.parse::<Completed>(202);
    sent.complete_as(Sha256::of(b"other")).await.expect_problem(400, Code::InvalidRequest);

    let damaged = Sent::new(60).await;
    damaged.complete_as(sha256).await.parse::<Completed>(202);
    let upload = damaged.user.wait_until_finished(damaged.upload_id).await;
    assert_eq!(upload.state, UploadState::Rejected, "{upload:?}");
    assert_eq!(upload.reason, Some(RejectReason::Sha256Mismatch), "{upload:?}");
    assert_eq!(damaged.user.usage().await, (0, 0));
}

#[tokio::test]
async fn a_late_hash_is_accepted_only_with_the_first_completion_and_before_processing() {
    let sent = Sent::new(61).await;
    let sha256 = Sha256::of(&sent.content);
    sent.complete(&sent.parts).await.expect(202);
    sent.complete_as(sha256).await.expect_problem(400, Code::InvalidRequest);
    sent.check_available().await;

    // A single PUT may have been processed before it is completed.
    let plan = sent.user.post("/uploads", &json!({ "path": "small", "size": 3 })).await.plan();
    let completion = json!({ "parts": [], "sha256": sha256 });
    let late = sent.user.complete(plan.upload_id, &completion).await;
    late.expect_problem(400, Code::InvalidRequest);
}
