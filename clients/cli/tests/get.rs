//! What `get` does about trouble.

mod double;

use double::{Double, Fault, Sluice, noise};
use serde_json::json;
use sluice_domain::hash::Sha256;

const MIB: usize = 1 << 20;

#[tokio::test]
async fn a_broken_download_goes_on_where_it_stopped_even_if_its_url_has_expired() {
    let double = Double::start().await;
    let sluice = Sluice::new(&double).await;
    double.world().add_file("movie.mkv", &noise(8 * MIB), None);
    double.world().api_faults = [Fault::Rebuild].into();
    double.world().bucket_faults =
        [Fault::Cut(3 * MIB), Fault::Status(403, "AccessDenied"), Fault::Cut(MIB)].into();
    let run = sluice.run("get movie.mkv --to out.mkv").await;
    assert_eq!((run.exit_code, &run.line()["outcome"]), (0, &json!("downloaded")), "{}", run.stderr);
    assert_eq!(run.line()["bytes_received"], 8 * MIB);
    assert_eq!(sluice.read("out.mkv"), noise(8 * MIB));
    assert_eq!(std::fs::read_dir(sluice.folder()).expect("a folder").count(), 1, "nothing else is left");
}

#[tokio::test]
async fn what_an_earlier_run_left_is_used_if_it_is_right() {
    let double = Double::start().await;
    let sluice = Sluice::new(&double).await;
    let content = noise(4 * MIB);
    let stored = double.world().add_file("a/movie.mkv", &content, None);
    let partial = format!(".sluice-partial-{}", stored.version_id);

    sluice.write(&partial, &content[..3 * MIB]);
    let run = sluice.run("get a/movie.mkv").await;
    assert_eq!((run.exit_code, &run.line()["bytes_received"]), (0, &json!(MIB)), "{}", run.stderr);
    assert_eq!(sluice.read("movie.mkv"), content);

    sluice.write(&partial, &noise(3 * MIB)[1..]);
    let run = sluice.run("get a/movie.mkv --to again.mkv").await;
    assert_eq!((run.exit_code, &run.line()["outcome"]), (0, &json!("downloaded")), "{}", run.stderr);
    assert_eq!(sluice.read("again.mkv"), content);
}

#[tokio::test]
async fn other_bytes_than_promised_never_get_the_name() {
    let double = Double::start().await;
    let sluice = Sluice::new(&double).await;
    double.world().add_file("a.txt", b"other bytes", Some(Sha256::of(b"right bytes")));
    let run = sluice.run("get a.txt").await;
    assert_eq!((run.exit_code, &run.line()["error"]["code"]), (7, &json!("corrupt")));
    assert_eq!(std::fs::read_dir(sluice.folder()).expect("a folder").count(), 0);
}

#[tokio::test]
async fn a_different_file_is_replaced_only_by_force() {
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
async fn a_folder_arrives_whole_and_a_missing_file_is_told_apart() {
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
