//! Tests delta uploads.

mod double;

use double::{Double, Fault, Sluice, noise, number};
use serde_json::json;
use sluice_domain::version::RejectReason;

const MIB: usize = 1 << 20;

#[tokio::test]
async fn after_an_edit_only_the_changed_chunks_are_sent() {
    let double = Double::start().await;
    let sluice = Sluice::new(&double).await;
    let content = noise(24 * MIB);
    sluice.write("disk.img", &content);
    let run = sluice.run("put disk.img").await;
    assert_eq!((run.exit_code, &run.line()["outcome"]), (0, &json!("uploaded")), "{}", run.stderr);

    let edited = [b"!", &content[..9 * MIB], b"in between", &content[9 * MIB..]].concat();
    sluice.write("disk.img", &edited);
    let before = double.world().log.len();
    let run = sluice.run("put disk.img").await;
    assert_eq!((run.exit_code, &run.line()["outcome"]), (0, &json!("delta")), "{}", run.stderr);
    assert_eq!(run.line()["state"], "available");
    assert!(number(run.line(), "bytes_sent") <= 6 * 65_536, "{}", run.line());
    assert!(number(run.line(), "api_bytes") < 8_000, "{}", run.line());
    assert_eq!(double.world().files.last().expect("there").content, edited);
    let expected = ["GET files plan", "POST uploads", "PUT bucket parts", "POST uploads complete"];
    assert_eq!(double.world().requests(before), expected);

    // A further delta can refer to the packs of this one.
    let edited_again = [&edited[..MIB], &edited[2 * MIB..], b"more"].concat();
    sluice.write("disk.img", &edited_again);
    let run = sluice.run("put disk.img").await;
    assert_eq!((run.exit_code, &run.line()["outcome"]), (0, &json!("delta")), "{}", run.stderr);
    assert_eq!(double.world().files.last().expect("there").content, edited_again);
}

#[tokio::test]
async fn a_file_of_known_chunks_only_sends_nothing() {
    let double = Double::start().await;
    let sluice = Sluice::new(&double).await;
    let content = noise(8 * MIB);
    sluice.write("log", &content);
    sluice.run("put log").await;
    sluice.write("log", &[&*content, &content].concat());
    sluice.run("put log").await;
    sluice.write("log", &[&*content, &content, &content].concat());
    let run = sluice.run("put log").await;
    assert_eq!((run.exit_code, &run.line()["outcome"]), (0, &json!("delta")), "{}", run.stderr);
    assert_eq!(run.line()["bytes_sent"], 0, "every cut was there before");
    assert_eq!(double.world().files.last().expect("there").content.len(), 24 * MIB);
}

#[tokio::test]
async fn without_a_cache_the_server_is_asked() {
    let double = Double::start().await;
    let sluice = Sluice::new(&double).await;
    let content = noise(6 * MIB);
    double.world().add_file("disk.img", &content, None);
    double.world().plan_chunks_max = 100;
    let edited = [b"!", &*content].concat();
    sluice.write("disk.img", &edited);
    // The earlier version is read chunk by chunk. Under another name it is found by hooks.
    for (name, question) in [("disk.img", "/plan"), ("copy.img", "/hooks")] {
        double.world().files.retain(|file| file.content.len() == content.len());
        let run = sluice.run(&format!("put disk.img --no-cache --to {name}")).await;
        assert_eq!((run.exit_code, &run.line()["outcome"]), (0, &json!("delta")), "{}", run.stderr);
        assert!(number(run.line(), "bytes_sent") <= 3 * 65_536, "{}", run.line());
        let world = double.world();
        assert!(world.log.iter().any(|line| line.ends_with(question)), "{:?}", world.log);
        assert_eq!(world.files.last().expect("there").content, edited);
    }
    // A blob that the account has is found before any of that.
    let before = double.world().log.len();
    let run = sluice.run("put disk.img --no-cache --to third.img").await;
    assert_eq!((run.exit_code, &run.line()["outcome"]), (0, &json!("instant")), "{}", run.stderr);
    assert_eq!(double.world().requests(before), ["GET files", "POST lookups"]);
}

#[tokio::test]
async fn a_file_that_changes_while_its_chunks_are_sent_is_sent_again() {
    let double = Double::start().await;
    let sluice = Sluice::new(&double).await;
    let content = noise(6 * MIB);
    sluice.write("disk.img", &content);
    sluice.run("put disk.img").await;
    let path = sluice.write("disk.img", &content[1..]);
    double.world().bucket_faults = [Fault::Overwrite(path, "!")].into();
    let run = sluice.run("put disk.img").await;
    assert_eq!((run.exit_code, &run.line()["outcome"]), (0, &json!("delta")), "{}", run.stderr);
    assert!(run.stderr.contains("changed while it was being uploaded"), "{}", run.stderr);
    assert_eq!(double.world().files[1].content, sluice.read("disk.img"));
    assert_eq!(double.world().count("DELETE /uploads"), 1);
}

#[tokio::test]
async fn faults_of_the_bucket_are_retried() {
    let double = Double::start().await;
    let sluice = Sluice::new(&double).await;
    let content = noise(6 * MIB);
    sluice.write("disk.img", &content);
    sluice.run("put disk.img").await;
    sluice.write("disk.img", &content[1..]);
    double.world().bucket_faults =
        [Fault::Status(503, "SlowDown"), Fault::Status(403, "AccessDenied"), Fault::Status(412, "")].into();
    // The last fault says that the pack has arrived, although it has not.
    let run = sluice.run("put disk.img").await;
    assert_eq!((run.exit_code, &run.line()["outcome"]), (0, &json!("uploaded")), "{}", run.stderr);
    assert_eq!(double.world().log.iter().filter(|line| line.ends_with("/parts")).count(), 1);
}

#[tokio::test]
async fn a_rejected_delta_is_sent_whole() {
    let double = Double::start().await;
    let sluice = Sluice::new(&double).await;
    for reason in [RejectReason::PackGone, RejectReason::InvalidManifest, RejectReason::PackMismatch] {
        for size in [2 * MIB, 20 * MIB] {
            let name = format!("{}-{size}", reason.as_str());
            let content = noise(size + reason.as_str().len());
            sluice.write(&name, &content);
            double.world().delta_rejection = None;
            sluice.run(&format!("put {name}")).await;
            sluice.write(&name, &content[1..]);
            double.world().delta_rejection = Some(reason);
            let run = sluice.run(&format!("put {name}")).await;
            assert_eq!((run.exit_code, &run.line()["outcome"]), (0, &json!("uploaded")), "{}", run.stderr);
            assert!(number(run.line(), "bytes_sent") > content.len(), "{}", run.line());
            assert_eq!(double.world().files.last().expect("there").content, content[1..]);
        }
    }
    double.world().delta_rejection = Some(RejectReason::PreconditionFailed);
    sluice.write("pack_gone-2097152", &noise(2 * MIB)[2..]);
    let run = sluice.run("put pack_gone-2097152").await;
    assert_eq!((run.exit_code, &run.line()["error"]["code"]), (5, &json!("rejected")));
}

#[tokio::test]
async fn a_file_that_is_mostly_new_is_sent_whole() {
    let double = Double::start().await;
    let sluice = Sluice::new(&double).await;
    let content = noise(6 * MIB);
    sluice.write("disk.img", &content);
    sluice.run("put disk.img").await;
    sluice.write("disk.img", &[&content[..MIB], &noise(13 * MIB)[7 * MIB..]].concat());
    let run = sluice.run("put disk.img").await;
    assert_eq!((run.exit_code, &run.line()["outcome"]), (0, &json!("uploaded")), "{}", run.stderr);
    assert_eq!(run.line()["bytes_sent"], 7 * MIB);
}

#[tokio::test]
async fn a_killed_delta_begins_again() {
    let double = Double::start().await;
    let sluice = Sluice::new(&double).await;
    let content = noise(20 * MIB);
    sluice.write("disk.img", &content);
    sluice.run("put disk.img").await;
    sluice.write("disk.img", &content[1..]);
    double.world().bucket_faults = [Fault::Hang].into();
    let mut child = sluice.spawn("put disk.img");
    double.wait_for("a request for the fault", |world| world.bucket_faults.is_empty()).await;
    child.kill().await.expect("killed");
    let run = sluice.run("put disk.img").await;
    assert_eq!((run.exit_code, &run.line()["outcome"]), (0, &json!("delta")), "{}", run.stderr);
    assert_eq!(double.world().files.last().expect("there").content, content[1..]);
    assert_eq!(sluice.remembered(), 0);
}
