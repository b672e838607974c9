//! Files, versions, blobs and sessions.

use sluice_deployment::clock;
use sluice_domain::account::Account;
use sluice_domain::hash::{Sha1, Sha256};
use sluice_domain::path::FilePath;
use sluice_domain::publication::Outcome;
use sluice_domain::version::File;
use sluice_storage::Tables;
use sluice_storage::tables::{Commit, Committed, FileAndBlob, FileHash, Listing, Page, Published, Segment};
use std::collections::BTreeSet;

use crate::support::{account, begun, blob, eventually, stored, unique};

/// Publishes a file of these bytes.
async fn published(tables: &Tables, account: &Account, path: &str, content: &[u8]) -> Published {
    let upload = begun(tables, account, path, content.len() as u64).await;
    tables.publish(&upload, &stored(account, content), clock::now()).await.expect("an answer")
}

/// Publishes an empty file of a blob of its own at each path.
async fn with_files(tables: &Tables, paths: &[&str]) -> Account {
    let account = account(tables).await;
    for path in paths {
        assert_eq!(published(tables, &account, path, path.as_bytes()).await, Published::Available);
    }
    account
}

fn paths(page: &Page) -> Vec<&str> {
    page.files.iter().map(|file| file.path.as_str()).collect()
}

pub async fn a_published_version_is_found_by_path_id_and_hash(tables: &Tables) {
    let account = account(tables).await;
    let upload = begun(tables, &account, "file", 5).await;
    let outcome = stored(&account, b"bytes");
    let available = tables.publish(&upload, &outcome, clock::now()).await.expect("an answer");
    assert_eq!(available, Published::Available);
    let by_path = tables.file_at(account.account_id, &upload.path).await.expect("a read").expect("a file");
    assert_eq!(by_path.current_id(), Some(upload.version_id));
    let by_id = async || tables.file(account.account_id, upload.file_id).await.expect("a read");
    eventually(Some(upload.path.clone()), async || by_id().await.map(|file| file.path)).await;
    for hash in [FileHash::Sha256(Sha256::of(b"bytes")), FileHash::Sha1(Sha1::of(b"bytes"))] {
        eventually(vec!["file".to_owned()], async || {
            let page = tables.files_by_hash(account.account_id, hash, None, 10).await.expect("a read");
            paths(&page).into_iter().map(str::to_owned).collect()
        })
        .await;
    }
    let used = tables.account(&account.username).await.expect("a read").expect("an account");
    assert_eq!((used.used_bytes, used.reserved_bytes), (5, 0));
}

pub async fn a_renamed_file_is_found_by_its_id_at_once(tables: &Tables) {
    let account = account(tables).await;
    let upload = begun(tables, &account, "old", 5).await;
    tables.publish(&upload, &stored(&account, b"bytes"), clock::now()).await.expect("an answer");
    let before = tables.file_at(account.account_id, &upload.path).await.expect("a read").expect("a file");
    let after = File { path: FilePath::parse("new").expect("a path"), ..before.clone() };
    let rename = Commit { before: Some(before), after: after.clone(), version: None, displaced: None };
    assert_eq!(tables.commit(&rename).await.expect("a write"), Committed::Done);
    let found = tables.file(account.account_id, upload.file_id).await.expect("a read");
    assert_eq!(found.map(|file| file.path), Some(after.path));
}

pub async fn a_file_and_a_blob_are_read_in_one_call(tables: &Tables) {
    let account = with_files(tables, &["file"]).await;
    let path = FilePath::parse("file").expect("a path");
    for _ in 0..8 {
        let FileAndBlob { file, blob } = tables
            .file_and_blob(account.account_id, &path, Some(&Sha256::of(b"file")))
            .await
            .expect("a read");
        assert!(file.is_some() && blob.is_some());
    }
}

pub async fn a_blob_is_published_once(tables: &Tables) {
    let account = account(tables).await;
    assert_eq!(published(tables, &account, "one", b"bytes").await, Published::Available);
    assert_eq!(published(tables, &account, "two", b"bytes").await, Published::BlobExists);
    let upload = begun(tables, &account, "three", 5).await;
    let link = Outcome::Linked { sha256: Sha256::of(b"bytes"), sha1: Sha1::of(b"bytes") };
    for _ in 0..2 {
        tables.publish(&upload, &link, clock::now()).await.expect("an answer");
    }
    let found = tables.blob(account.account_id, &Sha256::of(b"bytes")).await.expect("a read");
    assert_eq!(found.map(|blob| blob.references), Some(2), "a repeat takes no reference");
    let foreign = blob(&account, b"other");
    assert_eq!(tables.blob(account.account_id, &foreign.sha256).await.expect("a read"), None);
}

pub async fn files_are_listed_by_the_bytes_of_their_paths_page_by_page(tables: &Tables) {
    let names = ["b", "a/2", "a/10", "é", "B", "a", "\u{10000}", "\u{ffee}"];
    let account = with_files(tables, &names).await;
    let mut listed = Vec::new();
    let mut after: Option<String> = None;
    loop {
        let listing = Listing {
            account_id: account.account_id,
            prefix: "",
            delimiter: None,
            after: after.as_deref(),
            limit: 3,
        };
        let page = tables.list(listing).await.expect("a read");
        listed.extend(page.files.iter().map(|file| file.path.as_str().to_owned()));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let mut expected = names.map(str::to_owned);
    expected.sort_unstable();
    assert_eq!(listed, expected);
}

pub async fn a_delimiter_groups_paths(tables: &Tables) {
    let account = with_files(tables, &["a/1", "a/2", "a/b/3", "a/c/4", "a/c/5", "b/6"]).await;
    let listing = Listing {
        account_id: account.account_id,
        prefix: "a/",
        delimiter: Some("/"),
        after: None,
        limit: 10,
    };
    let page = tables.list(listing).await.expect("a read");
    assert_eq!(paths(&page), ["a/1", "a/2"]);
    assert_eq!(page.common_prefixes, ["a/b/", "a/c/"]);
}

pub async fn segments_divide_a_table(tables: &Tables) {
    let names: Vec<String> = (0..30).map(|number| format!("{}/{number}", hex::encode(unique()))).collect();
    let account = account(tables).await;
    for name in &names {
        published(tables, &account, name, name.as_bytes()).await;
    }
    let prefix = &names[7];
    let own = |blob_id: &String| blob_id.starts_with(&account.account_id.to_string());
    eventually((vec![prefix.clone()], names.len()), async || {
        let (mut found, mut hashes) = (Vec::new(), Vec::new());
        for number in 0..4 {
            let segment = Segment { number, of: 4 };
            found.extend(paths_in(tables, prefix, segment).await);
            hashes.extend(blobs_in(tables, segment).await.into_iter().filter(own));
        }
        let distinct = hashes.iter().collect::<BTreeSet<_>>().len();
        assert_eq!(distinct, hashes.len(), "a row is in one segment");
        (found, distinct)
    })
    .await;
}

async fn paths_in(tables: &Tables, prefix: &str, segment: Segment) -> Vec<String> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let (files, next) = tables.scan_files(prefix, segment, after).await.expect("a scan");
        found.extend(files.into_iter().map(|file| file.path));
        after = next;
        if after.is_none() {
            return found;
        }
    }
}

async fn blobs_in(tables: &Tables, segment: Segment) -> Vec<String> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let (blobs, next) = tables.scan_blobs(segment, after).await.expect("a scan");
        found.extend(blobs.into_iter().map(|blob| blob.blob_id));
        after = next;
        if after.is_none() {
            return found;
        }
    }
}
