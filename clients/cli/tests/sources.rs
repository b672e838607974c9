//! Tests what `put` makes of the files, folders and streams that the command line names.

mod double;

use double::{Double, Sluice};
use serde_json::{Value, json};
use std::fs;

/// The stored bytes at a remote path.
fn stored(double: &Double, path: &str) -> Vec<u8> {
    let world = double.world();
    world.files.iter().find(|file| file.path == path).expect("stored").content.clone()
}

#[tokio::test]
async fn equal_targets_are_refused_before_anything_is_sent() {
    let double = Double::start().await;
    let sluice = Sluice::new(&double).await;
    sluice.write("a/x", b"of a");
    sluice.write("b/x", b"of b");
    sluice.write("c/x/y", b"of c");
    for (first, second) in [("a/x", "b/x"), ("a/x", "c/x")] {
        let run = sluice.run(&format!("put {first} {second} --to d/")).await;
        assert_eq!((run.exit_code, &run.line()["error"]["code"]), (2, &json!("usage")), "{}", run.stderr);
        for name in [first, second, "d/x"] {
            assert!(run.stderr.contains(name), "{}", run.stderr);
        }
    }
    assert_eq!(double.world().count("POST /uploads"), 0);

    let run = sluice.run("put a/x a/../a/x --to d/").await;
    assert_eq!((run.exit_code, &run.line()["path"]), (0, &json!("d/x")), "one file, spelled twice");
}

#[tokio::test]
async fn skipped_files_and_empty_folders_are_told() {
    let double = Double::start().await;
    let sluice = Sluice::new(&double).await;
    sluice.write("tree/a", b"a");
    let tree = sluice.folder().join("tree");
    fs::create_dir(tree.join("empty")).expect("made");
    #[cfg(unix)]
    std::os::unix::fs::symlink("a", tree.join("link")).expect("linked");
    let run = sluice.run("put tree").await;
    let reason = |local: &str| {
        let line = run.lines.iter().find(|line| line["local"] == local).expect("told");
        assert_eq!(line["outcome"], "skipped");
        line["reason"].as_str().expect("a reason").to_owned()
    };
    assert_eq!((run.exit_code, run.lines.len()), (0, 3), "{}", run.stderr);
    assert!(reason("tree/link").contains("link") && reason("tree/empty").contains("empty"));

    let printed = sluice.print("put tree").await;
    assert!(printed.contains("1 uploaded, 0 failed, 2 skipped"), "{printed}");
}

#[tokio::test]
async fn a_put_that_finds_no_file_fails() {
    let double = Double::start().await;
    let sluice = Sluice::new(&double).await;
    fs::create_dir(sluice.folder().join("empty")).expect("made");
    let run = sluice.run("put empty").await;
    let error = run.lines.last().map(|line| &line["error"]["code"]);
    assert_eq!((run.exit_code, error), (4, Some(&json!("not_found"))), "{}", run.stderr);
}

#[tokio::test]
async fn a_bad_or_missing_file_does_not_stop_the_others() {
    let double = Double::start().await;
    let sluice = Sluice::new(&double).await;
    sluice.write("tree/a", b"a");
    sluice.write("tree/new\nline", b"b");
    let run = sluice.run("put tree missing --to x/").await;
    assert_eq!(run.exit_code, 1, "{}", run.stderr);
    let code = |local: &str| -> Value {
        let line = run.lines.iter().find(|line| line["local"] == local).expect("told");
        line["error"]["code"].clone()
    };
    assert_eq!((code("tree/new\nline"), code("missing")), (json!("invalid_path"), json!("local")));
    assert_eq!(stored(&double, "x/tree/a"), b"a");
    assert_eq!(sluice.run("put tree --to ../x").await.exit_code, 2, "the command line is at fault");
}

#[cfg(unix)]
#[tokio::test]
async fn streams_are_read_to_their_end() {
    let double = Double::start().await;
    let sluice = Sluice::new(&double).await;
    for (local, remote) in [("-", "of/dash"), ("/dev/stdin", "of/device")] {
        let content = double::noise((3 << 20) + remote.len());
        let run = sluice.feed(&format!("put {local} --to {remote}"), &content).await;
        assert_eq!((run.exit_code, &run.line()["size"]), (0, &json!(content.len())), "{}", run.stderr);
        assert!(stored(&double, remote) == content);
    }
    let pipe = sluice.folder().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().expect("run").success());
    let writer = std::thread::spawn(move || fs::write(pipe, "from a pipe"));
    let run = sluice.run("put pipe --to of/pipe").await;
    assert_eq!((run.exit_code, stored(&double, "of/pipe")), (0, b"from a pipe".to_vec()), "{}", run.stderr);
    writer.join().expect("ended").expect("written");

    let _socket = std::os::unix::net::UnixListener::bind(sluice.folder().join("socket")).expect("bound");
    sluice.write("file", b"file");
    let several = sluice.run("put socket file").await;
    let uploaded = several.lines.iter().filter(|line| line["outcome"] == "uploaded").count();
    assert_eq!((several.exit_code, uploaded), (1, 1), "{}", several.stderr);
    // The empty word is an empty name.
    for line in ["put socket", "put - file", "put --to  file"] {
        assert_eq!(sluice.run(line).await.exit_code, 2, "{line}");
    }

    let nameless = sluice.feed("put - --to of/", b"").await;
    assert_eq!(nameless.exit_code, 2, "{}", nameless.stderr);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_file_that_hides_its_size_is_read_to_its_end() {
    let double = Double::start().await;
    let sluice = Sluice::new(&double).await;
    let run = sluice.run("put /proc/version --to version").await;
    assert_eq!(run.exit_code, 0, "{}", run.stderr);
    assert_eq!(stored(&double, "version"), fs::read("/proc/version").expect("readable"));
}
