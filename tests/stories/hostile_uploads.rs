//! Tests that bytes which differ from the declaration never become a version, whoever detects them.

use aws_sdk_s3::primitives::ByteStream;
use serde_json::{Value, json};
use sluice_domain::hash::Sha256;
use sluice_domain::id::{AccountId, UploadId};
use sluice_domain::key::LandingKey;
use sluice_tests::{Client, bytes, live, text};
use std::time::Duration;

use crate::support::Worker;

const MIB: usize = 1 << 20;
const SHA1_OF_NOTHING: &str = "da39a3ee5e6b4b0d3255bfef95601890afd80709";

async fn account_id(user: &Client) -> AccountId {
    let account = user.get("/accounts/me").await.expect(200);
    text(&account["account_id"]).parse().expect("an id")
}

/// Waits until the landing bucket has no objects of the user.
pub async fn wait_until_landing_is_empty(user: &Client) {
    let worker = Worker::new(live());
    let account = account_id(user).await;
    for _ in 0..600 {
        if worker.landing_keys(account).await.is_empty() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the landed object stays");
}

/// Waits until an upload is rejected for this reason, and checks that nothing of it is left.
async fn check_rejected(user: &Client, upload_id: &str, reason: &str) {
    let upload = user.wait_until_finished(upload_id).await;
    assert_eq!((&upload["state"], &upload["reason"]), (&json!("rejected"), &json!(reason)), "{upload}");
    assert_eq!(
        (&upload["version"]["state"], &upload["version"]["reason"]),
        (&json!("rejected"), &json!(reason))
    );
    assert_eq!(user.usage().await, (0, 0));
    assert_eq!(user.stat(text(&upload["path"])).await, Value::Null);
    wait_until_landing_is_empty(user).await;
    let worker = Worker::new(live());
    assert_eq!(worker.vault_keys(account_id(user).await).await, Vec::<String>::new());
    let again =
        user.post(&format!("/uploads/{upload_id}/parts"), &json!({ "parts": [{ "number": 1 }] })).await;
    again.expect_problem(409, "upload_ended");
}

#[tokio::test]
async fn a_wrong_sha1_is_detected() {
    let user = Client::register(live()).await;
    let content = bytes(31, 5000);
    let request = json!({ "path": "file", "size": content.len(), "sha1": SHA1_OF_NOTHING });
    let plan = user.post("/uploads", &request).await.expect(201);
    user.send_parts(&plan, &content).await;
    check_rejected(&user, text(&plan["upload_id"]), "sha1_mismatch").await;
}

#[tokio::test]
async fn a_wrong_sha256_of_an_upload_in_parts_is_detected() {
    let user = Client::register(live()).await;
    let content = bytes(32, 6 * MIB);
    let declared = Sha256::of(&content[1..]).to_string();
    let request = json!({ "path": "file", "size": content.len(), "sha256": declared, "part_size": 5 * MIB });
    let plan = user.post("/uploads", &request).await.expect(201);
    let sent = user.send_parts(&plan, &content).await;
    let upload_id = text(&plan["upload_id"]);
    let version =
        user.post(&format!("/uploads/{upload_id}/complete"), &sent).await.expect(202)["version"].clone();
    check_rejected(&user, upload_id, "sha256_mismatch").await;
    let content = user.get(&format!("/files/{}/content", text(&version["file_id"]))).await;
    content.expect_problem(409, "version_not_available");
}

#[tokio::test]
async fn an_object_of_another_size_that_the_store_accepted_is_detected() {
    let s3 = aws_sdk_s3::Client::new(&live().sdk);
    for size in [0, 999, 1001] {
        let user = Client::register(live()).await;
        let plan = user.post("/uploads", &json!({ "path": "file", "size": 1000 })).await.expect(201);
        let upload_id: UploadId = text(&plan["upload_id"]).parse().expect("an id");
        let key = LandingKey { account_id: account_id(&user).await, upload_id };
        s3.put_object()
            .bucket(live().setting("SLUICE_LANDING_BUCKET"))
            .key(key.to_string())
            .body(ByteStream::from(bytes(33, size)))
            .send()
            .await
            .expect("put");
        check_rejected(&user, &upload_id.to_string(), "size_mismatch").await;
    }
}

#[tokio::test]
async fn the_store_refuses_a_body_that_differs_from_the_declared_one() {
    let user = Client::register(live()).await;
    let content = bytes(34, 4000);
    let plan = user.begin("file", &content).await;
    let part = &plan["parts"][0];
    let mut corrupted = content.clone();
    corrupted[1234] ^= 1;
    let reply = user.put_part(part, corrupted).await;
    assert_eq!(reply.status, 400, "{}", reply.body);

    // reqwest sends the real length of the body, which is not the signed one.
    let headers = part["headers"].as_object().expect("headers").iter();
    let headers: Vec<_> = headers.filter(|(name, _)| *name != "content-length").collect();
    let headers: Vec<_> = headers.into_iter().map(|(name, value)| (name.as_str(), text(value))).collect();
    for body in [bytes(34, 3999), bytes(34, 4001), Vec::new()] {
        let length = body.len();
        let reply = user.put_to(text(&part["url"]), &headers, body).await;
        assert_eq!(reply.status, 403, "{length} bytes: {}", reply.body);
    }
    let path = format!("/uploads/{}", text(&plan["upload_id"]));
    let upload = user.get(&path).await.expect(200);
    assert_eq!((&upload["state"], &upload["received"]), (&json!("open"), &Value::Null), "{upload}");

    assert_eq!(user.put_part(part, content).await.status, 200);
    assert_eq!(user.wait_until_finished(text(&plan["upload_id"])).await["state"], "available");
}

#[tokio::test]
async fn the_store_refuses_a_part_damaged_in_transit() {
    let user = Client::register(live()).await;
    let content = bytes(35, 6 * MIB);
    let request = json!({ "path": "file", "size": content.len(), "part_size": 5 * MIB, "part_sha256": true });
    let plan = user.post("/uploads", &request).await.expect(201);
    assert_eq!(plan["parts"], json!([]), "a URL before its part's hash is known");
    let upload = format!("/uploads/{}", text(&plan["upload_id"]));
    let mut sent = Vec::new();
    for (number, part) in (1..).zip(content.chunks(5 * MIB)) {
        let request = json!({ "parts": [{ "number": number, "sha256": Sha256::of(part).to_string() }] });
        let url = user.post(&format!("{upload}/parts"), &request).await.expect(200)["parts"][0].clone();
        let mut damaged = part.to_vec();
        damaged[part.len() / 2] ^= 0x80;
        let reply = user.put_part(&url, damaged).await;
        assert_eq!(reply.status, 400, "{}", reply.body);
        let reply = user.put_part(&url, part.to_vec()).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        sent.push(json!({ "number": number, "etag": reply.header("etag") }));
    }
    user.post(&format!("{upload}/complete"), &json!({ "parts": sent })).await.expect(202);
    let upload = user.wait_until_finished(text(&plan["upload_id"])).await;
    assert_eq!(upload["state"], "available", "{upload}");
    assert!(user.read(text(&upload["version"]["file_id"])).await == content, "other bytes came back");
}
