//! Tests completing and aborting uploads: wrongly, twice, concurrently and one after the other.

use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use sluice_domain::hash::Sha256;
use sluice_tests::{Client, bytes, live, text};

const MIB: usize = 1 << 20;
const MD5_OF_NOTHING: &str = "d41d8cd98f00b204e9800998ecf8427e";

/// An upload of three parts that have all been sent.
struct Sent {
    user: Client,
    path: String,
    /// The parts as the completion lists them.
    parts: Vec<Value>,
    content: Vec<u8>,
}

impl Sent {
    async fn new(seed: u64) -> Self {
        let user = Client::register(live()).await;
        let content = bytes(seed, 10 * MIB + 1);
        let request = json!({ "path": "file", "size": content.len(), "part_size": 5 * MIB });
        let plan = user.post("/uploads", &request).await.expect(201);
        let sent = user.send_parts(&plan, &content).await;
        let parts = sent["parts"].as_array().expect("parts").clone();
        Self { user, path: format!("/uploads/{}", text(&plan["upload_id"])), parts, content }
    }

    async fn complete(&self, parts: &[Value]) -> sluice_tests::Reply {
        self.user.post(&format!("{}/complete", self.path), &json!({ "parts": parts })).await
    }

    /// Completes with a hash that was not declared when the upload began.
    async fn complete_as(&self, sha256: &str) -> sluice_tests::Reply {
        let completion = json!({ "parts": self.parts, "sha256": sha256 });
        self.user.post(&format!("{}/complete", self.path), &completion).await
    }

    async fn wait_until_finished(&self) -> Value {
        self.user.wait_until_finished(self.path.rsplit('/').next().expect("an id")).await
    }

    /// Checks that there is one version, that it is available, and that it counts once.
    async fn check_available(&self) {
        let upload = self.wait_until_finished().await;
        assert_eq!(upload["state"], "available", "{upload}");
        let file_id = text(&upload["version"]["file_id"]);
        assert_eq!(self.user.versions(file_id).await.len(), 1);
        assert!(self.user.read(file_id).await == self.content, "other bytes came back");
        assert_eq!(self.user.usage().await, (self.content.len() as u64, 0));
    }
}

#[tokio::test]
async fn a_list_of_parts_that_differs_from_the_plan_is_refused_and_harms_nothing() {
    let sent = Sent::new(51).await;
    let [one, two, three] = &sent.parts[..] else { panic!("not three parts: {:?}", sent.parts) };
    let part = |number: u32, etag: &str| json!({ "number": number, "etag": etag });
    let four = part(4, text(&three["etag"]));
    let swapped = part(2, text(&one["etag"]));
    for (label, parts, status, code) in [
        ("none", vec![], 409, "parts_missing"),
        ("a missing one", vec![one, three], 409, "parts_missing"),
        ("an extra one", vec![one, two, three, &four], 400, "invalid_parts"),
        ("reordered", vec![two, one, three], 400, "invalid_parts"),
        ("a double one", vec![one, two, two, three], 400, "invalid_parts"),
        ("another part's ETag", vec![one, &swapped, three], 409, "part_mismatch"),
        ("a wrong ETag", vec![one, two, &part(3, MD5_OF_NOTHING)], 409, "part_mismatch"),
        ("an empty ETag", vec![one, two, &part(3, "")], 409, "part_mismatch"),
        ("part 0", vec![&part(0, "x"), one, two, three], 400, "invalid_request"),
        ("part 10001", vec![one, two, three, &part(10_001, "x")], 400, "invalid_request"),
    ] {
        let parts: Vec<Value> = parts.into_iter().cloned().collect();
        let reply = sent.complete(&parts).await;
        assert_eq!(
            (reply.status, reply.body["code"].as_str()),
            (status, Some(code)),
            "{label}: {}",
            reply.body
        );
    }
    assert_eq!(sent.user.get(&sent.path).await.expect(200)["state"], "open");
    sent.complete(&sent.parts).await.expect(202);
    sent.check_available().await;
}

#[tokio::test]
async fn an_etag_is_compared_without_quotes_and_without_case() {
    let sent = Sent::new(52).await;
    let mut parts = sent.parts.clone();
    parts[0]["etag"] = text(&parts[0]["etag"]).trim_matches('"').into();
    parts[1]["etag"] = text(&parts[1]["etag"]).to_uppercase().into();
    parts[2]["etag"] = format!("\"{}\"", text(&parts[2]["etag"]).trim_matches('"')).into();
    sent.complete(&parts).await.expect(202);
    sent.check_available().await;
}

#[tokio::test]
async fn a_part_that_was_never_sent_is_named() {
    let user = Client::register(live()).await;
    let content = bytes(53, 10 * MIB + 1);
    let request = json!({ "path": "file", "size": content.len(), "part_size": 5 * MIB });
    let plan = user.post("/uploads", &request).await.expect(201);
    let path = format!("/uploads/{}", text(&plan["upload_id"]));
    let mut but_the_second = plan.clone();
    but_the_second["parts"].as_array_mut().expect("parts").remove(1);
    let mut sent = user.send_parts(&but_the_second, &content).await;
    sent["parts"].as_array_mut().expect("parts").insert(1, json!({ "number": 2, "etag": MD5_OF_NOTHING }));
    let problem = user.post(&format!("{path}/complete"), &sent).await.expect_problem(409, "parts_missing");
    assert!(text(&problem["detail"]).ends_with(": 2"), "{problem}");

    let upload = user.get(&path).await.expect(200);
    let received = upload["received"].as_array().expect("parts").iter();
    let received: Vec<_> = received.map(|part| (part["number"].as_u64(), part["size"].as_u64())).collect();
    assert_eq!(received, [(Some(1), Some(5 * MIB as u64)), (Some(3), Some(1))]);
    let missing = json!({ "part_size": plan["part_size"], "parts": [plan["parts"][1]] });
    let second = user.send_parts(&missing, &content).await;
    sent["parts"][1] = second["parts"][0].clone();
    user.post(&format!("{path}/complete"), &sent).await.expect(202);
    assert_eq!(user.wait_until_finished(text(&plan["upload_id"])).await["state"], "available");
}

#[tokio::test]
async fn completing_again_gives_the_same_version() {
    let sent = Sent::new(54).await;
    let first = sent.complete(&sent.parts).await.expect(202);
    let second = sent.complete(&sent.parts).await.expect(202);
    sent.check_available().await;
    let third = sent.complete(&sent.parts).await.expect(202);
    for repeat in [&second, &third] {
        assert_eq!(repeat["version"]["version_id"], first["version"]["version_id"]);
    }
    assert_eq!(third["version"]["state"], "available");
}

#[tokio::test]
async fn completing_many_times_at_once_makes_one_version() {
    let sent = Sent::new(55).await;
    // A store may answer that it is busy with another call's merge. The client then repeats the call.
    let complete = async |_| {
        for _ in 0..20 {
            let answer = sent.complete(&sent.parts).await;
            if answer.status != 503 {
                return answer;
            }
        }
        panic!("the store stays busy");
    };
    let answers = join_all((0..8).map(complete)).await;
    let versions: Vec<Value> =
        answers.into_iter().map(|answer| answer.expect(202)["version"]["version_id"].clone()).collect();
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
    sent.complete(&sent.parts).await.expect_problem(409, "upload_ended");
    let parts = sent.user.post(&format!("{}/parts", sent.path), &json!({ "parts": [{ "number": 1 }] })).await;
    parts.expect_problem(409, "upload_ended");
    let upload = sent.user.get(&sent.path).await.expect(200);
    assert_eq!((&upload["state"], &upload["received"]), (&json!("aborted"), &Value::Null), "{upload}");
    assert_eq!(sent.user.stat("file").await, Value::Null);
}

#[tokio::test]
async fn a_completed_upload_cannot_be_aborted() {
    let sent = Sent::new(57).await;
    sent.complete(&sent.parts).await.expect(202);
    sent.user.delete(&sent.path).await.expect_problem(409, "upload_ended");
    sent.check_available().await;
    sent.user.delete(&sent.path).await.expect_problem(409, "upload_ended");
    sent.check_available().await;
}

#[tokio::test]
async fn completing_and_aborting_at_once_has_one_winner() {
    let sent = Sent::new(58).await;
    let abort = sent.user.send(Method::DELETE, &sent.path, &[], &Value::Null);
    let (completed, aborted) = futures::join!(sent.complete(&sent.parts), abort);
    match (completed.status, aborted.status) {
        (202, 409) => sent.check_available().await,
        (409, 204) => {
            assert_eq!(sent.user.get(&sent.path).await.expect(200)["state"], "aborted");
            assert_eq!(sent.user.usage().await, (0, 0));
        }
        _ => panic!("{} and {}", completed.body, aborted.body),
    }
}

#[tokio::test]
async fn quota_is_reserved_at_the_beginning_and_released_by_an_abort() {
    let user = Client::register(live()).await;
    let account = user.get("/accounts/me").await.expect(200);
    let quota = account["quota_bytes"].as_u64().expect("a quota");
    let of = |size: u64| json!({ "path": "large", "size": size });
    user.post("/uploads", &of(quota + 1)).await.expect_problem(403, "quota_exceeded");
    let first = user.post("/uploads", &of(quota - 10)).await.expect(201);
    assert_eq!(user.usage().await, (0, quota - 10));
    user.post("/uploads", &of(11)).await.expect_problem(403, "quota_exceeded");
    user.post("/uploads", &of(quota)).await.expect_problem(403, "quota_exceeded");
    user.post("/uploads", &of(10)).await.expect(201);
    user.post("/uploads", &of(0)).await.expect(201);
    assert_eq!(user.usage().await, (0, quota));
    user.delete(&format!("/uploads/{}", text(&first["upload_id"]))).await.expect(204);
    assert_eq!(user.usage().await, (0, 10));

    let s3 = live().objects();
    let bucket = live().setting("SLUICE_LANDING_BUCKET");
    let left = s3.list_multipart_uploads().bucket(bucket).send().await.expect("a list");
    let account_id = text(&account["account_id"]);
    assert!(left.uploads().iter().all(|upload| !upload.key().unwrap_or_default().contains(account_id)));
}

#[tokio::test]
async fn a_hash_declared_at_completion_is_checked_too() {
    let sent = Sent::new(59).await;
    let sha256 = Sha256::of(&sent.content).to_string();
    for reply in join_all((0..4).map(|_| sent.complete_as(&sha256))).await {
        reply.expect(202);
    }
    sent.check_available().await;
    sent.complete_as(&sha256).await.expect(202);
    sent.complete_as(&Sha256::of(b"other").to_string()).await.expect_problem(400, "invalid_request");

    let damaged = Sent::new(60).await;
    damaged.complete_as(&sha256).await.expect(202);
    let upload = damaged.wait_until_finished().await;
    assert_eq!(
        (&upload["state"], &upload["reason"]),
        (&json!("rejected"), &json!("sha256_mismatch")),
        "{upload}"
    );
    assert_eq!(damaged.user.usage().await, (0, 0));
}

#[tokio::test]
async fn a_late_hash_is_accepted_only_with_the_first_completion_and_before_processing() {
    let sent = Sent::new(61).await;
    let sha256 = Sha256::of(&sent.content).to_string();
    sent.complete(&sent.parts).await.expect(202);
    sent.complete_as(&sha256).await.expect_problem(400, "invalid_request");
    sent.check_available().await;

    // A single PUT may have been processed before it is completed.
    let plan = sent.user.post("/uploads", &json!({ "path": "small", "size": 3 })).await.expect(201);
    let path = format!("/uploads/{}/complete", text(&plan["upload_id"]));
    let completion = json!({ "parts": [], "sha256": sha256 });
    sent.user.post(&path, &completion).await.expect_problem(400, "invalid_request");
}
