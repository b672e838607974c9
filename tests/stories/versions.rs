//! Tests versions: their order, their conditions, deletion and restoration.

use reqwest::Method;
use serde_json::{Value, json};
use sluice_domain::hash::Sha256;
use sluice_tests::text;

use crate::writer::Writer;

#[tokio::test]
async fn two_writers_to_one_path_make_two_versions_in_the_order_they_began() {
    let writer = Writer::new().await;
    writer.put("file", b"before").await;
    for path in ["file", "new file"] {
        let ann = writer.begin(path, b"from Ann").await;
        let bob = writer.begin(path, b"from Bob.").await;
        assert!(text(&ann["version_id"]) < text(&bob["version_id"]));
        writer.complete(&bob, b"from Bob.").await;
        let bobs = writer.verify(&bob).await["version"].clone();
        writer.complete(&ann, b"from Ann").await;
        let anns = writer.verify(&ann).await["version"].clone();
        assert_eq!((&anns["state"], &anns["file_id"]), (&json!("available"), &bobs["file_id"]), "{path}");
        assert_eq!(
            writer.user.stat(path).await["version_id"],
            bob["version_id"],
            "{path}: the later is current"
        );
        let ids = writer.version_ids(&bobs["file_id"]).await;
        assert_eq!(ids[..2], [text(&bob["version_id"]), text(&ann["version_id"])], "{path}");
        assert_eq!(writer.read(&anns).await, b"from Ann");
        assert_eq!(writer.user.read(text(&bobs["file_id"])).await, b"from Bob.");
    }
}

#[tokio::test]
async fn a_failed_condition_changes_nothing() {
    let writer = Writer::new().await;
    let first = writer.put("file", b"first").await;
    let second = writer.put("file", b"second").await;
    let file = format!("/files/{}", text(&first["file_id"]));
    let upload = json!({ "path": "file", "size": 5 });
    let lookup = json!({ "path": "file", "size": 5, "sha256": Sha256::of(b"first").to_string() });
    let nowhere = json!({ "path": "nowhere", "size": 5 });
    let restore = json!({ "version_id": first["version_id"] });
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
        assert_eq!(
            (reply.status, &reply.body["code"]),
            (412, &json!("precondition_failed")),
            "{method} {path}"
        );
        for malformed in ["*", "W/\"x\"", "\"\"", "\"a\", \"b\"", "x"] {
            let reply = writer.user.send(method.clone(), path, &[("if-match", malformed)], body).await;
            reply.expect_problem(400, "invalid_request");
        }
    }
    assert_eq!(writer.user.usage().await, usage);
    assert_eq!(writer.user.stat("file").await, second);
    assert_eq!(writer.version_ids(&first["file_id"]).await.len(), 2);
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
        let (winner, loser) = if one["state"] == "available" { (one, two) } else { (two, one) };
        assert_eq!((&winner["state"], &winner["reason"]), (&json!("available"), &Value::Null));
        assert_eq!((&loser["state"], &loser["reason"]), (&json!("rejected"), &json!("precondition_failed")));
        assert_eq!(writer.user.stat(&path).await["version_id"], winner["version"]["version_id"]);
        assert_eq!(writer.user.usage().await, (used + 101, 0), "the loser's bytes count");
    }
    assert_eq!(writer.worker.landing_keys(writer.account_id).await, Vec::<String>::new());
}

#[tokio::test]
async fn an_edit_makes_a_new_version_of_the_same_content() {
    let writer = Writer::new().await;
    let first = writer.put("file", b"content").await;
    let file = format!("/files/{}", text(&first["file_id"]));
    let edit = json!({ "content_type": "text/plain", "metadata": { "mood": "glad" } });
    let reply = writer.send_if(&first, Method::PATCH, &file, &edit).await;
    let etag = reply.header("etag").expect("an ETag").to_owned();
    let second = reply.expect(200);
    assert_eq!(etag, format!("\"{}\"", text(&second["version_id"])));
    assert_eq!((&second["content_type"], &second["metadata"]), (&edit["content_type"], &edit["metadata"]));
    assert_eq!((&second["sha256"], &second["size"]), (&first["sha256"], &first["size"]));
    assert_ne!(second["version_id"], first["version_id"]);
    writer.send_if(&first, Method::PATCH, &file, &edit).await.expect_problem(412, "precondition_failed");

    let same = writer.send_if(&second, Method::PATCH, &file, &edit).await.expect(200);
    assert_eq!(same["version_id"], second["version_id"], "an edit that changes nothing made a version");
    let emptied = writer.send_if(&second, Method::PATCH, &file, &json!({ "metadata": {} })).await.expect(200);
    assert_eq!((&emptied["metadata"], &emptied["content_type"]), (&json!({}), &edit["content_type"]));
    assert_eq!(writer.version_ids(&first["file_id"]).await.len(), 3);
    assert_eq!(writer.user.usage().await, (7, 0));
    assert_eq!(writer.user.read(text(&first["file_id"])).await, b"content");
}

#[tokio::test]
async fn of_many_edits_at_once_under_one_condition_exactly_one_wins() {
    let writer = Writer::new().await;
    let first = writer.put("file", b"content").await;
    let file = format!("/files/{}", text(&first["file_id"]));
    let edits: Vec<Value> =
        (0..6).map(|number| json!({ "metadata": { "number": number.to_string() } })).collect();
    let replies = edits.iter().map(|edit| writer.send_if(&first, Method::PATCH, &file, edit));
    let mut statuses: Vec<u16> =
        futures::future::join_all(replies).await.into_iter().map(|reply| reply.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses[0], 200);
    assert!(statuses[1..].iter().all(|status| matches!(status, 409 | 412)), "{statuses:?}");
    assert_eq!(writer.version_ids(&first["file_id"]).await.len(), 2);
}

#[tokio::test]
async fn a_deleted_file_keeps_its_versions_and_can_be_restored() {
    let writer = Writer::new().await;
    let first = writer.put("file", b"first").await;
    let second = writer.put("file", b"second").await;
    let file_id = text(&first["file_id"]);
    let file = format!("/files/{file_id}");
    let tombstone = writer.send_if(&second, Method::DELETE, &file, &Value::Null).await.expect(200);
    assert_eq!((&tombstone["state"], &tombstone["size"]), (&json!("deleted"), &json!(0)));
    writer.user.get(&file).await.expect_problem(404, "not_found");
    writer.user.get(&format!("{file}/content")).await.expect_problem(404, "not_found");
    writer.user.delete(&file).await.expect_problem(404, "not_found");
    writer.user.patch(&file, &json!({ "path": "elsewhere" })).await.expect_problem(404, "not_found");
    assert_eq!(writer.user.stat("file").await, Value::Null);
    let expected = [&tombstone, &second, &first].map(|version| text(&version["version_id"]));
    assert_eq!(writer.version_ids(&first["file_id"]).await, expected);
    assert_eq!(writer.read(&first).await, b"first");
    assert_eq!(writer.read(&second).await, b"second");

    let restore = format!("{file}/restore");
    let of = |version: &Value| json!({ "version_id": version["version_id"] });
    writer.user.post(&restore, &of(&tombstone)).await.expect_problem(409, "version_not_available");
    let never = json!({ "version_id": "01a1e930027b70a181ce0a11ce0a11ce" });
    writer.user.post(&restore, &never).await.expect_problem(404, "not_found");
    let restored = writer.send_if(&tombstone, Method::POST, &restore, &of(&first)).await.expect(201);
    assert_eq!((&restored["state"], &restored["sha256"]), (&json!("available"), &first["sha256"]));
    assert_eq!(writer.user.stat("file").await["version_id"], restored["version_id"]);
    assert_eq!(writer.user.read(file_id).await, b"first");
    let again = writer.user.post(&restore, &of(&first)).await.expect(201);
    assert_eq!(again["version_id"], restored["version_id"], "a repeat made another version");
    assert_eq!(writer.user.usage().await, (11, 0));
}

#[tokio::test]
async fn an_upload_to_the_path_of_a_deleted_file_continues_its_history() {
    let writer = Writer::new().await;
    let first = writer.put("file", b"first").await;
    let file = format!("/files/{}", text(&first["file_id"]));
    let tombstone = writer.user.delete(&file).await.expect(200);
    let second = writer.put("file", b"second").await;
    let expected = [&second, &tombstone, &first].map(|version| text(&version["version_id"]));
    assert_eq!(writer.version_ids(&first["file_id"]).await, expected);
    assert_eq!(writer.user.stat("file").await["version_id"], second["version_id"]);
}

#[tokio::test]
async fn a_pending_version_is_listed_but_cannot_be_read_or_restored() {
    let writer = Writer::new().await;
    let first = writer.put("file", b"first").await;
    let plan = writer.begin("file", b"second").await;
    let pending = writer.complete(&plan, b"second").await;
    assert_eq!((&pending["state"], &pending["file_id"]), (&json!("pending"), &first["file_id"]));
    assert_eq!(writer.user.stat("file").await["version_id"], first["version_id"]);
    let file = text(&pending["file_id"]);
    let version = text(&pending["version_id"]);
    let content = writer.user.get(&format!("/files/{file}/content?version={version}")).await;
    content.expect_problem(409, "version_not_available");
    let restore = json!({ "version_id": version });
    let restored = writer.user.post(&format!("/files/{file}/restore"), &restore).await;
    restored.expect_problem(409, "version_not_available");
    assert_eq!(writer.user.versions(file).await[0]["state"], "pending");
}

#[tokio::test]
async fn pages_of_versions_of_any_size_contain_each_version_once() {
    let writer = Writer::new().await;
    let file_id = writer.put("file", b"0").await["file_id"].clone();
    for number in 1..5_u8 {
        writer.put("file", &[number; 3]).await;
    }
    let all = writer.version_ids(&file_id).await;
    assert_eq!(all.len(), 5);
    assert!(all.is_sorted_by(|later, earlier| later > earlier), "{all:?}");
    let path = format!("/files/{}/versions", text(&file_id));
    for limit in 1..=6 {
        let mut seen = Vec::new();
        let mut query = format!("?limit={limit}");
        loop {
            let page = writer.user.get(&format!("{path}{query}")).await.expect(200);
            let versions = page["versions"].as_array().expect("versions");
            assert!(versions.len() <= limit, "{page}");
            seen.extend(versions.iter().map(|version| text(&version["version_id"]).to_owned()));
            let Some(next) = page["next_cursor"].as_str() else { break };
            query = format!("?limit={limit}&cursor={next}");
        }
        assert_eq!(seen, all, "limit {limit}");
    }
    for query in ["limit=0", "limit=1001", "limit=x", "cursor=x", "cursor=", "prefix=a"] {
        writer.user.get(&format!("{path}?{query}")).await.expect_problem(400, "invalid_request");
    }
}
