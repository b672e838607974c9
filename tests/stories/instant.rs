//! Tests that bytes which the account already has are not sent again.

use serde_json::{Value, json};
use sluice_domain::hash::Sha256;
use sluice_tests::{Client, bytes, live, paused, text};

use crate::support::{Landed, Worker, created, unhurried};

fn lookup(content: &[u8], path: &str) -> Value {
    json!({ "sha256": Sha256::of(content).to_string(), "size": content.len(), "path": path })
}

#[tokio::test]
async fn the_same_file_at_another_path_is_available_at_once_and_counts_once() {
    let user = Client::register(live()).await;
    let content = bytes(21, 300_000);
    let first = user.upload("first", &content).await["version"].clone();
    let again = user.begin("copies/second", &content).await;
    assert_eq!(again["outcome"], "instant", "{again}");
    let second = &again["version"];
    assert_eq!(second["state"], "available");
    assert_ne!(second["file_id"], first["file_id"]);
    assert_eq!((&second["sha256"], &second["sha1"]), (&first["sha256"], &first["sha1"]));
    let bytes_of = ["new_bytes", "shared_bytes", "stored_bytes"].map(|name| second[name].as_u64());
    assert_eq!(bytes_of, [Some(0), Some(300_000), Some(0)], "{second}");
    assert_eq!(user.read(text(&second["file_id"])).await, content);
    assert_eq!(user.usage().await, (300_000, 0));
    assert_eq!(user.get("/uploads").await.expect(200)["uploads"], json!([]));
}

#[tokio::test]
async fn content_sent_again_without_its_hash_is_stored_once() {
    let user = Client::register(live()).await;
    let content = bytes(22, 100_000);
    user.upload("first", &content).await;
    let plan = user.post("/uploads", &json!({ "path": "second", "size": 100_000 })).await.expect(201);
    assert_eq!(user.usage().await, (100_000, 100_000));
    user.send_parts(&plan, &content).await;
    let upload = user.wait_until_finished(text(&plan["upload_id"])).await;
    let bytes_of = ["new_bytes", "shared_bytes", "stored_bytes"].map(|name| upload["version"][name].as_u64());
    assert_eq!(bytes_of, [Some(0), Some(100_000), Some(0)], "{upload}");
    assert_eq!(user.usage().await, (100_000, 0));
}

#[tokio::test]
async fn a_lookup_matches_only_the_exact_hash_and_size() {
    let user = Client::register(live()).await;
    let content = bytes(23, 1000);
    let unknown = json!({ "outcome": "unknown" });
    assert_eq!(user.post("/lookups", &lookup(&content, "too early")).await.expect(200), unknown);
    user.upload("first", &content).await;

    let mut wrong_size = lookup(&content, "wrong size");
    wrong_size["size"] = 1001.into();
    assert_eq!(user.post("/lookups", &wrong_size).await.expect(200), unknown);
    assert_eq!(user.post("/lookups", &lookup(&content[1..], "other bytes")).await.expect(200), unknown);
    let stranger = Client::register(live()).await;
    assert_eq!(stranger.post("/lookups", &lookup(&content, "stolen")).await.expect(200), unknown);
    for path in ["too early", "wrong size", "other bytes"] {
        assert_eq!(user.stat(path).await, Value::Null, "{path}");
    }

    let mut described = lookup(&content, "found");
    described["content_type"] = "image/png".into();
    described["metadata"] = json!({ "from": "lookup" });
    let found = user.post("/lookups", &described).await.expect(200);
    assert_eq!(found["outcome"], "instant", "{found}");
    let version = user.stat("found").await;
    assert_eq!(version, found["version"]);
    assert_eq!(
        (&version["content_type"], &version["metadata"]),
        (&json!("image/png"), &described["metadata"])
    );
    assert_eq!(user.usage().await, (1000, 0));
}

#[tokio::test]
async fn a_known_hash_with_a_wrong_size_is_never_instant() {
    let user = Client::register(live()).await;
    let content = bytes(24, 1000);
    user.upload("first", &content).await;
    let mut request = lookup(&content, "second");
    request["size"] = 999.into();
    let plan = user.post("/uploads", &request).await.expect(201);
    assert_eq!(plan["outcome"], "upload", "{plan}");
}

#[tokio::test]
async fn identical_content_at_the_same_path_makes_no_second_version() {
    let user = Client::register(live()).await;
    let content = bytes(25, 1000);
    let first = user.upload("file", &content).await["version"].clone();
    let file_id = text(&first["file_id"]);
    for _ in 0..2 {
        assert_eq!(user.begin("file", &content).await["version"]["version_id"], first["version_id"]);
        let found = user.post("/lookups", &lookup(&content, "file")).await.expect(200);
        assert_eq!(found["version"]["version_id"], first["version_id"]);
    }
    assert_eq!(user.versions(file_id).await.len(), 1);

    let mut described = lookup(&content, "file");
    described["metadata"] = json!({ "mood": "changed" });
    let second = user.post("/uploads", &described).await.expect(200);
    assert_ne!(second["version"]["version_id"], first["version_id"], "other metadata is another version");
    assert_eq!(user.versions(file_id).await.len(), 2);
    assert_eq!(user.usage().await, (1000, 0));
}

#[tokio::test]
async fn content_is_not_known_before_it_is_verified() {
    let worker = Worker::new(paused());
    let user = Client::register(worker.stack).await;
    let content = bytes(26, 2000);
    let declared = json!({ "sha256": Sha256::of(&content).to_string() });
    let landed = Landed::of(user.clone(), "first", content.clone(), &declared).await;
    user.post(&format!("{}/complete", landed.upload_path()), &landed.completion).await.expect(202);
    assert_eq!(landed.upload().await["state"], "pending");
    assert_eq!(user.post("/lookups", &lookup(&content, "second")).await.expect(200)["outcome"], "unknown");
    worker.receive(&created(&landed.key), 1, unhurried()).await;
    assert_eq!(user.post("/lookups", &lookup(&content, "second")).await.expect(200)["outcome"], "instant");
}
