//! Tests where `get` writes, and with which rights.

mod double;

use double::{Double, Fault, Sluice, noise};
use serde_json::json;
use sluice_domain::hash::Sha256;
use std::fs::{self, File};
use std::time::Duration;

const MIB: usize = 1 << 20;

#[tokio::test]
async fn a_file_goes_to_standard_output_once_it_is_verified() {
    let double = Double::start().await;
    let sluice = Sluice::new(&double).await;
    double.world().add_file("movie.mkv", &noise(2 * MIB), None);
    double.world().add_file("wrong", b"other bytes", Some(Sha256::of(b"right bytes")));
    let output = sluice.output("get movie.mkv --to -", b"").await;
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && output.stdout == noise(2 * MIB), "{stderr}");
    assert!(stderr.contains("downloaded") && stderr.contains("movie.mkv"), "{stderr}");

    let output = sluice.output("get wrong --to -", b"").await;
    assert_eq!((output.status.code(), &*output.stdout), (Some(7), &b""[..]));
    for line in ["get folder/ --to -", "get movie.mkv wrong --to -", "get movie.mkv --to - --json"] {
        let output = sluice.output(line, b"").await;
        assert_eq!(output.status.code(), Some(2), "{line}");
    }
    assert_eq!(fs::read_dir(sluice.folder()).expect("a folder").count(), 0);
}

#[tokio::test]
async fn sources_with_the_same_target_are_refused_before_anything_is_written() {
    let double = Double::start().await;
    let sluice = Sluice::new(&double).await;
    let stored = double.world().add_file("a/x", b"one", None);
    double.world().add_file("b/x", b"two", None);
    let by_id = format!("get id:{} b/x --to d/", stored.file_id);
    for line in
        ["get a/x b/x", "get a/x b/x --to d --force", "get a/x b/x/", "get a/x/ b/x/", "get / b/x", &by_id]
    {
        let before = double.world().log.len();
        let run = sluice.run(line).await;
        assert_eq!((run.exit_code, &run.line()["error"]["code"]), (2, &json!("usage")), "{line}");
        assert!(run.stderr.contains("would both be written to"), "{}", run.stderr);
        assert!(!double.world().log[before..].iter().any(|line| line.ends_with("/plan")), "{line}");
        assert_eq!(fs::read_dir(sluice.folder()).expect("a folder").count(), 0, "{line}");
    }
}

#[tokio::test]
async fn nothing_promises_to_replace_a_folder() {
    let double = Double::start().await;
    let sluice = Sluice::new(&double).await;
    double.world().add_file("a", b"a file", None);
    fs::create_dir(sluice.folder().join("a")).expect("made");
    for line in ["get a", "get a --force"] {
        let run = sluice.run(line).await;
        assert_eq!((run.exit_code, &run.line()["error"]["code"]), (5, &json!("exists")), "{line}");
        assert!(run.stderr.contains("is a folder") && !run.stderr.contains("--force"), "{}", run.stderr);
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_keeps_the_mode_of_what_it_replaces_and_is_private_until_it_is_complete() {
    use std::os::unix::fs::PermissionsExt as _;
    let double = Double::start().await;
    let sluice = Sluice::new(&double).await;
    let mode = |name: &str| {
        let metadata = fs::metadata(sluice.folder().join(name)).expect("there");
        metadata.permissions().mode() & 0o7777
    };
    double.world().add_file("a", b"theirs", None);
    for kept in [0o600, 0o755, 0o4755] {
        let path = sluice.write("a", b"mine");
        fs::set_permissions(&path, fs::Permissions::from_mode(kept)).expect("set");
        assert_eq!(sluice.run("get a --force").await.exit_code, 0);
        assert_eq!((mode("a"), &*sluice.read("a")), (kept & 0o777, &b"theirs"[..]));
    }

    sluice.write("any", b"of a usual mode");
    let stored = double.world().add_file("new", &noise(MIB), None);
    double.world().bucket_faults = [Fault::Cut(MIB / 2), Fault::Hang].into();
    let mut hung = sluice.spawn("get new");
    double.wait_for("second request", |world| world.bucket_faults.is_empty()).await;
    assert_eq!(mode(&format!(".sluice-partial-{}", stored.version_id)), 0o600);
    hung.kill().await.expect("killed");
    assert_eq!(sluice.run("get new").await.exit_code, 0);
    assert_eq!(mode("new"), mode("any"));
}

#[cfg(unix)]
#[tokio::test]
async fn a_planted_link_is_not_followed() {
    let double = Double::start().await;
    let sluice = Sluice::new(&double).await;
    let stored = double.world().add_file("a", b"theirs", None);
    let victim = sluice.write("victim", b"mine");
    let planted = sluice.folder().join(format!(".sluice-partial-{}", stored.version_id));
    std::os::unix::fs::symlink(&victim, planted).expect("linked");
    let run = sluice.run("get a").await;
    assert_eq!((run.exit_code, &run.line()["error"]["code"]), (1, &json!("local")));
    assert!(run.stderr.contains("symbolic link") && !run.stderr.contains("--force"), "{}", run.stderr);
    assert_eq!(sluice.read("victim"), b"mine");
}

#[tokio::test]
async fn an_unfinished_download_is_not_uploaded_and_told_of_when_it_is_old() {
    let double = Double::start().await;
    let sluice = Sluice::new(&double).await;
    double.world().add_file("a", b"theirs", None);
    let partial = format!(".sluice-partial-{}", "0".repeat(32));
    let path = sluice.write(&format!("tree/{partial}"), b"half");
    sluice.write("tree/.sluice-partial-notes", b"a file of the user's");
    let run = sluice.run("put tree").await;
    let outcome = |line: &serde_json::Value| (line["local"].to_string(), line["outcome"].to_string());
    let mut outcomes: Vec<_> = run.lines.iter().map(outcome).collect();
    outcomes.sort_by(|a, b| a.1.cmp(&b.1));
    let told = [(&*partial, "skipped"), (".sluice-partial-notes", "uploaded")];
    assert_eq!(outcomes, told.map(|(name, told)| (format!("\"tree/{name}\""), format!("\"{told}\""))));
    assert_eq!(sluice.run(&format!("put tree/{partial}")).await.line()["path"], *partial, "it was named");

    assert_eq!(sluice.run("get a --to tree/").await.stderr, "");
    let file = File::options().write(true).open(&path).expect("there");
    let modified = file.metadata().and_then(|metadata| metadata.modified()).expect("a time");
    file.set_modified(modified - Duration::from_hours(25)).expect("set");
    let run = sluice.run("get a --to tree/").await;
    assert!(run.exit_code == 0 && run.stderr.contains("is an unfinished download"), "{}", run.stderr);
}

#[tokio::test]
async fn names_cannot_control_the_terminal() {
    let double = Double::start().await;
    let sluice = Sluice::new(&double).await;
    double.world().add_file("a\u{202e}gpj.exe", b"bytes", None);
    for line in
        ["ls", "get a\u{202e}gpj.exe", "get a\u{202e}gpj.exe --to a\u{202e}/\u{2066}", "stat \u{202e}"]
    {
        let printed = sluice.print(line).await;
        assert!(!printed.contains(['\u{202e}', '\u{2066}']), "{printed}");
        assert!(printed.contains(r"\u{202e}"), "{printed}");
    }
}
