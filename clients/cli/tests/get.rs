//! Tests how `get` handles faults.

mod double;

use double::{Double, Fault, Sluice, noise, number};
use serde_json::json;
use sluice_domain::hash::Sha256;

const MIB: usize = 1 << 20;

#[tokio::test]
async fn a_broken_download_continues_where_it_stopped_even_if_its_urls_have_expired() {
    let double = Double::start().await;
    let sluice = Sluice::new(&double).await;
    double.world().add_file("movie.mkv", &noise(8 * MIB), None);
    double.world().api_faults = [Fault::Status(503, "")].into();
    double.world().bucket_faults =
        [Fault::Cut(3 * MIB), Fault::Status(403, "AccessDenied"), Fault::Cut(MIB)].into();
    let run = sluice.run("get movie.mkv --to out.mkv --jobs 1").await;
    assert_eq!((run.exit_code, &run.line()["outcome"]), (0, &json!("downloaded")), "{}", run.stderr);
    let received = number(run.line(), "bytes_received");
    // After each cut, only the chunk that was cut is downloaded again.
    assert!((8 * MIB..8 * MIB + 2 * 65_536).contains(&received), "{received}");
    assert_eq!(double.world().count("GET /files/"), 3, "a plan, once repeated, and a fresh one");
    assert_eq!(sluice.read("out.mkv"), noise(8 * MIB));
    assert_eq!(std::fs::read_dir(sluice.folder()).expect("a folder").count(), 1, "nothing else is left");
}

#[tokio::test]
async fn right_chunks_of_an_earlier_run_are_kept() {
    let double = Double::start().await;
    let sluice = Sluice::new(&double).await;
    let content = noise(4 * MIB);
    let stored = double.world().add_file("a/movie.mkv", &content, None);
    let mut partial = content[..3 * MIB].to_vec();
    partial[MIB] ^= 1;
    sluice.write(&format!(".sluice-partial-{}", stored.version_id), &partial);
    let run = sluice.run("get a/movie.mkv").await;
    let received = number(run.line(), "bytes_received");
    let reused = number(run.line(), "bytes_reused");
    assert_eq!((run.exit_code, received + reused), (0, 4 * MIB), "{}", run.stderr);
    assert!((MIB..MIB + 2 * 65_536).contains(&received), "the end, and the chunk that was wrong: {received}");
    assert_eq!(sluice.read("movie.mkv"), content);
}

#[tokio::test]
async fn chunks_of_local_files_are_not_downloaded() {
    let double = Double::start().await;
    let sluice = Sluice::new(&double).await;
    let first = noise(6 * MIB);
    let second = noise(9 * MIB)[6 * MIB..].to_vec();
    double.world().plan_chunks_max = 100;
    double.world().add_file("movie.mkv", &[&*first, b"!", &second].concat(), None);
    sluice.write("movie.mkv", &first);
    sluice.write("other", &second);
    let run = sluice.run("get movie.mkv --force --base other").await;
    assert_eq!((run.exit_code, &run.line()["outcome"]), (0, &json!("downloaded")), "{}", run.stderr);
    let received = number(run.line(), "bytes_received");
    assert!(received < 200_000, "{received}");
    assert_eq!(run.line()["bytes_reused"], 9 * MIB + 1 - received);
    assert_eq!(sluice.read("movie.mkv"), [&*first, b"!", &second].concat());
    assert!(double.world().count("GET /files/") > 4, "page by page");
}

#[tokio::test]
async fn a_damaged_answer_is_requested_again() {
    let double = Double::start().await;
    let sluice = Sluice::new(&double).await;
    double.world().add_file("movie.mkv", &noise(2 * MIB), None);
    double.world().bucket_faults = [Fault::Damage(MIB)].into();
    let run = sluice.run("get movie.mkv").await;
    assert_eq!((run.exit_code, &run.line()["outcome"]), (0, &json!("downloaded")), "{}", run.stderr);
    assert_eq!(sluice.read("movie.mkv"), noise(2 * MIB));
}

#[tokio::test]
async fn a_bucket_with_wrong_bytes_gives_no_file() {
    let double = Double::start().await;
    let sluice = Sluice::new(&double).await;
    double.world().add_file("movie.mkv", &noise(2 * MIB), None);
    double.world().bucket_faults = vec![Fault::Damage(100); 9].into();
    let run = sluice.run("get movie.mkv").await;
    assert_eq!((run.exit_code, &run.line()["error"]["code"]), (7, &json!("corrupt")));
    assert!(run.stderr.contains("the bytes received from offset 0 on"), "{}", run.stderr);
    assert_eq!(double.world().count("GET /bucket"), 8, "by fresh URLs too, and then no more");
    assert_eq!(std::fs::read_dir(sluice.folder()).expect("a folder").count(), 0);

    sluice.write("movie.mkv", b"the one before");
    double.world().bucket_faults = [vec![Fault::Damage(MIB)], vec![Fault::Damage(100); 9]].concat().into();
    assert_eq!(sluice.run("get movie.mkv --force").await.exit_code, 7);
    assert_eq!(sluice.read("movie.mkv"), b"the one before");
    double.world().bucket_faults.clear();
    let run = sluice.run("get movie.mkv --force").await;
    assert!(number(run.line(), "bytes_reused") > 0, "what was right stays: {:?}", run.lines);
    assert_eq!(sluice.read("movie.mkv"), noise(2 * MIB));
    assert_eq!(std::fs::read_dir(sluice.folder()).expect("a folder").count(), 1);
}

#[tokio::test]
async fn bytes_with_the_wrong_hash_never_get_the_name() {
    let double = Double::start().await;
    let sluice = Sluice::new(&double).await;
    double.world().add_file("a.txt", b"other bytes", Some(Sha256::of(b"right bytes")));
    let run = sluice.run("get a.txt").await;
    assert_eq!((run.exit_code, &run.line()["error"]["code"]), (7, &json!("corrupt")));
    assert_eq!(std::fs::read_dir(sluice.folder()).expect("a folder").count(), 0);
}

#[tokio::test]
async fn a_different_file_is_replaced_only_with_force() {
    let double = Double::start().await;
    let sluice = Sluice::new(&double).await;
    double.world().add_file("a.txt", b"theirs", None);
    sluice.write("a.txt", b"mine");
    let run = sluice.run("get a.txt").await;
    assert_eq!((run.exit_code, &run.line()["error"]["code"]), (5, &json!("exists")));
    assert_eq!(sluice.read("a.txt"), b"mine");

    assert_eq!(sluice.run("get a.txt --force").await.exit_code, 0);
    assert_eq!(sluice.read("a.txt"), b"theirs");
    let run = sluice.run("get a.txt").await;
    assert_eq!((run.exit_code, &run.line()["outcome"]), (0, &json!("unchanged")));
}

#[tokio::test]
async fn a_hostile_list_writes_nothing_outside_the_target() {
    for path in ["../evil", "tree/../../evil", "/tmp/evil", "tree/a/../../../evil", "elsewhere/evil"] {
        let double = Double::start().await;
        let sluice = Sluice::new(&double).await;
        double.world().add_file(path, b"evil", None);
        let run = sluice.run("get tree/ --to out").await;
        assert_eq!(run.exit_code, 9, "{path}: {}", run.stderr);
        let left: Vec<_> = std::fs::read_dir(sluice.folder()).expect("a folder").collect();
        assert!(left.is_empty(), "{path}: {left:?}");
    }
}

#[tokio::test]
async fn a_folder_is_downloaded_whole_and_a_missing_file_is_reported() {
    let double = Double::start().await;
    let sluice = Sluice::new(&double).await;
    for path in ["tree/a", "tree/deep/er/b", "tree/empty"] {
        let content = if path.ends_with("empty") { "" } else { path };
        double.world().add_file(path, content.as_bytes(), None);
    }
    let run = sluice.run("get tree/ --to out").await;
    assert_eq!((run.exit_code, run.lines.len()), (0, 3), "{}", run.stderr);
    assert_eq!(sluice.read("out/deep/er/b"), b"tree/deep/er/b");
    assert_eq!(sluice.read("out/empty"), b"");

    double.world().files.clear();
    for missing in ["get nowhere", "get nowhere/"] {
        let run = sluice.run(missing).await;
        assert_eq!((run.exit_code, &run.line()["error"]["code"]), (4, &json!("not_found")));
    }
}
