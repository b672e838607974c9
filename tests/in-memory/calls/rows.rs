//! Rows take quota: every version and every unfinished upload, exactly once.

use http::Method;
use serde_json::{Value, json};
use sluice_deployment::clock;
use sluice_domain::account::{Account, ROW_BYTES, UNFINISHED_UPLOADS_MAX};
use sluice_domain::hash::Sha256;
use sluice_in_memory::tables::{Attribute, Number};
use sluice_storage::tables::Ending;

use crate::api::{Answer, Api, Request};

fn edit(file: &Answer, mood: &str) -> Request {
    Request::new(Method::PATCH, file.file(), json!({ "metadata": { "mood": mood } }))
}

fn instant(call: &str, path: &str, content: &[u8]) -> Request {
    let body = json!({ "path": path, "size": content.len(), "sha256": Sha256::of(content) });
    Request::new(Method::POST, call, body)
}

fn restore(version: &Answer) -> Request {
    let path = format!("{}/restore", version.file());
    Request::new(Method::POST, path, json!({ "version_id": version.version_id() }))
}

/// Checks the account's sums and returns how many rows it pays for.
async fn rows(api: &Api) -> u64 {
    let account = account(api).await;
    let taken = account.used_bytes + account.reserved_bytes + account.row_bytes;
    let left = account.quota_bytes.cast_signed() - taken.cast_signed();
    assert_eq!(account.available_bytes, left, "the sums agree");
    account.row_bytes / ROW_BYTES
}

async fn account(api: &Api) -> Account {
    api.tables.account(&api.account.username).await.expect("a read").expect("an account")
}

/// Sets a number of the account's row, as an operator or an older function would.
fn set(api: &Api, name: &str, value: i64) {
    let key = Attribute { name: "username", text: api.account.username.as_str() };
    api.services.tables.set_number("sluice-accounts", key, Number { name, value });
}

#[tokio::test]
async fn every_version_takes_a_row_exactly_once() {
    let api = Api::new().await;
    let file = api.publish("file", b"bytes").await;
    assert_eq!(rows(&api).await, 1, "the upload's row has become the version's");
    let other = api.publish("other", b"other bytes").await;
    let delete = Request::new(Method::DELETE, file.file(), Value::Null);
    let rename = |overwrite: bool| {
        let body = json!({ "path": "other", "overwrite": overwrite });
        Request::new(Method::PATCH, file.file(), body)
    };
    for (request, expected) in [
        (edit(&file, "glad").key("edit"), 3),
        (edit(&file, "glad").key("edit"), 3),
        (edit(&file, "glad"), 3),
        (instant("/lookups", "copy", b"bytes"), 4),
        (instant("/lookups", "copy", b"bytes"), 4),
        (instant("/uploads", "another copy", b"bytes"), 5),
        (delete, 6),
        (restore(&file), 7),
        (Request::new(Method::PATCH, file.file(), json!({ "path": "moved" })), 7),
        (rename(true), 8),
    ] {
        let answer = api.send(&request).await;
        assert!(matches!(answer.status, 200 | 201), "{request:?}: {answer:?}");
        assert_eq!(rows(&api).await, expected, "{request:?}");
    }
    assert_eq!(api.version_count(&file).await + api.version_count(&other).await, 6, "and two copies");
}

#[tokio::test]
async fn an_unfinished_upload_takes_a_row_until_it_ends_without_a_version() {
    let api = Api::new().await;
    let upload = api.begin("file", 100).await;
    assert_eq!((rows(&api).await, account(&api).await.unfinished_uploads), (1, 1));
    for _ in 0..2 {
        api.tables.end_upload(&upload, Ending::Aborted, clock::now()).await.expect("a write");
        assert_eq!((rows(&api).await, account(&api).await.unfinished_uploads), (0, 0));
    }
}

#[tokio::test]
async fn an_upload_from_before_rows_were_charged_gives_none_back() {
    let api = Api::new().await;
    let upload = api.begin_uncharged("file", 100).await;
    set(&api, "unfinished_uploads", 0);
    api.tables.end_upload(&upload, Ending::Expired, clock::now()).await.expect("a write");
    assert_eq!((rows(&api).await, account(&api).await.unfinished_uploads), (0, 0));
}

#[tokio::test]
async fn without_room_for_a_row_nothing_is_made_but_everything_can_be_deleted() {
    let api = Api::new().await;
    let file = api.publish("file", b"bytes").await;
    let other = api.publish("other", b"other bytes").await;
    api.send(&edit(&file, "earlier")).await;
    let left = i64::try_from(ROW_BYTES).expect("small") - 1;
    set(&api, "available_bytes", left);
    for request in [
        edit(&file, "glad"),
        restore(&file),
        instant("/lookups", "copy", b"bytes"),
        instant("/uploads", "copy", b"bytes"),
        Request::new(Method::POST, "/uploads", json!({ "path": "new", "size": 0 })),
    ] {
        let refused = api.send(&request).await;
        assert_eq!((refused.status, refused.code()), (403, "quota_exceeded"), "{request:?}");
    }
    let displaced = json!({ "path": "other", "overwrite": true });
    for request in [
        Request::new(Method::PATCH, file.file(), displaced),
        Request::new(Method::DELETE, file.file(), Value::Null),
    ] {
        let done = api.send(&request).await;
        assert_eq!(done.status, 200, "{request:?}: {done:?}");
    }
    assert_eq!(api.version_count(&other).await, 2, "its tombstone");
    let row = ROW_BYTES.cast_signed();
    assert_eq!(account(&api).await.available_bytes, left - 2 * row, "fewer than none");
}

#[tokio::test]
async fn an_account_begins_no_more_uploads_than_it_may_have() {
    let api = Api::new().await;
    let begin = Request::new(Method::POST, "/uploads", json!({ "path": "file", "size": 1 }));
    set(&api, "unfinished_uploads", UNFINISHED_UPLOADS_MAX.cast_signed() - 1);
    assert_eq!(api.send(&begin).await.status, 201);
    let refused = api.send(&begin).await;
    assert_eq!((refused.status, refused.code()), (403, "quota_exceeded"));
    let detail = refused.body["detail"].as_str().expect("text");
    assert!(detail.contains("10000 unfinished uploads"), "{detail}");
}
