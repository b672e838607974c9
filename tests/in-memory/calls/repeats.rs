//! A repeated call answers as the first did, and hides nobody else's change.

use http::Method;
use serde_json::{Value, json};
use sluice_domain::hash::Sha256;
use sluice_in_memory::faults::{Fault, Faults};
use sluice_in_memory::tables::{Attribute, Number};
use std::sync::Arc;

use crate::api::{Answer, Api, Request};

fn edit(file: &Answer, mood: &str) -> Request {
    Request::new(Method::PATCH, file.file(), json!({ "metadata": { "mood": mood } }))
}

fn rename(file: &Answer, path: &str) -> Request {
    Request::new(Method::PATCH, file.file(), json!({ "path": path }))
}

fn delete(file: &Answer) -> Request {
    Request::new(Method::DELETE, file.file(), Value::Null)
}

fn restore(version: &Answer) -> Request {
    let path = format!("{}/restore", version.file());
    Request::new(Method::POST, path, json!({ "version_id": version.version_id() }))
}

/// A request for a version of bytes that the account has.
fn instant(call: &str, path: &str, content: &[u8]) -> Request {
    let body = json!({ "path": path, "size": content.len(), "sha256": Sha256::of(content) });
    Request::new(Method::POST, call, body)
}

/// Every write, on files of this account.
async fn writes(api: &Api) -> Vec<Request> {
    let mut files = Vec::new();
    for name in ["edited", "renamed", "deleted", "restored", "looked up", "uploaded"] {
        files.push(api.publish(name, name.as_bytes()).await);
    }
    let other = api.send(&edit(&files[3], "other")).await;
    vec![
        edit(&files[0], "new").if_match(&files[0]),
        rename(&files[1], "moved").if_match(&files[1]),
        delete(&files[2]).if_match(&files[2]),
        restore(&files[3]).if_match(&other),
        instant("/lookups", "looked up", b"edited").if_match(&files[4]),
        instant("/uploads", "uploaded", b"edited").if_match(&files[5]),
        instant("/uploads", "new", b"edited"),
    ]
}

/// What somebody else does after a call: a deleted file comes back, any other is edited.
async fn change(api: &Api, first: &Answer) {
    let earlier = api.get(&format!("{}/versions", first.file())).await;
    let versions = earlier.body["versions"].as_array().expect("versions");
    let request = if versions[0]["state"] == "deleted" {
        let version = Answer { body: versions[1].clone(), ..earlier.clone() };
        restore(&version)
    } else {
        edit(first, "somebody else's")
    };
    let changed = api.send(&request).await;
    assert!(matches!(changed.status, 200 | 201), "{changed:?}");
}

#[tokio::test]
async fn a_repeat_with_the_same_key_answers_as_the_first_call_did() {
    let api = Api::new().await;
    for (number, request) in writes(&api).await.into_iter().enumerate() {
        let request = request.key(&format!("key {number}"));
        let first = api.send(&request).await;
        assert!(matches!(first.status, 200 | 201), "{request:?}: {first:?}");
        assert_eq!(api.send(&request).await, first, "at once: {request:?}");
        change(&api, &first).await;
        let versions = api.version_count(&first).await;
        assert_eq!(api.send(&request).await, first, "after a change: {request:?}");
        assert_eq!(api.version_count(&first).await, versions, "{request:?}");
    }
}

#[tokio::test]
async fn a_repeat_shows_the_path_that_the_first_answer_showed() {
    let api = Api::new().await;
    let file = api.publish("old", b"bytes").await;
    let request = rename(&file, "new").key("key");
    let first = api.send(&request).await;
    api.send(&rename(&file, "newest")).await;
    let repeat = api.send(&request).await;
    assert_eq!(repeat, first);
    assert_eq!(repeat.version()["path"], "new");
    assert_eq!(api.get(&file.file()).await.body["path"], "newest");
}

#[tokio::test]
async fn a_key_belongs_to_one_request() {
    let api = Api::new().await;
    let file = api.publish("file", b"bytes").await;
    let other = api.publish("other", b"other bytes").await;
    let first = api.send(&edit(&file, "new").key("key")).await;
    assert_eq!(first.status, 200);
    let begun = api.send(&instant("/uploads", "sent", b"unknown").key("upload")).await;
    assert_eq!(begun.status, 201, "{begun:?}");
    for request in [
        edit(&file, "newer").key("key"),
        edit(&file, "new").if_match(&first).key("key"),
        edit(&other, "new").key("key"),
        delete(&file).key("key"),
        restore(&file).key("key"),
        instant("/lookups", "file", b"bytes").key("key"),
        instant("/uploads", "file", b"bytes").key("key"),
        instant("/uploads", "sent", b"unknown too").key("key"),
        instant("/lookups", "file", b"bytes").key("upload"),
        instant("/uploads", "file", b"bytes").key("upload"),
        delete(&file).key("upload"),
    ] {
        let refused = api.send(&request).await;
        assert_eq!((refused.status, refused.code()), (422, "idempotency_key_reused"), "{request:?}");
    }
    assert_eq!((api.version_count(&file).await, api.version_count(&other).await), (2, 1));
}

/// Sends a request twice, the first one in the midst of the second: `when` sets the moment. Nothing if the
/// second had no such moment.
async fn send_within(
    api: &Arc<Api>,
    request: &Request,
    when: impl FnOnce(&Faults, Fault),
) -> Option<(Answer, Answer)> {
    let first = Arc::new(std::sync::Mutex::new(None));
    let meanwhile = {
        let (api, request, first) = (api.clone(), request.clone(), first.clone());
        async move {
            let answer = api.send(&request).await;
            first.lock().expect("no panic").replace(answer);
        }
    };
    when(&api.services.faults, Fault::Meanwhile(Box::pin(meanwhile)));
    let second = api.send(request).await;
    api.services.faults.clear();
    let first = first.lock().expect("no panic").take()?;
    Some((first, second))
}

#[tokio::test]
async fn of_two_identical_calls_at_once_one_is_executed_and_both_answer_the_same() {
    let api = Api::new().await;
    let mut requests = writes(&api).await;
    requests.push(instant("/uploads", "to be sent", b"unknown"));
    requests.push(instant("/lookups", "edited", b"edited"));
    for (number, request) in requests.into_iter().enumerate() {
        let request = request.key(&format!("key {number}"));
        let when = |faults: &Faults, first| faults.next("dynamodb:TransactWriteItems", first);
        let (first, second) = send_within(&api, &request, when).await.expect("a transaction");
        if let Some(upload_id) = first.body.get("upload_id") {
            assert_eq!(second.body.get("upload_id"), Some(upload_id), "URLs differ");
        } else {
            assert_eq!(second, first, "{request:?}");
        }
    }
}

#[tokio::test]
async fn a_repeat_does_not_take_the_file_that_the_first_call_moved_for_another() {
    let api = Api::new().await;
    for spared in 0.. {
        let file = api.publish(&format!("old {spared}"), format!("bytes {spared}").as_bytes()).await;
        let request = rename(&file, &format!("new {spared}")).key(&format!("key {spared}"));
        let when = |faults: &Faults, first| faults.at_request(spared, first);
        let Some((first, second)) = send_within(&api, &request, when).await else {
            assert!(spared > 4, "{spared} requests");
            break;
        };
        assert_eq!((first.status, &second), (200, &first), "before request {spared}");
    }
}

#[tokio::test]
async fn a_repeat_after_the_end_of_an_upload_gets_no_urls() {
    let api = Api::new().await;
    let request = instant("/uploads", "sent", b"unknown").key("key");
    let first = api.send(&request).await;
    let upload_id = Attribute { name: "upload_id", text: first.body["upload_id"].as_str().expect("an id") };
    let long_ago = Number { name: "expires_at", value: 1 };
    api.services.tables.set_number("sluice-uploads", upload_id, long_ago);
    let repeat = api.send(&request).await;
    assert_eq!((repeat.status, repeat.code()), (409, "upload_ended"), "{repeat:?}");
}

#[tokio::test]
async fn a_call_that_changed_nothing_is_remembered() {
    let api = Api::new().await;
    let file = api.publish("file", b"bytes").await;
    let requests = [
        instant("/lookups", "file", b"bytes").key("lookup"),
        instant("/uploads", "file", b"bytes").key("upload"),
        restore(&file).key("restore"),
        Request::new(Method::PATCH, file.file(), json!({ "path": "file" })).key("edit"),
    ];
    let mut firsts = Vec::new();
    for request in &requests {
        firsts.push(api.send(request).await);
    }
    let changed = api.send(&edit(&file, "changed")).await;
    for (request, first) in requests.iter().zip(firsts) {
        assert_eq!(first.version_id(), file.version_id(), "{request:?}");
        assert_eq!(api.send(request).await, first, "{request:?}");
    }
    assert_eq!(api.get(&file.file()).await.version_id(), changed.version_id(), "a change was undone");
}

#[tokio::test]
async fn without_a_key_a_repeat_is_known_by_the_version_that_it_follows() {
    let api = Api::new().await;
    for request in writes(&api).await.into_iter().skip(2).take(4) {
        let first = api.send(&request).await;
        assert!(matches!(first.status, 200 | 201), "{request:?}: {first:?}");
        assert_eq!(api.send(&request).await, first, "{request:?}");
        change(&api, &first).await;
        let late = api.send(&request).await;
        assert_eq!((late.status, late.code()), (412, "precondition_failed"), "{request:?}");
    }
}

#[tokio::test]
async fn without_a_key_somebody_elses_change_is_not_taken_for_the_own_one() {
    let api = Api::new().await;
    let file = api.publish("file", b"bytes").await;
    let between = api.send(&edit(&file, "somebody else's")).await;
    let deleted = api.send(&delete(&file)).await;
    assert_eq!(deleted.body["state"], "deleted");
    for request in [
        delete(&file).if_match(&file),
        restore(&file).if_match(&between),
        instant("/lookups", "file", b"bytes").if_match(&between),
    ] {
        assert_eq!(api.send(&request).await.status, 412, "{request:?}");
    }
    assert_eq!(api.send(&delete(&file)).await.status, 404, "which version it meant is unknown");
}
