//! Tests what `put` and `get` remember of files and blobs.

mod double;

use double::{Double, Sluice, noise, number};
use serde_json::json;
use sluice::cache::{Cache, CachedFile, CachedVersion, Fingerprint};
use sluice::output::{Format, Output};
use sluice_domain::hash::Sha256;
use sluice_domain::path::FilePath;
use std::fs::File;
use std::path::Path;
use std::time::Duration;

const MIB: usize = 1 << 20;

/// Moves the modification time back, so that a later write would change it visibly.
fn age(path: &Path) {
    let file = File::options().write(true).open(path).expect("there");
    let modified = file.metadata().and_then(|metadata| metadata.modified()).expect("a time");
    file.set_modified(modified - Duration::from_secs(10)).expect("set");
}

#[tokio::test]
async fn a_similar_file_elsewhere_is_found_in_the_cache() {
    let double = Double::start().await;
    let sluice = Sluice::new(&double).await;
    let content = noise(6 * MIB);
    sluice.write("one", &content);
    sluice.run("put one").await;
    sluice.write("two", &content[MIB..]);
    let before = double.world().log.len();
    let run = sluice.run("put two").await;
    assert_eq!((run.exit_code, &run.line()["outcome"]), (0, &json!("delta")), "{}", run.stderr);
    assert!(number(run.line(), "bytes_sent") <= 2 * 65_536, "{}", run.line());
    assert!(!double.world().log[before..].iter().any(|line| line.ends_with("/hooks")));
}

#[tokio::test]
async fn a_download_that_was_edited_is_found_in_the_cache() {
    let double = Double::start().await;
    let sluice = Sluice::new(&double).await;
    let content = noise(6 * MIB);
    double.world().add_file("disk", &content, None);
    assert_eq!(sluice.run("get disk").await.exit_code, 0);
    sluice.write("disk", &[b"edited", &content[..]].concat());
    let run = sluice.run("put disk --to elsewhere/").await;
    assert_eq!((run.exit_code, &run.line()["outcome"]), (0, &json!("delta")), "{}", run.stderr);
    // The ids of all 300 chunks would take more bytes.
    assert!(number(run.line(), "api_bytes") < 8000, "{}", run.line());
}

#[tokio::test]
async fn an_unchanged_file_is_one_call() {
    let double = Double::start().await;
    let sluice = Sluice::new(&double).await;
    for (name, size) in [("small", 3), ("large", 20 * MIB)] {
        age(&sluice.write(name, &noise(size)));
        assert_eq!(sluice.run(&format!("put {name}")).await.line()["outcome"], "uploaded");
        let before = double.world().log.len();
        let run = sluice.run(&format!("put {name} --to other/")).await;
        assert_eq!((run.exit_code, &run.line()["outcome"]), (0, &json!("instant")), "{}", run.stderr);
        assert_eq!(double.world().requests(before), ["POST lookups"]);
        assert_eq!((number(run.line(), "requests"), number(run.line(), "bytes_sent")), (1, 0));
        assert_eq!(run.line()["sha256"], json!(Sha256::of(&noise(size))));
    }
}

#[tokio::test]
async fn an_unchanged_file_is_not_read() {
    let double = Double::start().await;
    let sluice = Sluice::new(&double).await;
    let path = sluice.write("a", b"one");
    let stored = double.world().add_file("b", b"two", None);
    // The cache has a wrong hash: if the hash is used, the file was not read.
    let api = double.url().parse().expect("an address");
    let database = sluice.home().join("cache.sqlite3");
    let cache = Cache::open(&database, &api, double::account_id(), &Output::new(Format::Quiet));
    let version =
        CachedVersion { file_id: stored.file_id, version_id: stored.version_id, sha256: stored.sha256 };
    cache.remember_file(&CachedFile {
        local: &path,
        fingerprint: Some(&Fingerprint::of(&path).expect("there")),
        remote: &FilePath::parse("a").expect("a path"),
        version,
    });
    let run = sluice.run("put a").await;
    assert_eq!((&run.line()["outcome"], &run.line()["sha256"]), (&json!("instant"), &json!(stored.sha256)));
    let run = sluice.run("put a --no-cache").await;
    assert_eq!(run.line()["sha256"], json!(Sha256::of(b"one")));
}

#[tokio::test]
async fn a_file_that_was_just_written_is_hashed_again() {
    let double = Double::start().await;
    let sluice = Sluice::new(&double).await;
    let path = sluice.write("a", b"one");
    // Too young to be trusted, however long the command takes to start.
    let file = File::options().write(true).open(path).expect("a file");
    let modified = file.metadata().and_then(|metadata| metadata.modified()).expect("a time");
    file.set_modified(modified + Duration::from_hours(1)).expect("changed");
    sluice.run("put a").await;
    let run = sluice.run("put a").await;
    assert_eq!((run.exit_code, &run.line()["outcome"]), (0, &json!("instant")), "{}", run.stderr);
    assert_eq!(double.world().count("POST /lookups"), 0, "the cache was not trusted");
}

#[tokio::test]
async fn a_damaged_cache_is_reported_and_replaced() {
    let double = Double::start().await;
    let sluice = Sluice::new(&double).await;
    let content = noise(6 * MIB);
    sluice.write("disk.img", &content);
    sluice.run("put disk.img").await;
    std::fs::write(sluice.home().join("cache.sqlite3"), vec![1; 100_000]).expect("written");
    sluice.write("disk.img", &content[1..]);
    let run = sluice.run("put disk.img").await;
    assert_eq!((run.exit_code, &run.line()["outcome"]), (0, &json!("delta")), "{}", run.stderr);
    assert!(run.stderr.contains("warning: the cache"), "{}", run.stderr);
    assert!(sluice.home().join("cache.set-aside").exists());
    let run = sluice.run("put disk.img").await;
    assert!(run.stderr.is_empty(), "a new one was created: {}", run.stderr);
}

#[tokio::test]
async fn a_cache_that_cannot_be_created_is_reported_and_not_used() {
    let double = Double::start().await;
    let sluice = Sluice::new(&double).await;
    std::fs::create_dir(sluice.home().join("cache.sqlite3")).expect("made");
    sluice.write("a", b"one");
    let run = sluice.run("put a").await;
    assert_eq!((run.exit_code, &run.line()["outcome"]), (0, &json!("uploaded")), "{}", run.stderr);
    assert!(run.stderr.contains("continuing without the cache"), "{}", run.stderr);
    assert_eq!(sluice.run("put a --no-cache").await.stderr, "");
}
