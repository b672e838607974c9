//! Tests that `put` leaves no space reserved that no later run needs, and sends equal files once.

mod double;

use double::{Double, Fault, Sluice, noise};
use serde_json::json;
use sluice_domain::upload::UploadState;
use std::fs;
use tokio::process::Child;

const MIB: usize = 1 << 20;

/// Starts a put whose requests to the bucket hang, sends it this signal and gives its exit code.
async fn interrupted(double: &Double, sluice: &Sluice, line: &str, signal: &str) -> Option<i32> {
    double.world().bucket_faults = [Fault::Hang].into();
    let mut child = sluice.spawn(line);
    double.wait_for("a request to the bucket", |world| world.bucket_faults.is_empty()).await;
    send(&child, signal);
    child.wait().await.expect("ended").code()
}

fn send(child: &Child, signal: &str) {
    let id = child.id().expect("running").to_string();
    let sent = std::process::Command::new("kill").args(["-s", signal, &id]).status().expect("run");
    assert!(sent.success());
}

#[cfg(unix)]
#[tokio::test]
async fn an_interrupted_put_aborts_what_cannot_be_continued() {
    let double = Double::start().await;
    let sluice = Sluice::new(&double).await;
    sluice.write("small", b"a single PUT");
    for (signal, aborted) in [("INT", 1), ("TERM", 2)] {
        assert_eq!(interrupted(&double, &sluice, "put small", signal).await, Some(130));
        assert_eq!(double.world().count("DELETE /uploads"), aborted);
    }
    let pipe = sluice.folder().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().expect("run").success());
    let writer = std::thread::spawn(move || fs::write(pipe, noise(10 * MIB)));
    let line = "put pipe --to movie --part-size 5m --jobs 1";
    assert_eq!(interrupted(&double, &sluice, line, "INT").await, Some(130));
    assert_eq!((double.world().count("DELETE /uploads"), sluice.remembered()), (3, 0), "a stream in parts");
    writer.join().expect("ended").expect("written");
}

#[cfg(unix)]
#[tokio::test]
async fn an_interrupted_put_keeps_what_can_be_continued() {
    let double = Double::start().await;
    let sluice = Sluice::new(&double).await;
    sluice.write("movie", &noise(10 * MIB));
    let line = "put movie --part-size 5m --jobs 1";
    assert_eq!(interrupted(&double, &sluice, line, "INT").await, Some(130));
    assert_eq!((double.world().count("DELETE /uploads"), sluice.remembered()), (0, 1));
    let run = sluice.run(line).await;
    assert_eq!((run.exit_code, double.world().uploads.len()), (0, 1), "{}", run.stderr);
}

#[cfg(unix)]
#[tokio::test]
async fn a_put_without_a_place_for_its_state_works_and_is_aborted_when_interrupted() {
    let double = Double::start().await;
    let sluice = Sluice::new(&double).await;
    sluice.write("movie", &noise(10 * MIB));
    fs::write(sluice.home().join("uploads"), "in the way").expect("written");
    let line = "put movie --part-size 5m --jobs 1";
    assert_eq!(interrupted(&double, &sluice, line, "TERM").await, Some(130));
    assert_eq!(double.world().count("DELETE /uploads"), 1);
    let run = sluice.run(line).await;
    assert_eq!((run.exit_code, &run.line()["outcome"]), (0, &json!("uploaded")), "{}", run.stderr);
    assert!(run.stderr.contains("cannot be continued"), "{}", run.stderr);
}

#[tokio::test]
async fn a_success_aborts_earlier_attempts_of_this_computer_only() {
    let double = Double::start().await;
    let sluice = Sluice::new(&double).await;
    let line = "put movie --part-size 5m --jobs 1";
    for seed in 0..2 {
        // A new file each time, as many editors write them.
        let mut content = noise(10 * MIB);
        content[0] = seed;
        fs::rename(sluice.write("new", &content), sluice.folder().join("movie")).expect("renamed");
        double.world().bucket_faults = [Fault::None, Fault::Hang].into();
        let mut child = sluice.spawn(line);
        double.wait_for("a request for every fault", |world| world.bucket_faults.is_empty()).await;
        child.kill().await.expect("killed");
    }
    // Another computer is sending a file of the same path and size.
    let other = Sluice::new(&double).await;
    let mut content = noise(10 * MIB);
    content[0] = 2;
    other.write("movie", &content);
    double.world().bucket_faults = [Fault::None, Fault::Hang].into();
    let _sending = other.spawn(line);
    double.wait_for("a request for every fault", |world| world.bucket_faults.is_empty()).await;

    let run = sluice.run(line).await;
    assert_eq!((run.exit_code, &run.line()["bytes_sent"]), (0, &json!(5 * MIB)), "{}", run.stderr);
    assert_eq!(double.world().count("DELETE /uploads"), 1);
    let states: Vec<_> = double.world().uploads.values().map(|upload| upload.state).collect();
    assert_eq!(states, [UploadState::Aborted, UploadState::Available, UploadState::Open]);
    assert_eq!((sluice.remembered(), other.remembered()), (0, 2));
}

#[tokio::test]
async fn equal_files_of_one_run_are_sent_once() {
    let double = Double::start().await;
    let sluice = Sluice::new(&double).await;
    for number in 0..6 {
        sluice.write(&format!("tree/{number}"), &noise(MIB));
    }
    let run = sluice.run("put tree").await;
    assert_eq!((run.exit_code, run.lines.len()), (0, 6), "{}", run.stderr);
    let sent: usize = run.lines.iter().map(|line| double::number(line, "bytes_sent")).sum();
    let instant = run.lines.iter().filter(|line| line["outcome"] == "instant").count();
    assert_eq!((sent, instant, double.world().files.len()), (MIB, 5, 1));
}

#[tokio::test]
async fn a_file_is_sent_itself_if_its_twin_fails() {
    let double = Double::start().await;
    let sluice = Sluice::new(&double).await;
    for name in ["a", "b"] {
        sluice.write(&format!("tree/{name}"), &noise(MIB));
    }
    double.world().bucket_faults = vec![Fault::Status(403, "AccessDenied"); 4].into();
    let run = sluice.run("put tree").await;
    let mut outcomes: Vec<_> = run.lines.iter().map(|line| line["outcome"].to_string()).collect();
    outcomes.sort();
    assert_eq!(outcomes, ["\"failed\"", "\"uploaded\""], "{}", run.stderr);
}
