//! Tests how `put` handles faults.

mod double;

use double::{Double, Fault, Sluice, noise};
use serde_json::json;
use std::time::Instant;

const MIB: usize = 1 << 20;

fn received_parts(world: &double::World) -> usize {
    world.uploads.values().map(|upload| upload.received.len()).sum()
}

/// A put of 5 parts of an old file, killed when 3 had arrived.
async fn killed_halfway(double: &Double, sluice: &Sluice) {
    let path = sluice.write("movie.mkv", &noise(25 * MIB));
    let file = std::fs::OpenOptions::new().write(true).open(path).expect("there");
    file.set_modified(std::time::UNIX_EPOCH + std::time::Duration::from_hours(1)).expect("set");
    double.world().bucket_faults = [Fault::None, Fault::None, Fault::None, Fault::Hang, Fault::Hang].into();
    let mut child = sluice.spawn("put movie.mkv --to films/ --part-size 5m --jobs 2");
    let arrived = |world: &double::World| received_parts(world) == 3 && world.bucket_faults.is_empty();
    double.wait_for("three of five parts", arrived).await;
    child.kill().await.expect("killed");
}

#[tokio::test]
async fn a_killed_put_sends_only_the_missing_parts() {
    let double = Double::start().await;
    let sluice = Sluice::new(&double).await;
    killed_halfway(&double, &sluice).await;
    assert_eq!(sluice.remembered(), 2, "state and lock");

    let run = sluice.run("put movie.mkv --to films/ --part-size 5m --jobs 2").await;
    assert_eq!(run.exit_code, 0, "{}", run.stderr);
    assert_eq!(run.line()["outcome"], "uploaded");
    assert_eq!(run.line()["path"], "films/movie.mkv");
    assert_eq!(run.line()["bytes_sent"], 10 * MIB);
    let world = double.world();
    assert_eq!((world.count("POST /uploads"), world.uploads.len()), (4, 1), "begun once: {:?}", world.log);
    assert_eq!(world.files[0].content, noise(25 * MIB));
    assert_eq!(sluice.remembered(), 0);
}

#[tokio::test]
async fn an_upload_that_the_server_forgot_starts_again() {
    let double = Double::start().await;
    let sluice = Sluice::new(&double).await;
    killed_halfway(&double, &sluice).await;
    double.world().uploads.clear();

    let run = sluice.run("put movie.mkv --to films/ --part-size 5m").await;
    assert_eq!((run.exit_code, &run.line()["bytes_sent"]), (0, &json!(25 * MIB)), "{}", run.stderr);
    assert_eq!(double.world().files[0].content, noise(25 * MIB));
}

#[tokio::test]
async fn an_upload_that_somebody_aborts_meanwhile_fails() {
    let double = Double::start().await;
    let sluice = Sluice::new(&double).await;
    sluice.write("movie.mkv", &noise(10 * MIB));
    double.world().bucket_faults = [Fault::None, Fault::Status(404, "NoSuchUpload")].into();
    let run = sluice.run("put movie.mkv --part-size 5m --jobs 1").await;
    let code = &run.line()["error"]["code"];
    assert_eq!((run.exit_code, code), (5, &json!("upload_ended")), "{}", run.stderr);
    assert_eq!((double.world().count("POST /uploads/"), sluice.remembered()), (1, 0), "one call for URLs");
}

#[tokio::test]
async fn a_file_that_changed_after_the_kill_starts_again() {
    let double = Double::start().await;
    let sluice = Sluice::new(&double).await;
    killed_halfway(&double, &sluice).await;
    let path = sluice.folder().join("movie.mkv");
    let file = std::fs::OpenOptions::new().write(true).open(path).expect("there");
    std::io::Write::write_all(&mut &file, b"another beginning").expect("written");

    let run = sluice.run("put movie.mkv --to films/ --part-size 5m").await;
    assert_eq!((run.exit_code, &run.line()["bytes_sent"]), (0, &json!(25 * MIB)), "{}", run.stderr);
    assert_eq!(double.world().count("DELETE /uploads"), 1, "the useless upload is aborted");
    assert_eq!(double.world().files[0].content, sluice.read("movie.mkv"));
}

#[tokio::test]
async fn two_puts_of_one_file_do_not_interfere() {
    let double = Double::start().await;
    let sluice = Sluice::new(&double).await;
    sluice.write("movie.mkv", &noise(10 * MIB));
    double.world().bucket_faults = [Fault::Hang, Fault::Hang].into();
    let _first = sluice.spawn("put movie.mkv --part-size 5m");
    double.wait_for("a request for every fault", |world| world.bucket_faults.is_empty()).await;
    let second = sluice.run("put movie.mkv --part-size 5m").await;
    assert_eq!((second.exit_code, &second.line()["error"]["code"]), (5, &json!("busy")));
}

#[tokio::test]
async fn faults_are_retried() {
    let double = Double::start().await;
    let sluice = Sluice::new(&double).await;
    sluice.write("movie.mkv", &noise(10 * MIB));
    double.world().api_faults = [Fault::Status(503, "")].into();
    double.world().bucket_faults = [
        Fault::Status(503, "SlowDown"),
        Fault::Status(400, "RequestTimeout"),
        Fault::Status(400, "BadDigest"),
    ]
    .into();
    let run = sluice.run("put movie.mkv --part-size 5m --jobs 1").await;
    assert_eq!((run.exit_code, &run.line()["outcome"]), (0, &json!("uploaded")), "{}", run.stderr);
    let world = double.world();
    assert_eq!(world.files[0].content, noise(10 * MIB));
    let keys = &*world.idempotency_keys;
    assert!(
        keys.len() == 3 && keys[1] == keys[2],
        "a lookup, and one upload, though asked for twice: {keys:?}"
    );
}

#[tokio::test]
async fn expired_urls_are_signed_again_for_all_parts_at_once() {
    let double = Double::start().await;
    let sluice = Sluice::new(&double).await;
    sluice.write("movie.mkv", &noise(30 * MIB));
    double.world().bucket_faults = [Fault::None, Fault::Hang].into();
    let mut child = sluice.spawn("put movie.mkv --part-size 5m --jobs 1");
    double.wait_for("a request for every fault", |world| world.bucket_faults.is_empty()).await;
    child.kill().await.expect("killed");

    // The URLs of the second run expire while it sends.
    double.world().bucket_faults = [Fault::None, Fault::Status(403, "AccessDenied")].into();
    let run = sluice.run("put movie.mkv --part-size 5m --jobs 2").await;
    assert_eq!((run.exit_code, &run.line()["outcome"]), (0, &json!("uploaded")), "{}", run.stderr);
    let world = double.world();
    let asked = world.log.iter().filter(|line| line.ends_with("/parts")).count();
    assert_eq!(asked, 3, "once a run, and once more: {:?}", world.log);
}

#[tokio::test]
async fn a_file_fails_if_its_url_stays_forbidden() {
    let double = Double::start().await;
    let sluice = Sluice::new(&double).await;
    sluice.write("a.txt", b"abc");
    double.world().bucket_faults = vec![Fault::Status(403, "SignatureDoesNotMatch"); 9].into();
    let run = sluice.run("put a.txt").await;
    assert_eq!((run.exit_code, &run.line()["error"]["code"]), (9, &json!("bucket_refused")));
    assert_eq!(double.world().count("PUT"), 4);
    assert_eq!(double.world().count("DELETE /uploads"), 1);
}

#[tokio::test]
async fn of_a_file_that_grows_the_bytes_that_it_had_are_stored() {
    let double = Double::start().await;
    let sluice = Sluice::new(&double).await;
    for (name, option, puts) in [("movie.mkv", " --part-size 5m", 3), ("log", "", 2)] {
        // No chunk of one is known from the other.
        let content: Vec<u8> = noise(10 * MIB).into_iter().map(|byte| byte ^ puts as u8).collect();
        let path = sluice.write(name, &content);
        let before = double.world().count("PUT");
        double.world().bucket_faults = [Fault::Append(path)].into();
        let run = sluice.run(&format!("put {name} --jobs 1{option}")).await;
        assert_eq!((run.exit_code, &run.line()["outcome"]), (0, &json!("uploaded")), "{}", run.stderr);
        assert!(run.stderr.contains("grew"), "{}", run.stderr);
        let stored = double.world().files.pop().expect("stored");
        assert!(stored.content == content, "{name}");
        assert_eq!(double.world().count("PUT") - before, puts, "{name}: one of them again");
    }
}

#[tokio::test]
async fn a_file_that_changes_is_sent_again_after_the_others() {
    let double = Double::start().await;
    let sluice = Sluice::new(&double).await;
    let path = sluice.write("tree/a.mkv", &noise(10 * MIB));
    sluice.write("tree/b", b"b");
    assert_eq!(sluice.run("put tree/b").await.exit_code, 0, "known from now on");
    double.world().bucket_faults = [Fault::Overwrite(path, "1"), Fault::Status(503, "SlowDown")].into();
    let run = sluice.run("put tree --part-size 5m").await;
    assert_eq!(run.exit_code, 0, "{}", run.stderr);
    assert_eq!((&run.lines[0]["path"], &run.lines[1]["path"]), (&json!("tree/b"), &json!("tree/a.mkv")));
    assert!(run.stderr.contains("changed"), "{}", run.stderr);
    let world = double.world();
    assert!(world.files[1].content == sluice.read("tree/a.mkv"));
    assert_eq!(world.count("DELETE /uploads"), 1);
}

#[tokio::test]
async fn a_file_that_keeps_changing_fails_with_a_code_of_its_own() {
    let double = Double::start().await;
    let sluice = Sluice::new(&double).await;
    let path = sluice.write("movie.mkv", &noise(10 * MIB));
    double.world().bucket_faults = ["1", "2"].map(|text| Fault::Overwrite(path.clone(), text)).into();
    let run = sluice.run("put movie.mkv --part-size 5m --jobs 1").await;
    assert_eq!((run.exit_code, &run.line()["error"]["code"]), (10, &json!("file_changed")), "{}", run.stderr);
    assert_eq!(double.world().count("DELETE /uploads"), 2);
    assert_eq!(sluice.remembered(), 0);
}

#[tokio::test]
async fn a_file_that_keeps_growing_and_changing_fails_likewise() {
    let double = Double::start().await;
    let sluice = Sluice::new(&double).await;
    let path = sluice.write("movie.mkv", &noise(10 * MIB));
    let faults = |text| [Fault::Append(path.clone()), Fault::Overwrite(path.clone(), text)];
    let refusals = vec![Fault::Status(400, "BadDigest"); 4];
    double.world().bucket_faults = [&faults("1")[..], &refusals, &faults("2")].concat().into();
    let run = sluice.run("put movie.mkv --part-size 5m --jobs 1").await;
    assert_eq!((run.exit_code, &run.line()["error"]["code"]), (10, &json!("file_changed")), "{}", run.stderr);
    assert!(run.stderr.contains("movie.mkv changed"), "{}", run.stderr);
}

#[tokio::test]
async fn a_change_that_sets_the_modification_time_back_is_noticed_when_resuming() {
    let double = Double::start().await;
    let sluice = Sluice::new(&double).await;
    killed_halfway(&double, &sluice).await;
    let file =
        std::fs::OpenOptions::new().write(true).open(sluice.folder().join("movie.mkv")).expect("there");
    let modified = file.metadata().and_then(|metadata| metadata.modified()).expect("a time");
    std::io::Write::write_all(&mut &file, b"another beginning").expect("written");
    file.set_modified(modified).expect("set");

    let run = sluice.run("put movie.mkv --to films/ --part-size 5m").await;
    assert_eq!((run.exit_code, &run.line()["bytes_sent"]), (0, &json!(25 * MIB)), "{}", run.stderr);
    assert_eq!(double.world().files[0].content, sluice.read("movie.mkv"));
}

#[tokio::test]
async fn parts_that_do_not_match_their_hashes_are_hashed_anew() {
    let double = Double::start().await;
    let sluice = Sluice::new(&double).await;
    sluice.write("movie.mkv", &noise(10 * MIB));
    double.world().bucket_faults = vec![Fault::Status(400, "BadDigest"); 4].into();
    let run = sluice.run("put movie.mkv --part-size 5m --jobs 1").await;
    assert_eq!((run.exit_code, &run.line()["outcome"]), (0, &json!("uploaded")), "{}", run.stderr);
    let world = double.world();
    assert_eq!((world.count("DELETE /uploads"), world.uploads.len()), (1, 2));
}

#[tokio::test]
async fn a_rejected_file_does_not_stop_the_others() {
    let double = Double::start().await;
    let sluice = Sluice::new(&double).await;
    for name in ["a", "b", "c"] {
        sluice.write(&format!("tree/{name}"), name.as_bytes());
    }
    double.world().rejected_paths = vec!["x/b".to_owned()];
    let run = sluice.run("put tree --to x/").await;
    assert_eq!(run.exit_code, 7);
    let outcome = |path: &str| {
        let line = run.lines.iter().find(|line| line["path"] == path).expect("reported");
        line["outcome"].clone()
    };
    assert_eq!(
        (outcome("x/a"), outcome("x/b"), outcome("x/c")),
        ("uploaded".into(), "failed".into(), "uploaded".into())
    );
    assert!(run.stderr.contains("rejected"), "{}", run.stderr);
}

#[tokio::test]
async fn many_files_share_calls_and_known_blobs_are_not_sent() {
    let double = Double::start().await;
    let sluice = Sluice::new(&double).await;
    for number in 0..200 {
        sluice.write(&format!("tree/{number}"), format!("content {number}").as_bytes());
    }
    sluice.write("tree/empty", b"");
    let began = Instant::now();
    let run = sluice.run("put tree").await;
    let tenths_of_a_second = began.elapsed().as_millis() as usize / 100;
    assert_eq!((run.exit_code, run.lines.len()), (0, 201), "{}", run.stderr);
    assert!(run.lines.iter().all(|line| line["outcome"] == "uploaded" && line["state"] == "available"));
    let calls = double.world().count("GET /uploads");
    assert!(
        calls < 201 && calls <= tenths_of_a_second + 2,
        "{calls} in {tenths_of_a_second} tenths of a second"
    );

    let before = double.world().count("PUT");
    let run = sluice.run("put tree --to copy/").await;
    assert!(run.lines.iter().all(|line| line["outcome"] == "instant" && line["bytes_sent"] == 0));
    assert_eq!(double.world().count("PUT"), before);
}

#[tokio::test]
async fn that_the_account_is_full_is_told_once_and_not_in_terms_of_the_api() {
    let double = Double::start().await;
    let sluice = Sluice::new(&double).await;
    for name in ["a", "b", "c"] {
        sluice.write(&format!("tree/{name}"), name.as_bytes());
    }
    double.world().api_faults = vec![Fault::Status(403, "quota_exceeded"); 3].into();
    let printed = sluice.print("put tree").await;
    assert_eq!(printed.matches("too little room, or too many unfinished uploads").count(), 1, "{printed}");
    assert_eq!(printed.matches("failed  ").count(), 3, "each file: {printed}");
    assert_eq!(printed.matches("sluice whoami").count(), 1, "{printed}");
    assert!(printed.contains("exit status: 8"), "{printed}");
}
