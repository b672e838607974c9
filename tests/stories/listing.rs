//! Tests lists of files: prefixes, delimiters, pages, and search by hash.

use futures::stream::{self, StreamExt as _};
use serde_json::json;
use sluice_contracts::files::{FileList, VersionView};
use sluice_contracts::problem::Code;
use sluice_tests::{Client, bytes, live};
use std::collections::BTreeSet;

use crate::support::patiently;

/// Paths that sort before, between and after one another's folders.
fn paths() -> Vec<String> {
    let mut paths: Vec<String> = (0..20).map(|number| format!("many/{number:02}.txt")).collect();
    for folder in ["a", "a/b", "a/b/c", "a b", "a-b", "a.b", "aa", "ä", "z"] {
        paths.extend((0..4).map(|number| format!("{folder}/file {number}")));
    }
    paths.extend(["a!", "a.txt", "a0", "b", "many", "Z", "😀"].map(str::to_owned));
    paths.sort_unstable();
    paths
}

/// Uploads the same bytes to all these paths and returns the first version.
async fn fill(user: &Client, paths: &[String]) -> VersionView {
    let content = bytes(71, 500);
    let version = user.upload(&paths[0], &content).await;
    stream::iter(&paths[1..])
        .for_each_concurrent(4, |path| {
            let lookup = json!({ "sha256": version.sha256, "size": 500, "path": path });
            async move {
                patiently(async || user.post("/lookups", &lookup).await).await.instant();
            }
        })
        .await;
    version
}

/// The expected files and common prefixes of a list of these paths.
fn expected(paths: &[String], prefix: &str, delimiter: &str) -> (Vec<String>, Vec<String>) {
    let mut files = Vec::new();
    let mut prefixes = BTreeSet::new();
    for path in paths {
        let Some(rest) = path.strip_prefix(prefix) else { continue };
        match rest.find(delimiter).filter(|_| !delimiter.is_empty()) {
            Some(end) => _ = prefixes.insert(format!("{prefix}{}", &rest[..end + delimiter.len()])),
            None => files.push(path.clone()),
        }
    }
    (files, prefixes.into_iter().collect())
}

/// Reads all pages of a list. Checks that no page is larger than requested.
async fn all_pages(user: &Client, query: &[(&str, &str)], limit: usize) -> (Vec<String>, Vec<String>) {
    let mut files = Vec::new();
    let mut prefixes = Vec::new();
    let limit_text = limit.to_string();
    let mut cursor = None::<String>;
    let mut last = String::new();
    for _ in 0..1000 {
        let mut parameters = query.to_vec();
        parameters.push(("limit", &limit_text));
        parameters.extend(cursor.as_deref().map(|cursor| ("cursor", cursor)));
        let page: FileList = user.query("/files", &parameters).await.parse(200);
        let paths: Vec<String> = page.files.into_iter().map(|file| file.path.into()).collect();
        let mut entries = [&*paths, &*page.common_prefixes].concat();
        entries.sort_unstable();
        assert!(entries.len() <= limit, "{entries:?}");
        assert!(entries.first().is_none_or(|first| *first > last), "{last} and then {entries:?}");
        last = entries.pop().unwrap_or(last);
        files.extend(paths);
        prefixes.extend(page.common_prefixes);
        cursor = page.next_cursor;
        if cursor.is_none() {
            return (files, prefixes);
        }
    }
    panic!("the list never ends");
}

#[tokio::test]
async fn the_pages_of_a_list_contain_each_file_and_prefix_once_and_in_order() {
    let user = Client::register(live()).await;
    let paths = paths();
    fill(&user, &paths).await;
    for (prefix, delimiter) in [
        ("", ""),
        ("", "/"),
        ("a", ""),
        ("a", "/"),
        ("a/", "/"),
        ("a/b", "/"),
        ("a/b/", "/"),
        ("many", "/"),
        ("many/1", ""),
        ("ä/", "/"),
        ("", " "),
        ("", "a"),
        ("a", "file"),
        ("nothing", "/"),
    ] {
        let wanted = expected(&paths, prefix, delimiter);
        let count = wanted.0.len() + wanted.1.len();
        let query = [("prefix", prefix), ("delimiter", delimiter)];
        let limits = [1, 2, 3, 7, count, count + 1, 1000];
        for limit in limits.into_iter().filter(|limit| (1..=1000).contains(limit) && count / limit < 20) {
            let listed = all_pages(&user, &query, limit).await;
            assert_eq!(listed, wanted, "prefix {prefix:?}, delimiter {delimiter:?}, limit {limit}");
        }
    }
}

#[tokio::test]
async fn a_hash_finds_every_file_that_has_it_now() {
    let user = Client::register(live()).await;
    let paths: Vec<String> = (0..9).map(|number| format!("copies/{number}")).collect();
    let version = fill(&user, &paths).await;
    user.upload("another", &bytes(72, 500)).await;
    user.upload(&paths[3], &bytes(73, 500)).await;
    let deleted = user.file(&paths[5]).await;
    user.delete(&format!("/files/{}", deleted.file_id)).await.expect(200);
    let still: Vec<&str> =
        paths.iter().enumerate().filter(|(at, _)| ![3, 5].contains(at)).map(|(_, path)| &**path).collect();
    live().catch_up().await;
    let sha256 = version.sha256.expect("a hash").to_string();
    let sha1 = version.sha1.expect("a hash").to_string();
    for (hash, digest) in [("sha256", &*sha256), ("sha1", &*sha1)] {
        for limit in [1, 2, 3, 7, 100] {
            let (found, prefixes) = all_pages(&user, &[(hash, digest)], limit).await;
            assert_eq!(found, still, "{hash}, limit {limit}");
            assert_eq!(prefixes, Vec::<String>::new());
        }
    }
}

#[tokio::test]
async fn deleted_files_and_their_prefixes_are_not_listed() {
    let user = Client::register(live()).await;
    let paths = ["a/1", "a/2", "b/1", "c"].map(str::to_owned);
    fill(&user, &paths).await;
    for path in ["a/1", "b/1"] {
        let file = user.file(path).await;
        user.delete(&format!("/files/{}", file.file_id)).await.expect(200);
    }
    let left = ["a/2", "c"].map(str::to_owned);
    for delimiter in ["", "/"] {
        for limit in [1, 2, 100] {
            let listed = all_pages(&user, &[("prefix", ""), ("delimiter", delimiter)], limit).await;
            assert_eq!(listed, expected(&left, "", delimiter), "delimiter {delimiter:?}, limit {limit}");
        }
    }
}

#[tokio::test]
async fn a_cursor_is_accepted_only_unchanged() {
    let user = Client::register(live()).await;
    let paths: Vec<String> = (0..4).map(|number| format!("folder/{number}")).collect();
    let version = fill(&user, &paths).await;
    let page: FileList = user.query("/files", &[("limit", "1")]).await.parse(200);
    let cursor = &*page.next_cursor.expect("more files");
    assert!(!cursor.contains("folder"), "{cursor} shows what it is");
    live().catch_up().await;
    let sha256 = version.sha256.expect("a hash").to_string();
    for garbage in ["", "x", "folder/1", "!!!!", "gICA", &format!("{cursor}=="), &"QUFB".repeat(1000)] {
        for by in [("prefix", ""), ("sha256", &*sha256)] {
            let reply = user.query("/files", &[by, ("cursor", garbage)]).await;
            assert_eq!(reply.status, 400, "{garbage}: {}", reply.body);
            reply.expect_problem(400, Code::InvalidRequest);
        }
    }
    // With another query it is a valid position in the list, or refused.
    user.query("/files", &[("prefix", "zzz"), ("cursor", cursor)]).await.expect(200);
    user.query("/files", &[("prefix", "folder/3"), ("cursor", cursor)]).await.expect(200);
}
