//! Tests uploads of a single PUT, and init-upload's answers about uploads.

use reqwest::Method;
use serde_json::{Value, json};
use sluice_domain::hash::Sha256;
use sluice_tests::{Client, Reply, bytes, live, paused, text};

const MIB: usize = 1 << 20;

#[tokio::test]
async fn a_client_that_dies_right_after_the_put_has_uploaded() {
    let user = Client::register(live()).await;
    for (seed, size) in [(61, 0), (62, 1), (63, 12_345)] {
        let content = bytes(seed, size);
        let path = format!("{size} bytes");
        let plan = user.begin(&path, &content).await;
        assert_eq!((&plan["method"], &plan["part_count"]), (&json!("put"), &json!(1)), "{plan}");
        user.send_parts(&plan, &content).await;
        let upload = user.wait_for_single_put(&plan).await;
        assert_eq!(upload["state"], "available", "{upload}");
        assert_eq!(upload["version"]["sha256"], Sha256::of(&content).to_string());
        assert_eq!(user.read(text(&user.stat(&path).await["file_id"])).await, content);
    }
    assert_eq!(user.usage().await, (12_346, 0));
}

#[tokio::test]
async fn a_single_put_is_completed_with_its_part_or_without() {
    let user = Client::register(paused()).await;
    let content = bytes(64, 1000);
    for with_part in [true, false] {
        let plan = user.begin("file", &content).await;
        let complete = format!("/uploads/{}/complete", text(&plan["upload_id"]));
        let none = json!({ "parts": [] });
        user.post(&complete, &none).await.expect_problem(409, "parts_missing");
        let sent = user.send_parts(&plan, &content).await;
        let wrong = json!({ "parts": [{ "number": 1, "etag": "d41d8cd98f00b204e9800998ecf8427e" }] });
        user.post(&complete, &wrong).await.expect_problem(409, "part_mismatch");
        let second = json!({ "parts": [{ "number": 2, "etag": sent["parts"][0]["etag"] }] });
        user.post(&complete, &second).await.expect_problem(400, "invalid_parts");
        let version = user.post(&complete, if with_part { &sent } else { &none }).await.expect(202);
        assert_eq!(version["version"]["state"], "pending", "{version}");
        assert_eq!(version["version"]["version_id"], plan["version_id"]);
    }
}

#[tokio::test]
async fn urls_are_issued_only_for_parts_of_the_plan() {
    let user = Client::register(live()).await;
    let begin = |more: Value| {
        let mut request = json!({ "path": "file", "size": 12 * MIB, "part_size": 5 * MIB });
        request.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        request
    };
    let plain = user.post("/uploads", &begin(json!({}))).await.expect(201);
    let promised = user.post("/uploads", &begin(json!({ "part_sha256": true }))).await.expect(201);
    let some = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let many: Vec<Value> = (1..=101).map(|number| json!({ "number": number })).collect();
    for (plan, parts, code) in [
        (&plain, json!([]), "invalid_request"),
        (&plain, json!(many), "invalid_request"),
        (&plain, json!([{ "number": 0 }]), "invalid_request"),
        (&plain, json!([{ "number": 4 }]), "invalid_parts"),
        (&plain, json!([{ "number": 1 }, { "number": 1 }]), "invalid_parts"),
        (&plain, json!([{ "number": 1, "sha256": some }]), "invalid_parts"),
        (&promised, json!([{ "number": 1 }]), "invalid_parts"),
        (&promised, json!([{ "number": 1, "sha256": "abc" }]), "invalid_request"),
    ] {
        let path = format!("/uploads/{}/parts", text(&plan["upload_id"]));
        user.post(&path, &json!({ "parts": parts })).await.expect_problem(400, code);
    }
    let path = format!("/uploads/{}/parts", text(&plain["upload_id"]));
    let given = user.post(&path, &json!({ "parts": [{ "number": 3 }, { "number": 1 }] })).await.expect(200);
    let given = given["parts"].as_array().expect("parts").iter();
    let given: Vec<_> = given.map(|part| (part["number"].as_u64(), part["size"].as_u64())).collect();
    assert_eq!(given, [(Some(3), Some(2 * MIB as u64)), (Some(1), Some(5 * MIB as u64))]);
}

#[tokio::test]
async fn an_upload_shows_what_the_bucket_has_received() {
    let user = Client::register(paused()).await;
    let content = bytes(65, 6 * MIB);
    let request = json!({ "path": "file", "size": content.len(), "part_size": 5 * MIB });
    let plan = user.post("/uploads", &request).await.expect(201);
    let path = format!("/uploads/{}", text(&plan["upload_id"]));
    let upload = user.get(&path).await.expect(200);
    assert_eq!((&upload["state"], &upload["received"]), (&json!("open"), &Value::Null), "{upload}");
    let reply = user.put_part(&plan["parts"][1], content[5 * MIB..].to_vec()).await;
    let etag = reply.header("etag").expect("an ETag").trim_matches('"').to_owned();
    let upload = user.get(&path).await.expect(200);
    assert_eq!(upload["received"], json!([{ "number": 2, "size": MIB, "etag": etag }]), "{upload}");

    let single = user.begin("single", &content[..10]).await;
    user.send_parts(&single, &content[..10]).await;
    let upload = user.get(&format!("/uploads/{}", text(&single["upload_id"]))).await.expect(200);
    assert_eq!((&upload["received"][0]["number"], &upload["received"][0]["size"]), (&json!(1), &json!(10)));
}

/// The ids in a list of uploads.
fn ids(list: &Value) -> Vec<String> {
    let uploads = list["uploads"].as_array().expect("uploads").iter();
    uploads.map(|upload| text(&upload["upload_id"]).to_owned()).collect()
}

#[tokio::test]
async fn open_uploads_are_listed_once_and_others_on_request() {
    let user = Client::register(live()).await;
    let mut open = Vec::new();
    for number in 0..5 {
        let request = json!({ "path": format!("file {number}"), "size": 10 });
        let plan = user.post("/uploads", &request).await.expect(201);
        open.push(text(&plan["upload_id"]).to_owned());
    }
    let ended = open.pop().expect("five");
    user.delete(&format!("/uploads/{ended}")).await.expect(204);
    open.sort_unstable();
    for limit in ["1", "2", "3", "100"] {
        let mut listed = Vec::new();
        let mut cursor = None::<String>;
        loop {
            let parameters = [("limit", Some(limit)), ("cursor", cursor.as_deref())];
            let parameters: Vec<_> =
                parameters.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
            let page = user.query("/uploads", &parameters).await.expect(200);
            listed.extend(ids(&page));
            let Some(next) = page["next_cursor"].as_str() else { break };
            cursor = Some(next.to_owned());
        }
        listed.sort_unstable();
        assert_eq!(listed, open, "limit {limit}");
    }
    let never = "01a1e930027b70a181ce0a11ce0a11ce";
    let asked = user.get(&format!("/uploads?ids={ended},{never},{}", open[0])).await.expect(200);
    let mut found = ids(&asked);
    found.sort_unstable();
    let mut expected = [ended, open[0].clone()];
    expected.sort_unstable();
    assert_eq!(found, expected);
    let too_many: Vec<String> = (0..101).map(|number| format!("{number:032x}")).collect();
    for bad in ["", "x", &format!("{never},"), &too_many.join(",")] {
        user.get(&format!("/uploads?ids={bad}")).await.expect_problem(400, "invalid_request");
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
    let request = json!({ "path": "file", "size": 1000, "sha256": Sha256::of(&content).to_string() });
    let first = begin_with(&user, "key", &request, None).await.expect(201);
    let second = begin_with(&user, "key", &request, None).await.expect(201);
    for field in ["upload_id", "version_id", "expires_at"] {
        assert_eq!(first[field], second[field], "{field}");
    }
    assert_eq!(user.usage().await, (0, 1000), "reserved once");
    let another = json!({ "path": "another", "size": 1000 });
    begin_with(&user, "key", &another, None).await.expect_problem(422, "idempotency_key_reused");
    let third = begin_with(&user, "another key", &another, None).await.expect(201);
    assert_ne!(third["upload_id"], first["upload_id"]);
    let others = begin_with(&other, "key", &another, None).await.expect(201);
    assert_ne!(others["upload_id"], first["upload_id"], "a key is one account's own");

    user.send_parts(&second, &content).await;
    user.wait_for_single_put(&first).await;
    let done = begin_with(&user, "key", &request, None).await.expect(200);
    assert_eq!(done["version"]["version_id"], first["version_id"], "{done}");
    begin_with(&user, "key", &another, None).await.expect_problem(422, "idempotency_key_reused");
    let known = json!({ "path": "known", "size": 1000, "sha256": request["sha256"] });
    begin_with(&user, "key", &known, None).await.expect_problem(422, "idempotency_key_reused");
    assert_eq!(user.stat("known").await, Value::Null);
}

#[tokio::test]
async fn a_repeated_conditional_request_gets_the_first_answer_although_the_condition_no_longer_holds() {
    let user = Client::register(live()).await;
    let before = user.upload("file", b"before").await["version"].clone();
    let condition = format!("\"{}\"", text(&before["version_id"]));
    let request = json!({ "path": "file", "size": 5 });
    let plan = begin_with(&user, "key", &request, Some(&condition)).await.expect(201);
    user.send_parts(&plan, b"after").await;
    let upload = user.wait_for_single_put(&plan).await;
    assert_eq!(upload["state"], "available", "{upload}");
    let repeat = begin_with(&user, "key", &request, Some(&condition)).await.expect(200);
    assert_eq!(repeat["version"]["version_id"], plan["version_id"], "{repeat}");
    begin_with(&user, "another key", &request, Some(&condition))
        .await
        .expect_problem(412, "precondition_failed");
}
