//! Tests that bytes which the account already has are not sent again.

use serde_json::json;
use sluice_contracts::files::{Lookup, LookupAnswer, VersionView};
use sluice_contracts::uploads::UploadList;
use sluice_domain::hash::Sha256;
use sluice_domain::path::FilePath;
use sluice_domain::upload::UploadState;
use sluice_domain::version::{Metadata, VersionState};
use sluice_tests::{Client, available, bytes, live, paused, wait_for};

use crate::support::{Landed, Worker, created, unhurried};

fn lookup(content: &[u8], path: &str) -> Lookup {
    Lookup {
        sha256: Sha256::of(content),
        size: content.len() as u64,
        path: FilePath::parse(path).expect("a path"),
        content_type: None,
        metadata: Metadata::new(),
    }
}

/// Checks that a lookup finds nothing.
async fn check_unknown(user: &Client, lookup: &Lookup) {
    let answer: LookupAnswer = user.post("/lookups", lookup).await.parse(200);
    assert!(matches!(answer, LookupAnswer::Unknown), "{answer:?}");
}

/// Checks how many bytes of a version are new, shared and stored.
#[track_caller]
fn check_counted(version: &VersionView, expected: [u64; 3]) {
    let counted = [version.new_bytes, version.shared_bytes, version.stored_bytes];
    assert_eq!(counted, expected, "{version:?}");
}

#[tokio::test]
async fn the_same_file_at_another_path_is_available_at_once_and_counts_once() {
    let user = Client::register(live()).await;
    let content = bytes(21, 300_000);
    let first = user.upload("first", &content).await;
    let second = user.post("/uploads", &lookup(&content, "copies/second")).await.instant();
    assert_eq!(second.state, VersionState::Available);
    assert_ne!(second.file_id, first.file_id);
    assert_eq!((&second.sha256, &second.sha1), (&first.sha256, &first.sha1));
    check_counted(&second, [0, 300_000, 0]);
    assert_eq!(user.read(second.file_id).await, content);
    assert_eq!(user.usage().await, (300_000, 0));
    wait_for("an empty list of open uploads, which is an index and lags", async || {
        let open = user.get("/uploads").await.parse::<UploadList>(200).uploads;
        if open.is_empty() { Ok(()) } else { Err(open) }
    })
    .await;
}

#[tokio::test]
async fn content_sent_again_without_its_hash_is_stored_once() {
    let user = Client::register(live()).await;
    let content = bytes(22, 100_000);
    user.upload("first", &content).await;
    let plan = user.post("/uploads", &json!({ "path": "second", "size": 100_000 })).await.plan();
    assert_eq!(user.usage().await, (100_000, 100_000));
    user.send_parts(&plan, &content).await;
    let version = available(user.wait_until_finished(plan.upload_id).await);
    check_counted(&version, [0, 100_000, 0]);
    assert_eq!(user.usage().await, (100_000, 0));
}

#[tokio::test]
async fn a_lookup_matches_only_the_exact_hash_and_size() {
    let user = Client::register(live()).await;
    let content = bytes(23, 1000);
    check_unknown(&user, &lookup(&content, "too early")).await;
    user.upload("first", &content).await;

    check_unknown(&user, &Lookup { size: 1001, ..lookup(&content, "wrong size") }).await;
    check_unknown(&user, &lookup(&content[1..], "other bytes")).await;
    let stranger = Client::register(live()).await;
    check_unknown(&stranger, &lookup(&content, "stolen")).await;
    for path in ["too early", "wrong size", "other bytes"] {
        assert_eq!(user.stat(path).await, None, "{path}");
    }

    let metadata: Metadata = [("from".to_owned(), "lookup".to_owned())].into();
    let described = Lookup {
        content_type: Some("image/png".to_owned()),
        metadata: metadata.clone(),
        ..lookup(&content, "found")
    };
    let found = user.post("/lookups", &described).await.instant();
    assert_eq!((&*found.content_type, &found.metadata), ("image/png", &metadata));
    assert_eq!(user.file("found").await, found);
    assert_eq!(user.usage().await, (1000, 0));
}

#[tokio::test]
async fn a_known_hash_with_a_wrong_size_is_never_instant() {
    let user = Client::register(live()).await;
    let content = bytes(24, 1000);
    user.upload("first", &content).await;
    let request = Lookup { size: 999, ..lookup(&content, "second") };
    user.post("/uploads", &request).await.plan();
}

#[tokio::test]
async fn identical_content_at_the_same_path_makes_no_second_version() {
    let user = Client::register(live()).await;
    let content = bytes(25, 1000);
    let first = user.upload("file", &content).await;
    let file_id = first.file_id;
    for _ in 0..2 {
        for path in ["/uploads", "/lookups"] {
            let found = user.post(path, &lookup(&content, "file")).await.instant();
            assert_eq!(found.version_id, first.version_id, "{path}");
        }
    }
    assert_eq!(user.versions(file_id).await.len(), 1);

    let metadata = [("mood".to_owned(), "changed".to_owned())].into();
    let described = Lookup { metadata, ..lookup(&content, "file") };
    let second = user.post("/uploads", &described).await.instant();
    assert_ne!(second.version_id, first.version_id, "other metadata is another version");
    assert_eq!(user.versions(file_id).await.len(), 2);
    assert_eq!(user.usage().await, (1000, 0));
}

#[tokio::test]
async fn content_is_not_known_before_it_is_verified() {
    let worker = Worker::new(paused());
    let user = Client::register(worker.stack).await;
    let content = bytes(26, 2000);
    let declared = json!({ "sha256": Sha256::of(&content) });
    let landed = Landed::of(user.clone(), "first", content.clone(), &declared).await;
    user.complete(landed.key.upload_id, &landed.completion).await.expect(202);
    assert_eq!(landed.upload().await.state, UploadState::Pending);
    check_unknown(&user, &lookup(&content, "second")).await;
    worker.receive(&created(&landed.key), 1, unhurried()).await;
    user.post("/lookups", &lookup(&content, "second")).await.instant();
}
