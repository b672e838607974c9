//! Tests uploads of a single PUT, and init-upload's answers about uploads.

use reqwest::Method;
use serde_json::{Value, json};
use sluice_contracts::problem::Code;
use sluice_contracts::uploads::{Completed, PartUrls, ReceivedPart, UploadList, UploadPlan};
use sluice_domain::hash::Sha256;
use sluice_domain::id::UploadId;
use sluice_domain::part_plan::{PartNumber, UploadMethod};
use sluice_domain::upload::UploadState;
use sluice_domain::version::VersionState;
use sluice_tests::{Client, Reply, available, bytes, live, paused, store_kind, wait_for};

const MIB: usize = 1 << 20;

#[tokio::test]
async fn a_client_that_dies_right_after_the_put_has_uploaded() {
    let user = Client::register(live()).await;
    for (seed, size) in [(61, 0), (62, 1), (63, 12_345)] {
        let content = bytes(seed, size);
        let path = format!("{size} bytes");
        let plan = user.begin(&path, &content).await;
        assert_eq!((plan.method, plan.part_count), (UploadMethod::Put, 1), "{plan:?}");
        user.send_parts(&plan, &content).await;
        let version = available(user.wait_for_single_put(&plan).await);
        assert_eq!(version.sha256, Some(Sha256::of(&content)));
        assert_eq!(user.read(user.file(&path).await.file_id).await, content);
    }
    assert_eq!(user.usage().await, (12_346, 0));
}

#[tokio::test]
async fn a_single_put_is_completed_with_its_part_or_without() {
    let user = Client::register(paused()).await;
    let content = bytes(64, 1000);
    for with_part in [true, false] {
        let plan = user.begin("file", &content).await;
        let complete = async |parts: Value| user.complete(plan.upload_id, &json!({ "parts": parts })).await;
        complete(json!([])).await.expect_problem(409, Code::PartsMissing);
        let sent = user.send_parts(&plan, &content).await;
        let wrong = json!([{ "number": 1, "etag": "d41d8cd98f00b204e9800998ecf8427e" }]);
        complete(wrong).await.expect_problem(409, Code::PartMismatch);
        let second = json!([{ "number": 2, "etag": sent.parts[0].etag }]);
        complete(second).await.expect_problem(400, Code::InvalidParts);
        let completed = complete(if with_part { json!(sent.parts) } else { json!([]) }).await;
        let version = completed.parse::<Completed>(202).version;
        assert_eq!(version.state, VersionState::Pending, "{version:?}");
        assert_eq!(version.version_id, plan.version_id);
    }
}

/// The session that signs has 45 minutes to an hour left, and the URL ends a minute before it.
#[tokio::test]
async fn a_url_ends_before_the_session_that_signed_it() {
    if store_kind().is_some() {
        return;
    }
    let user = Client::register(live()).await;
    let plan = user.begin("file", b"short").await;
    let url: reqwest::Url = plan.parts[0].url.parse().expect("a URL");
    let value = |name: &str| {
        let found = url.query_pairs().find(|(key, _)| key == name);
        found.unwrap_or_else(|| panic!("the URL has no {name}")).1.into_owned()
    };
    let seconds: u64 = value("X-Amz-Expires").parse().expect("seconds");
    assert!((43 * 60..=59 * 60).contains(&seconds), "{seconds} s");
    assert!(!value("X-Amz-Security-Token").is_empty());
}

#[tokio::test]
async fn urls_are_issued_only_for_parts_of_the_plan() {
    let user = Client::register(live()).await;
    let begin = |more: Value| {
        let mut request = json!({ "path": "file", "size": 12 * MIB, "part_size": 5 * MIB });
        request.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        request
    };
    let plain = user.post("/uploads", &begin(json!({}))).await.plan();
    let promised = user.post("/uploads", &begin(json!({ "part_sha256": true }))).await.plan();
    let some = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let many: Vec<Value> = (1..=101).map(|number| json!({ "number": number })).collect();
    for (plan, parts, code) in [
        (&plain, json!([]), Code::InvalidRequest),
        (&plain, json!(many), Code::InvalidRequest),
        (&plain, json!([{ "number": 0 }]), Code::InvalidRequest),
        (&plain, json!([{ "number": 4 }]), Code::InvalidParts),
        (&plain, json!([{ "number": 1 }, { "number": 1 }]), Code::InvalidParts),
        (&plain, json!([{ "number": 1, "sha256": some }]), Code::InvalidParts),
        (&promised, json!([{ "number": 1 }]), Code::InvalidParts),
        (&promised, json!([{ "number": 1, "sha256": "abc" }]), Code::InvalidRequest),
    ] {
        let path = format!("/uploads/{}/parts", plan.upload_id);
        user.post(&path, &json!({ "parts": parts })).await.expect_problem(400, code);
    }
    let path = format!("/uploads/{}/parts", plain.upload_id);
    let given = user.post(&path, &json!({ "parts": [{ "number": 3 }, { "number": 1 }] })).await;
    let given: PartUrls = given.parse(200);
    let given: Vec<_> = given.parts.iter().map(|part| (part.number.get(), part.size)).collect();
    assert_eq!(given, [(3, 2 * MIB as u64), (1, 5 * MIB as u64)]);
}

#[tokio::test]
async fn an_upload_shows_what_the_bucket_has_received() {
    let user = Client::register(paused()).await;
    let content = bytes(65, 6 * MIB);
    let request = json!({ "path": "file", "size": content.len(), "part_size": 5 * MIB });
    let plan = user.post("/uploads", &request).await.plan();
    let upload = user.show_upload(plan.upload_id).await;
    assert_eq!((upload.state, upload.received.len()), (UploadState::Open, 0), "{upload:?}");
    let reply = user.put_part(&plan.parts[1], content[5 * MIB..].to_vec()).await;
    let etag = reply.header("etag").expect("an ETag").trim_matches('"').to_owned();
    let upload = user.show_upload(plan.upload_id).await;
    let second = ReceivedPart { number: plan.parts[1].number, size: MIB as u64, etag };
    assert_eq!(upload.received, [second]);

    let single = user.begin("single", &content[..10]).await;
    user.send_parts(&single, &content[..10]).await;
    let upload = user.show_upload(single.upload_id).await;
    assert_eq!((upload.received[0].number, upload.received[0].size), (PartNumber::FIRST, 10));
}

/// The ids in a list of uploads.
fn ids(list: &UploadList) -> Vec<UploadId> {
    list.uploads.iter().map(|upload| upload.upload_id).collect()
}

#[tokio::test]
async fn open_uploads_are_listed_once_and_others_on_request() {
    let user = Client::register(live()).await;
    let mut open = Vec::new();
    for number in 0..5 {
        let request = json!({ "path": format!("file {number}"), "size": 10 });
        let plan = user.post("/uploads", &request).await.plan();
        open.push(plan.upload_id);
    }
    let ended = open.pop().expect("five");
    user.delete(&format!("/uploads/{ended}")).await.expect(204);
    open.sort_unstable();
    // The list is an index, which lags.
    wait_for("the list of open uploads", async || {
        let mut listed = ids(&user.get("/uploads").await.parse(200));
        listed.sort_unstable();
        if listed == open { Ok(()) } else { Err(listed) }
    })
    .await;
    for limit in ["1", "2", "3", "100"] {
        let mut listed = Vec::new();
        let mut cursor = None::<String>;
        loop {
            let parameters = [("limit", Some(limit)), ("cursor", cursor.as_deref())];
            let parameters: Vec<_> =
                parameters.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
            let page: UploadList = user.query("/uploads", &parameters).await.parse(200);
            listed.extend(ids(&page));
            cursor = page.next_cursor;
            if cursor.is_none() {
                break;
            }
        }
        listed.sort_unstable();
        assert_eq!(listed, open, "limit {limit}");
    }
    let never = "01a1e930027b70a181ce0a11ce0a11ce";
    let asked = user.get(&format!("/uploads?ids={ended},{never},{}", open[0])).await;
    let mut found = ids(&asked.parse(200));
    found.sort_unstable();
    let mut expected = [ended, open[0]];
    expected.sort_unstable();
    assert_eq!(found, expected);
    let too_many: Vec<String> = (0..101).map(|number| format!("{number:032x}")).collect();
    for bad in ["", "x", &format!("{never},"), &too_many.join(",")] {
        user.get(&format!("/uploads?ids={bad}")).await.expect_problem(400, Code::InvalidRequest);
    }
}

async fn begin_with(user: &Client, key: &str, body: &Value, if_match: Option<&str>) -> Reply {
    let mut headers = vec![("idempotency-key", key)];
    headers.extend(if_match.map(|version| ("if-match", version)));
    user.send(Method::POST, "/uploads", &headers, body).await
}

#[tokio::test]
async fn an_idempotency_key_makes_one_upload_of_one_request() {
    let user = Client::register(live()).await;
    let other = Client::register(live()).await;
    let content = bytes(66, 1000);
    let request = json!({ "path": "file", "size": 1000, "sha256": Sha256::of(&content) });
    let first = begin_with(&user, "key", &request, None).await.plan();
    let second = begin_with(&user, "key", &request, None).await.plan();
    let identity = |plan: &UploadPlan| (plan.upload_id, plan.version_id, plan.expires_at);
    assert_eq!(identity(&first), identity(&second));
    assert_eq!(user.usage().await, (0, 1000), "reserved once");
    let another = json!({ "path": "another", "size": 1000 });
    begin_with(&user, "key", &another, None).await.expect_problem(422, Code::IdempotencyKeyReused);
    let third = begin_with(&user, "another key", &another, None).await.plan();
    assert_ne!(third.upload_id, first.upload_id);
    let others = begin_with(&other, "key", &another, None).await.plan();
    assert_ne!(others.upload_id, first.upload_id, "a key is one account's own");

    user.send_parts(&second, &content).await;
    user.wait_for_single_put(&first).await;
    let done = begin_with(&user, "key", &request, None).await.instant();
    assert_eq!(done.version_id, first.version_id, "{done:?}");
    begin_with(&user, "key", &another, None).await.expect_problem(422, Code::IdempotencyKeyReused);
    let known = json!({ "path": "known", "size": 1000, "sha256": request["sha256"] });
    begin_with(&user, "key", &known, None).await.expect_problem(422, Code::IdempotencyKeyReused);
    assert_eq!(user.stat("known").await, None);
}

#[tokio::test]
async fn a_repeated_conditional_request_gets_the_first_answer_although_the_condition_no_longer_holds() {
    let user = Client::register(live()).await;
    let before = user.upload("file", b"before").await;
    let condition = format!("\"{}\"", before.version_id);
    let request = json!({ "path": "file", "size": 5 });
    let plan = begin_with(&user, "key", &request, Some(&condition)).await.plan();
    user.send_parts(&plan, b"after").await;
    available(user.wait_for_single_put(&plan).await);
    let repeat = begin_with(&user, "key", &request, Some(&condition)).await.instant();
    assert_eq!(repeat.version_id, plan.version_id, "{repeat:?}");
    begin_with(&user, "another key", &request, Some(&condition))
        .await
        .expect_problem(412, Code::PreconditionFailed);
}
