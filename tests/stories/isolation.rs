//! Tests that accounts are isolated from one another.

use reqwest::Method;
use serde_json::{Value, json};
use sluice_contracts::files::VersionView;
use sluice_contracts::problem::{Code, Problem};
use sluice_contracts::uploads::{PartUrl, UploadList};
use sluice_domain::hash::Sha256;
use sluice_domain::id::{FileId, UploadId, VersionId};
use sluice_domain::upload::UploadState;
use sluice_tests::{Client, available, bytes, live};

const MIB: usize = 1 << 20;

/// Every call that takes the id of a file, a version or an upload.
fn calls(file_id: FileId, version_id: VersionId, upload_id: UploadId) -> Vec<(Method, String, Value)> {
    let file = format!("/files/{file_id}");
    let upload = format!("/uploads/{upload_id}");
    let completion = json!({ "parts": [{ "number": 1, "etag": "x" }, { "number": 2, "etag": "y" }] });
    vec![
        (Method::GET, file.clone(), Value::Null),
        (Method::GET, format!("{file}/versions"), Value::Null),
        (Method::GET, format!("{file}/content"), Value::Null),
        (Method::GET, format!("{file}/content?version={version_id}"), Value::Null),
        (Method::PATCH, file.clone(), json!({ "path": "stolen" })),
        (Method::PATCH, file.clone(), json!({ "metadata": { "owner": "me" } })),
        (Method::DELETE, file.clone(), Value::Null),
        (Method::POST, format!("{file}/restore"), json!({ "version_id": version_id })),
        (Method::GET, upload.clone(), Value::Null),
        (Method::POST, format!("{upload}/parts"), json!({ "parts": [{ "number": 1 }] })),
        (Method::POST, format!("{upload}/complete"), completion),
        (Method::DELETE, upload, Value::Null),
    ]
}

#[tokio::test]
async fn resources_of_another_account_look_like_missing_ones() {
    let owner = Client::register(live()).await;
    let other = Client::register(live()).await;
    let content = bytes(11, 5000);
    let version = owner.upload("private/plan.txt", &content).await;
    let file_id = version.file_id;
    let request = json!({ "path": "open", "size": 6 * MIB, "part_size": 5 * MIB });
    let open = owner.post("/uploads", &request).await.plan();

    let foreign = calls(file_id, version.version_id, open.upload_id);
    let never = [7; 16];
    let absent = calls(FileId::from_bytes(never), VersionId::from_bytes(never), UploadId::from_bytes(never));
    for ((method, path, body), (_, absent_path, _)) in foreign.into_iter().zip(absent) {
        let mut answers = Vec::new();
        for path in [&path, &absent_path] {
            let reply = other.send(method.clone(), path, &[], &body).await;
            let problem = reply.expect_problem(404, Code::NotFound);
            answers.push(Problem { request_id: String::new(), ..problem });
        }
        assert_eq!(answers[0], answers[1], "{method} {path}");
    }
    let head = other.send(Method::HEAD, &format!("/files/{file_id}/content"), &[], &Value::Null).await;
    assert_eq!(head.status, 404);

    let now: VersionView = owner.get(&format!("/files/{file_id}")).await.parse(200);
    assert_eq!(now, version, "somebody changed the file");
    let upload = owner.show_upload(open.upload_id).await;
    assert_eq!(upload.state, UploadState::Open);
}

#[tokio::test]
async fn no_list_and_no_search_shows_files_of_others() {
    let owner = Client::register(live()).await;
    let other = Client::register(live()).await;
    let content = bytes(12, 5000);
    owner.upload("private/plan.txt", &content).await;
    let version = owner.file("private/plan.txt").await;
    let sha256 = version.sha256.expect("a hash").to_string();
    let sha1 = version.sha1.expect("a hash").to_string();
    let open = owner.post("/uploads", &json!({ "path": "open", "size": 10 })).await.plan();
    for parameters in [
        vec![("prefix", "")],
        vec![("prefix", "private/")],
        vec![("prefix", ""), ("delimiter", "/")],
        vec![("path", "private/plan.txt")],
        vec![("sha256", &*sha256)],
        vec![("sha1", &*sha1)],
    ] {
        let found = other.query("/files", &parameters).await.expect(200);
        assert_eq!(found, json!({ "files": [], "common_prefixes": [] }), "{parameters:?}");
        let own = owner.query("/files", &parameters).await.expect(200);
        assert_ne!(own, found, "{parameters:?} finds nothing at all");
    }
    for path in ["/uploads".to_owned(), format!("/uploads?ids={}", open.upload_id)] {
        assert_eq!(other.get(&path).await.expect(200), json!({ "uploads": [] }), "{path}");
        let own: UploadList = owner.get(&path).await.parse(200);
        assert_eq!(own.uploads[0].upload_id, open.upload_id, "{path}");
    }
}

#[tokio::test]
async fn two_accounts_with_the_same_bytes_learn_nothing_about_each_other() {
    let first = Client::register(live()).await;
    let second = Client::register(live()).await;
    let content = bytes(13, 70_000);
    let sha256 = Sha256::of(&content);
    let lookup = json!({ "sha256": sha256, "size": content.len(), "path": "found" });
    for user in [&first, &second] {
        assert_eq!(user.post("/lookups", &lookup).await.expect(200), json!({ "outcome": "unknown" }));
        user.begin("mine", &content).await;
        let version = user.upload("mine", &content).await;
        assert_eq!((version.new_bytes, version.shared_bytes), (content.len() as u64, 0), "{version:?}");
        assert_eq!(user.read(version.file_id).await, content);
        // The reservation of the upload that was only begun remains.
        assert_eq!(user.usage().await, (content.len() as u64, content.len() as u64));
    }
}

#[tokio::test]
async fn a_url_writes_into_its_own_upload_whoever_uses_it() {
    let owner = Client::register(live()).await;
    let other = Client::register(live()).await;
    let content = bytes(14, 3000);
    let plan = owner.begin("given away", &content).await;
    let part = &plan.parts[0];

    let authorization = format!("Bearer {}", other.token());
    let with_token = [("authorization", &*authorization)];
    assert_ne!(other.put_to(&part.url, &with_token, content.clone()).await.status, 200);
    let others_account = other.account().await.account_id.to_string();
    let owners_account = owner.account().await.account_id.to_string();
    let url = part.url.replace(&owners_account, &others_account);
    let elsewhere = PartUrl { url, ..part.clone() };
    assert_ne!(elsewhere.url, part.url, "the key names its account");
    assert_eq!(other.put_part(&elsewhere, content.clone()).await.status, 403);

    assert_eq!(other.put_part(part, content.clone()).await.status, 200);
    available(owner.wait_until_finished(plan.upload_id).await);
    assert_eq!(other.usage().await, (0, 0));
    assert!(other.files().await.is_empty());
    assert!(other.get("/uploads").await.parse::<UploadList>(200).uploads.is_empty());
}
