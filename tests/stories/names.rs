//! Tests unusual file names, from the upload to the name that a browser saves under.

use percent_encoding::percent_decode_str;
use reqwest::Method;
use serde_json::{Value, json};
use sluice_contracts::files::{FileList, VersionView};
use sluice_domain::id::FileId;
use sluice_tests::{Client, available, bytes, live};

const NAMES: [&str; 18] = [
    "with space.txt",
    "it's \"quoted\".txt",
    "100%.txt",
    "%41%2Fnot decoded.txt",
    "c++ or c+ +.txt",
    "Grüße.txt",
    "decomposed e\u{301}.txt",
    "日本語.txt",
    "😀 party 🎉.txt",
    "r&d=1&x.txt",
    "#1.txt",
    "really?.txt",
    ".hidden",
    "..two dots",
    "semi;colon, comma.txt",
    "back\\slash.txt",
    " spaces at both ends ",
    "a:b*c|d<e>[f]{g}~`^.txt",
];

/// The name that a browser saves under (RFC 6266): `filename*` wins over `filename`.
fn saved_as(disposition: &str) -> String {
    if let Some((_, encoded)) = disposition.split_once("filename*=UTF-8''") {
        return percent_decode_str(encoded).decode_utf8().expect("UTF-8").into_owned();
    }
    let (_, quoted) = disposition.split_once("filename=\"").expect("a file name");
    quoted.strip_suffix('"').expect("a closing quote").to_owned()
}

fn header<'a>(answer: &'a reqwest::Response, name: &str) -> &'a str {
    answer.headers()[name].to_str().expect("ASCII")
}

/// Checks the headers and the bytes that the bucket returns for a file.
async fn check_download(user: &Client, file_id: FileId, name: &str, content: &[u8]) {
    let path = format!("/files/{file_id}/content");
    let redirect = user.get(&path).await;
    assert_eq!(redirect.status, 302, "{name}: {}", redirect.body);
    let answer = user.fetch(redirect.header("location").expect("a location"), &[]).await;
    assert_eq!(answer.status(), 200, "{name}");
    assert_eq!(header(&answer, "content-type"), "text/plain; charset=utf-8", "{name}");
    let disposition = header(&answer, "content-disposition").to_owned();
    assert!(disposition.starts_with("attachment; "), "{disposition}");
    assert_eq!(saved_as(&disposition), name, "{disposition}");
    assert_eq!(answer.bytes().await.expect("a body"), content, "{name}");

    let inline = user.get(&format!("{path}?disposition=inline")).await;
    let answer = user.fetch(inline.header("location").expect("a location"), &[]).await;
    assert_eq!(header(&answer, "content-disposition"), disposition.replace("attachment", "inline"), "{name}");

    let redirect = user.send(Method::HEAD, &path, &[], &Value::Null).await;
    assert_eq!(redirect.status, 302, "{name}");
    let location = redirect.header("location").expect("a location");
    let answer = user.fetch_head(location).await;
    assert_eq!(answer.status(), 200, "{name}");
    assert_eq!(header(&answer, "content-length"), content.len().to_string(), "{name}");
    // On a HEAD, the emulator ignores response headers that AWS returns, so this checks the URL itself.
    let url = reqwest::Url::parse(location).expect("a URL");
    let asked = url.query_pairs().find(|(key, _)| key == "response-content-disposition");
    assert_eq!(asked.expect("a disposition").1, disposition, "{name}");
    assert_eq!(user.fetch(location, &[]).await.status(), 403, "{name}: a URL is good for one method");
}

/// Uploads a file and returns its id.
async fn upload(user: &Client, path: &str, content: &[u8]) -> FileId {
    let request = json!({ "path": path, "size": content.len(), "content_type": "text/plain; charset=utf-8" });
    let plan = user.post("/uploads", &request).await.plan();
    user.send_parts(&plan, content).await;
    let version = available(user.wait_until_finished(plan.upload_id).await);
    assert_eq!(version.path.as_str(), path);
    version.file_id
}

#[tokio::test]
async fn a_name_is_kept_unchanged_wherever_it_appears() {
    let user = Client::register(live()).await;
    for (seed, name) in NAMES.into_iter().enumerate() {
        let content = bytes(seed as u64 + 1, 20 + seed);
        let path = format!("names of all kinds/{name}");
        let file_id = upload(&user, &path, &content).await;
        assert_eq!(user.file(&path).await.file_id, file_id, "{path}");
        let listed: FileList = user.query("/files", &[("prefix", &path)]).await.parse(200);
        assert_eq!(listed.files[0].path.as_str(), path, "{listed:?}");
        assert_eq!(listed.files.len(), 1, "{listed:?}");
        check_download(&user, file_id, name, &content).await;
    }
    let all: FileList =
        user.query("/files", &[("prefix", "names of all kinds/"), ("delimiter", "/")]).await.parse(200);
    let listed: Vec<&str> = all.files.iter().map(|file| file.path.as_str()).collect();
    let mut expected = NAMES.map(|name| format!("names of all kinds/{name}"));
    expected.sort_unstable();
    assert_eq!(listed, expected);
}

#[tokio::test]
async fn any_name_can_be_renamed_to_any_other() {
    let user = Client::register(live()).await;
    let content = bytes(1, 33);
    let mut path = NAMES[NAMES.len() - 1].to_owned();
    let file_id = upload(&user, &path, &content).await;
    for name in NAMES {
        let renamed = format!("{name}/{name}");
        let answer = user.patch(&format!("/files/{file_id}"), &json!({ "path": renamed })).await;
        let version: VersionView = answer.parse(200);
        assert_eq!((version.path.as_str(), version.file_id), (&*renamed, file_id));
        assert_eq!(user.stat(&path).await, None, "{path} is still there");
        assert_eq!(user.file(&renamed).await.file_id, file_id, "{renamed}");
        path = renamed;
    }
    check_download(&user, file_id, NAMES[NAMES.len() - 1], &content).await;
}

#[tokio::test]
async fn a_query_is_decoded_once_whichever_way_it_was_encoded() {
    let user = Client::register(live()).await;
    let file_id = upload(&user, "a b+c%20d", &bytes(1, 10)).await;
    for encoded in ["a%20b%2Bc%2520d", "a+b%2bc%2520d", "%61%20%62%2B%63%25%32%30%64"] {
        let found: FileList = user.get(&format!("/files?path={encoded}")).await.parse(200);
        assert_eq!(found.files[0].file_id, file_id, "{encoded}: {found:?}");
    }
    for other in ["a%20b+c%2520d", "a%20b%2Bc%20d"] {
        let found: FileList = user.get(&format!("/files?path={other}")).await.parse(200);
        assert!(found.files.is_empty(), "{other}: {found:?}");
    }
}
