//! Tests that bytes which differ from the declaration never become a version, whoever detects them.

use aws_sdk_s3::primitives::ByteStream;
use serde_json::json;
use sluice_contracts::problem::Code;
use sluice_contracts::uploads::{Completed, PartUrls};
use sluice_domain::hash::Sha256;
use sluice_domain::id::UploadId;
use sluice_domain::key::LandingKey;
use sluice_domain::upload::UploadState;
use sluice_domain::version::{RejectReason, VersionState};
use sluice_tests::{Client, available, bytes, live, wait_for};

use crate::support::Worker;

const MIB: usize = 1 << 20;
const SHA1_OF_NOTHING: &str = "da39a3ee5e6b4b0d3255bfef95601890afd80709";

/// Waits until the landing bucket has no objects of the user.
pub async fn wait_until_landing_is_empty(user: &Client) {
    let worker = Worker::new(live());
    let account = user.account().await.account_id;
    wait_for("an empty landing bucket", async || {
        let keys = worker.landing_keys(account).await;
        if keys.is_empty() { Ok(()) } else { Err(keys) }
    })
    .await;
}

/// Waits until an upload is rejected for this reason, and checks that nothing of it is left.
async fn check_rejected(user: &Client, upload_id: UploadId, reason: RejectReason) {
    let upload = user.wait_until_finished(upload_id).await;
    assert_eq!((upload.state, upload.reason), (UploadState::Rejected, Some(reason)), "{upload:?}");
    let version = upload.version.expect("a version");
    assert_eq!((version.state, version.reason), (VersionState::Rejected, Some(reason)), "{version:?}");
    assert_eq!(user.usage().await, (0, 0));
    assert_eq!(user.stat(upload.path.as_str()).await, None);
    wait_until_landing_is_empty(user).await;
    let worker = Worker::new(live());
    assert_eq!(worker.vault_keys(user.account().await.account_id).await, Vec::<String>::new());
    let again =
        user.post(&format!("/uploads/{upload_id}/parts"), &json!({ "parts": [{ "number": 1 }] })).await;
    again.expect_problem(409, Code::UploadEnded);
}

#[tokio::test]
async fn a_wrong_sha1_is_detected() {
    let user = Client::register(live()).await;
    let content = bytes(31, 5000);
    let request = json!({ "path": "file", "size": content.len(), "sha1": SHA1_OF_NOTHING });
    let plan = user.post("/uploads", &request).await.plan();
    user.send_parts(&plan, &content).await;
    check_rejected(&user, plan.upload_id, RejectReason::Sha1Mismatch).await;
}

#[tokio::test]
async fn a_wrong_sha256_of_an_upload_in_parts_is_detected() {
    let user = Client::register(live()).await;
    let content = bytes(32, 6 * MIB);
    let declared = Sha256::of(&content[1..]);
    let request = json!({ "path": "file", "size": content.len(), "sha256": declared, "part_size": 5 * MIB });
    let plan = user.post("/uploads", &request).await.plan();
    let sent = user.send_parts(&plan, &content).await;
    let completed: Completed = user.complete(plan.upload_id, &sent).await.parse(202);
    check_rejected(&user, plan.upload_id, RejectReason::Sha256Mismatch).await;
    let content = user.get(&format!("/files/{}/content", completed.version.file_id)).await;
    content.expect_problem(409, Code::VersionNotAvailable);
}

#[tokio::test]
async fn an_object_of_another_size_that_the_store_accepted_is_detected() {
    let s3 = aws_sdk_s3::Client::new(&live().sdk);
    for size in [0, 999, 1001] {
        let user = Client::register(live()).await;
        let plan = user.post("/uploads", &json!({ "path": "file", "size": 1000 })).await.plan();
        let key = LandingKey { account_id: user.account().await.account_id, upload_id: plan.upload_id };
        s3.put_object()
            .bucket(live().setting("SLUICE_LANDING_BUCKET"))
            .key(key.to_string())
            .body(ByteStream::from(bytes(33, size)))
            .send()
            .await
            .expect("put");
        check_rejected(&user, plan.upload_id, RejectReason::SizeMismatch).await;
    }
}

#[tokio::test]
async fn the_store_refuses_a_body_that_differs_from_the_declared_one() {
    let user = Client::register(live()).await;
    let content = bytes(34, 4000);
    let plan = user.begin("file", &content).await;
    let part = &plan.parts[0];
    let mut corrupted = content.clone();
    corrupted[1234] ^= 1;
    let reply = user.put_part(part, corrupted).await;
    assert_eq!(reply.status, 400, "{}", reply.body);

    // reqwest sends the real length of the body, which is not the signed one.
    let headers = part.headers.iter().map(|(name, value)| (&**name, &**value));
    let headers: Vec<_> = headers.filter(|(name, _)| *name != "content-length").collect();
    for body in [bytes(34, 3999), bytes(34, 4001), Vec::new()] {
        let length = body.len();
        let reply = user.put_to(&part.url, &headers, body).await;
        assert_eq!(reply.status, 403, "{length} bytes: {}", reply.body);
    }
    let upload = user.show_upload(plan.upload_id).await;
    assert_eq!((upload.state, upload.received.len()), (UploadState::Open, 0), "{upload:?}");

    assert_eq!(user.put_part(part, content).await.status, 200);
    available(user.wait_until_finished(plan.upload_id).await);
}

#[tokio::test]
async fn the_store_refuses_a_part_damaged_in_transit() {
    let user = Client::register(live()).await;
    let content = bytes(35, 6 * MIB);
    let request = json!({ "path": "file", "size": content.len(), "part_size": 5 * MIB, "part_sha256": true });
    let plan = user.post("/uploads", &request).await.plan();
    assert!(plan.parts.is_empty(), "a URL before its part's hash is known");
    let upload = format!("/uploads/{}", plan.upload_id);
    let mut sent = Vec::new();
    for (number, part) in (1..).zip(content.chunks(5 * MIB)) {
        let request = json!({ "parts": [{ "number": number, "sha256": Sha256::of(part) }] });
        let urls: PartUrls = user.post(&format!("{upload}/parts"), &request).await.parse(200);
        let mut damaged = part.to_vec();
        damaged[part.len() / 2] ^= 0x80;
        let reply = user.put_part(&urls.parts[0], damaged).await;
        assert_eq!(reply.status, 400, "{}", reply.body);
        let reply = user.put_part(&urls.parts[0], part.to_vec()).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        sent.push(json!({ "number": number, "etag": reply.header("etag") }));
    }
    user.complete(plan.upload_id, &json!({ "parts": sent })).await.expect(202);
    let version = available(user.wait_until_finished(plan.upload_id).await);
    assert!(user.read(version.file_id).await == content, "other bytes came back");
}
