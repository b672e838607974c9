//! Tests versions: their order, their conditions, deletion and restoration.

use reqwest::Method;
use serde_json::{Value, json};
use sluice_contracts::files::{Restore, VersionList, VersionView};
use sluice_contracts::problem::Code;
use sluice_domain::hash::Sha256;
use sluice_domain::upload::UploadState;
use sluice_domain::version::{Metadata, RejectReason, VersionState};
use sluice_tests::available;

use crate::writer::Writer;

#[tokio::test]
async fn two_writers_to_one_path_make_two_versions_in_the_order_they_began() {
    let writer = Writer::new().await;
    writer.put("file", b"before").await;
    for path in ["file", "new file"] {
        let ann = writer.begin(path, b"from Ann").await;
        let bob = writer.begin(path, b"from Bob.").await;
        assert!(ann.version_id < bob.version_id);
        writer.complete(&bob, b"from Bob.").await;
        let bobs = available(writer.verify(&bob).await);
        writer.complete(&ann, b"from Ann").await;
        let anns = available(writer.verify(&ann).await);
        assert_eq!(anns.file_id, bobs.file_id, "{path}");
        let current = writer.user.file(path).await.version_id;
        assert_eq!(current, bob.version_id, "{path}: the later is current");
        let ids = writer.version_ids(bobs.file_id).await;
        assert_eq!(ids[..2], [bob.version_id, ann.version_id], "{path}");
        assert_eq!(writer.read(&anns).await, b"from Ann");
        assert_eq!(writer.user.read(bobs.file_id).await, b"from Bob.");
    }
}

#[tokio::test]
async fn a_failed_condition_changes_nothing() {
    let writer = Writer::new().await;
    let first = writer.put("file", b"first").await;
    let second = writer.put("file", b"second").await;
    let file = format!("/files/{}", first.file_id);
    let upload = json!({ "path": "file", "size": 5 });
    let lookup = json!({ "path": "file", "size": 5, "sha256": Sha256::of(b"first") });
    let nowhere = json!({ "path": "nowhere", "size": 5 });
    let restore = json!({ "version_id": first.version_id });
    let usage = writer.user.usage().await;
    for (method, path, body) in [
        (Method::POST, "/uploads", &upload),
        (Method::POST, "/uploads", &nowhere),
        (Method::POST, "/uploads", &lookup),
        (Method::POST, "/lookups", &lookup),
        (Method::PATCH, &file, &json!({ "metadata": { "a": "b" } })),
        (Method::PATCH, &file, &json!({ "path": "elsewhere" })),
        (Method::DELETE, &file, &Value::Null),
        (Method::POST, &format!("{file}/restore"), &restore),
    ] {
        let reply = writer.send_if(&first, method.clone(), path, body).await;
        assert_eq!(reply.status, 412, "{method} {path}: {}", reply.body);
        reply.expect_problem(412, Code::PreconditionFailed);
        for malformed in ["*", "W/\"x\"", "\"\"", "\"a\", \"b\"", "x"] {
            let reply = writer.user.send(method.clone(), path, &[("if-match", malformed)], body).await;
            reply.expect_problem(400, Code::InvalidRequest);
        }
    }
    assert_eq!(writer.user.usage().await, usage);
    assert_eq!(writer.user.file("file").await, second);
    assert_eq!(writer.version_ids(first.file_id).await.len(), 2);
}

#[tokio::test]
async fn of_two_uploads_under_one_condition_exactly_one_wins() {
    let writer = Writer::new().await;
    for seed in 0..3_u8 {
        let path = format!("file {seed}");
        let before = writer.put(&path, &[seed; 10]).await;
        let used = writer.user.usage().await.0;
        let bodies = [[seed; 101], [seed + 100; 101]];
        let mut plans = Vec::new();
        for content in &bodies {
            let plan = writer.begin_if(&before, &path, content).await;
            writer.complete(&plan, content).await;
            plans.push(plan);
        }
        let (one, two) = futures::join!(writer.verify(&plans[0]), writer.verify(&plans[1]));
        let (winner, loser) = if one.state == UploadState::Available { (one, two) } else { (two, one) };
        assert_eq!(winner.reason, None);
        let refused = (UploadState::Rejected, Some(RejectReason::PreconditionFailed));
        assert_eq!((loser.state, loser.reason), refused);
        assert_eq!(writer.user.file(&path).await.version_id, available(winner).version_id);
        assert_eq!(writer.user.usage().await, (used + 101, 0), "the loser's bytes count");
    }
    assert_eq!(writer.worker.landing_keys(writer.account_id).await, Vec::<String>::new());
}

#[tokio::test]
async fn an_edit_makes_a_new_version_of_the_same_content() {
    let writer = Writer::new().await;
    let first = writer.put("file", b"content").await;
    let file = format!("/files/{}", first.file_id);
    let mood: Metadata = [("mood".to_owned(), "glad".to_owned())].into();
    let edit = json!({ "content_type": "text/plain", "metadata": mood });
    let reply = writer.send_if(&first, Method::PATCH, &file, &edit).await;
    let etag = reply.header("etag").expect("an ETag").to_owned();
    let second: VersionView = reply.parse(200);
    assert_eq!(etag, format!("\"{}\"", second.version_id));
    assert_eq!((&*second.content_type, &second.metadata), ("text/plain", &mood));
    assert_eq!((&second.sha256, &second.size), (&first.sha256, &first.size));
    assert_ne!(second.version_id, first.version_id);
    writer.send_if(&first, Method::PATCH, &file, &edit).await.expect_problem(412, Code::PreconditionFailed);

    let same: VersionView = writer.send_if(&second, Method::PATCH, &file, &edit).await.parse(200);
    assert_eq!(same.version_id, second.version_id, "an edit that changes nothing made a version");
    let without_mood = json!({ "metadata": {} });
    let emptied: VersionView = writer.send_if(&second, Method::PATCH, &file, &without_mood).await.parse(200);
    assert_eq!((&*emptied.content_type, emptied.metadata.len()), ("text/plain", 0));
    assert_eq!(writer.version_ids(first.file_id).await.len(), 3);
    assert_eq!(writer.user.usage().await, (7, 0));
    assert_eq!(writer.user.read(first.file_id).await, b"content");
}

#[tokio::test]
async fn of_many_edits_at_once_under_one_condition_exactly_one_wins() {
    let writer = Writer::new().await;
    let first = writer.put("file", b"content").await;
    let file = format!("/files/{}", first.file_id);
    let edits: Vec<Value> =
        (0..6).map(|number| json!({ "metadata": { "number": number.to_string() } })).collect();
    let replies = edits.iter().map(|edit| writer.send_if(&first, Method::PATCH, &file, edit));
    let mut statuses: Vec<u16> =
        futures::future::join_all(replies).await.into_iter().map(|reply| reply.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses[0], 200);
    assert!(statuses[1..].iter().all(|status| matches!(status, 409 | 412)), "{statuses:?}");
    assert_eq!(writer.version_ids(first.file_id).await.len(), 2);
}

#[tokio::test]
async fn a_deleted_file_keeps_its_versions_and_can_be_restored() {
    let writer = Writer::new().await;
    let first = writer.put("file", b"first").await;
    let second = writer.put("file", b"second").await;
    let file_id = first.file_id;
    let file = format!("/files/{file_id}");
    let tombstone = writer.send_if(&second, Method::DELETE, &file, &Value::Null).await;
    let tombstone: VersionView = tombstone.parse(200);
    assert_eq!((tombstone.state, tombstone.size), (VersionState::Deleted, 0));
    writer.user.get(&file).await.expect_problem(404, Code::NotFound);
    writer.user.get(&format!("{file}/content")).await.expect_problem(404, Code::NotFound);
    writer.user.delete(&file).await.expect_problem(404, Code::NotFound);
    writer.user.patch(&file, &json!({ "path": "elsewhere" })).await.expect_problem(404, Code::NotFound);
    assert_eq!(writer.user.stat("file").await, None);
    let expected = [&tombstone, &second, &first].map(|version| version.version_id);
    assert_eq!(writer.version_ids(first.file_id).await, expected);
    assert_eq!(writer.read(&first).await, b"first");
    assert_eq!(writer.read(&second).await, b"second");

    let restore = format!("{file}/restore");
    let of = |version: &VersionView| Restore { version_id: version.version_id };
    writer.user.post(&restore, &of(&tombstone)).await.expect_problem(409, Code::VersionNotAvailable);
    let never = json!({ "version_id": "01a1e930027b70a181ce0a11ce0a11ce" });
    writer.user.post(&restore, &never).await.expect_problem(404, Code::NotFound);
    let restored = writer.send_if(&tombstone, Method::POST, &restore, &of(&first)).await;
    let restored: VersionView = restored.parse(201);
    assert_eq!((restored.state, restored.sha256), (VersionState::Available, first.sha256));
    assert_eq!(writer.user.file("file").await.version_id, restored.version_id);
    assert_eq!(writer.user.read(file_id).await, b"first");
    let again: VersionView = writer.user.post(&restore, &of(&first)).await.parse(201);
    assert_eq!(again.version_id, restored.version_id, "a repeat made another version");
    assert_eq!(writer.user.usage().await, (11, 0));
}

#[tokio::test]
async fn an_upload_to_the_path_of_a_deleted_file_continues_its_history() {
    let writer = Writer::new().await;
    let first = writer.put("file", b"first").await;
    let file = format!("/files/{}", first.file_id);
    let tombstone: VersionView = writer.user.delete(&file).await.parse(200);
    let second = writer.put("file", b"second").await;
    let expected = [&second, &tombstone, &first].map(|version| version.version_id);
    assert_eq!(writer.version_ids(first.file_id).await, expected);
    assert_eq!(writer.user.file("file").await.version_id, second.version_id);
}

#[tokio::test]
async fn a_pending_version_is_listed_but_cannot_be_read_or_restored() {
    let writer = Writer::new().await;
    let first = writer.put("file", b"first").await;
    let plan = writer.begin("file", b"second").await;
    let pending = writer.complete(&plan, b"second").await;
    assert_eq!((pending.state, pending.file_id), (VersionState::Pending, first.file_id));
    assert_eq!(writer.user.file("file").await.version_id, first.version_id);
    let file = pending.file_id;
    let version = pending.version_id;
    let content = writer.user.get(&format!("/files/{file}/content?version={version}")).await;
    content.expect_problem(409, Code::VersionNotAvailable);
    let restore = Restore { version_id: version };
    let restored = writer.user.post(&format!("/files/{file}/restore"), &restore).await;
    restored.expect_problem(409, Code::VersionNotAvailable);
    assert_eq!(writer.user.versions(file).await[0].state, VersionState::Pending);
}

#[tokio::test]
async fn pages_of_versions_of_any_size_contain_each_version_once() {
    let writer = Writer::new().await;
    let file_id = writer.put("file", b"0").await.file_id;
    for number in 1..5_u8 {
        writer.put("file", &[number; 3]).await;
    }
    let all = writer.version_ids(file_id).await;
    assert_eq!(all.len(), 5);
    assert!(all.is_sorted_by(|later, earlier| later > earlier), "{all:?}");
    let path = format!("/files/{file_id}/versions");
    for limit in 1..=6 {
        let mut seen = Vec::new();
        let mut query = format!("?limit={limit}");
        loop {
            let page: VersionList = writer.user.get(&format!("{path}{query}")).await.parse(200);
            assert!(page.versions.len() <= limit, "{page:?}");
            seen.extend(page.versions.iter().map(|version| version.version_id));
            let Some(next) = page.next_cursor else { break };
            query = format!("?limit={limit}&cursor={next}");
        }
        assert_eq!(seen, all, "limit {limit}");
    }
    for query in ["limit=0", "limit=1001", "limit=x", "cursor=x", "cursor=", "prefix=a"] {
        writer.user.get(&format!("{path}?{query}")).await.expect_problem(400, Code::InvalidRequest);
    }
}
