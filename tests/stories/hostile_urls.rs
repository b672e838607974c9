//! Tests that a presigned URL allows one kind of request to one key for a limited time, and nothing else.

use reqwest::{Method, Url};
use serde_json::json;
use sluice_contracts::uploads::{PartUrl, PartUrls, UploadPlan};
use sluice_deployment::clock;
use sluice_domain::upload::UploadState;
use sluice_lambda::Call;
use sluice_tests::{Client, available, bytes, live};
use std::sync::Arc;
use std::time::Duration;

use crate::hostile_uploads::wait_until_landing_is_empty;
use crate::support::call;

const MIB: usize = 1 << 20;

/// The part of a plan with another URL.
fn with_url(part: &PartUrl, url: impl Into<String>) -> PartUrl {
    PartUrl { url: url.into(), ..part.clone() }
}

/// The URL with the value of one parameter replaced.
fn tampered(url: &str, name: &str, value: &str) -> String {
    let mut changed = Url::parse(url).expect("a URL");
    let pairs: Vec<(String, String)> = changed.query_pairs().into_owned().collect();
    assert!(pairs.iter().any(|(key, before)| key == name && before != value), "no other {name} in the URL");
    let replace = |(key, before)| if key == name { (key, value.to_owned()) } else { (key, before) };
    changed.query_pairs_mut().clear().extend_pairs(pairs.into_iter().map(replace));
    changed.into()
}

#[tokio::test]
async fn a_changed_url_is_refused() {
    let user = Client::register(live()).await;
    let content = bytes(41, 6 * MIB);
    let request = json!({ "path": "file", "size": content.len(), "part_size": 5 * MIB });
    let plan = user.post("/uploads", &request).await.plan();
    let other = user.post("/uploads", &request).await.plan();
    let part = &plan.parts[1];
    let url = &*part.url;
    let lives_longer = tampered(url, "X-Amz-Expires", "604800");
    let begins_later = tampered(url, "X-Amz-Date", "20991231T235959Z");
    let other_part = tampered(url, "partNumber", "1");
    let other_key = url.replace(&plan.upload_id.to_string(), &other.upload_id.to_string());
    let unsigned = url.split("&X-Amz-Signature").next().expect("a URL").to_owned();
    let signs_less = tampered(url, "X-Amz-SignedHeaders", "host");
    let bare = url.split('?').next().expect("a URL").to_owned();
    for changed in [lives_longer, begins_later, other_part, other_key, unsigned, signs_less, bare] {
        assert_ne!(changed, url);
        let reply = user.put_part(&with_url(part, changed), content[5 * MIB..].to_vec()).await;
        assert!(matches!(reply.status, 400 | 403), "{}: {}", reply.status, reply.body);
    }
    for id in [plan.upload_id, other.upload_id] {
        let upload = user.show_upload(id).await;
        assert!(upload.received.is_empty(), "{upload:?}");
    }
    assert_eq!(user.put_part(part, content[5 * MIB..].to_vec()).await.status, 200);
}

#[tokio::test]
async fn a_signed_header_cannot_be_omitted_or_changed() {
    let user = Client::register(live()).await;
    let content = bytes(42, 1000);
    let plan = user.begin("file", &content).await;
    let part = &plan.parts[0];
    let in_headers = part.headers.keys().any(|name| name.contains("sha256"));
    assert!(in_headers || part.url.contains("x-amz-checksum-sha256"), "the hash is not signed: {part:?}");
    let mut forged = part.clone();
    if in_headers {
        forged.headers.retain(|name, _| !name.contains("sha256"));
    } else {
        let url = Url::parse(&part.url).expect("a URL");
        let kept: Vec<_> = url.query_pairs().filter(|(name, _)| name != "x-amz-checksum-sha256").collect();
        let bare = part.url.split('?').next().expect("a URL");
        forged.url = Url::parse_with_params(bare, kept).expect("a URL").into();
    }
    assert_eq!(user.put_part(&forged, bytes(43, 1000)).await.status, 403);
    assert_eq!(user.put_part(part, content).await.status, 200);
}

#[tokio::test]
async fn an_expired_url_is_refused_and_a_fresh_one_works() {
    let user = Client::register(live()).await;
    let content = bytes(44, 6 * MIB);
    let app = Arc::new(init_upload::App::new(&live().deployment_of("init-upload")).expect("an app"));
    let two_hours_ago = clock::now().unix_milliseconds() - Duration::from_hours(2).as_millis() as u64;
    let begin = Call {
        now: sluice_domain::time::Timestamp::from_unix_milliseconds(two_hours_ago),
        ..call(
            &user,
            Method::POST,
            "/uploads",
            &json!({ "path": "file", "size": content.len(), "part_size": 5 * MIB }),
        )
    };
    let reply = init_upload::handle(app, begin).await.expect("an upload");
    let mut plan: UploadPlan = serde_json::from_slice(reply.body()).expect("a plan");
    for (part, bytes) in plan.parts.iter().zip(content.chunks(5 * MIB)) {
        let reply = user.put_part(part, bytes.to_vec()).await;
        assert_eq!(reply.status, 403, "{}", reply.body);
    }
    let numbers = json!({ "parts": [{ "number": 1 }, { "number": 2 }] });
    let fresh = user.post(&format!("/uploads/{}/parts", plan.upload_id), &numbers).await;
    plan.parts = fresh.parse::<PartUrls>(200).parts;
    let sent = user.send_parts(&plan, &content).await;
    user.complete(plan.upload_id, &sent).await.expect(202);
    available(user.wait_until_finished(plan.upload_id).await);
}

#[tokio::test]
async fn a_url_used_after_an_abort_restores_nothing() {
    let user = Client::register(live()).await;
    let content = bytes(45, 1000);
    let single = user.begin("single", &content).await;
    let parts = json!({ "path": "parts", "size": 6 * MIB, "part_size": 5 * MIB });
    let multipart = user.post("/uploads", &parts).await.plan();
    for plan in [&single, &multipart] {
        user.delete(&format!("/uploads/{}", plan.upload_id)).await.expect(204);
    }
    let late = user.put_part(&multipart.parts[0], bytes(46, 5 * MIB)).await;
    assert_eq!(late.status, 404, "{}", late.body);

    // The URL of a single PUT cannot be revoked, so its object is cleaned up.
    assert_eq!(user.put_part(&single.parts[0], content).await.status, 200);
    wait_until_landing_is_empty(&user).await;
    let upload = user.show_upload(single.upload_id).await;
    assert_eq!((upload.state, &upload.version), (UploadState::Aborted, &None), "{upload:?}");
    assert_eq!(user.stat("single").await, None);
    assert_eq!(user.usage().await, (0, 0));
}
