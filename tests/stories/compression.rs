//! Tests that packs are compressed where that saves space, and that readers do not notice.

use serde_json::Value;
use sluice_contracts::event::BlobEvent;
use sluice_deployment::clock;
use sluice_domain::blob::{Encoding, Life};
use sluice_domain::hash::Sha256;
use sluice_domain::key::ObjectKey;
use sluice_storage::GetOptions;
use sluice_tests::{Client, bytes, live, log_lines, url_of, wait_for};
use std::process::Command;
use std::sync::Arc;

use crate::mover::Movers;
use crate::support::{Landed, created, hurried, message, unhurried};

const MIB: usize = 1 << 20;

#[tokio::test]
async fn text_is_compressed_and_read_from_its_frames() {
    let movers = Movers::new().await;
    let landed = movers.put(log_lines(1, 3 * MIB)).await;
    let object = movers.blob(&landed).await.object_key.expect("it was adopted");
    assert_eq!(movers.compress(&landed, "a", 1, unhurried()).await, Vec::<String>::new());

    let packs = movers.packs(&landed).await;
    assert!(
        packs.iter().all(|pack| pack.placement.encoding == Encoding::Zstd && pack.placement.generation == 1)
    );
    let stored: u64 = packs.iter().map(|pack| pack.placement.length).sum();
    assert!(stored < landed.content.len() as u64 / 3, "{stored} of {}", landed.content.len());
    let account = landed.user.account().await;
    assert_eq!(account.used_bytes, landed.content.len() as u64, "quota counts what was sent");
    assert_eq!(account.stored_bytes, stored, "{account:?}");
    assert_eq!(movers.blob(&landed).await.object_key, None);
    movers.check_readable(&landed, "compressed").await;

    // A range of it costs one or two frames.
    let file_id = landed.version().await.file_id;
    let plan = landed.user.plan(file_id, "?from=2000000&to=2000001").await;
    let term = &plan.terms[0];
    assert_eq!((term.encoding, term.frames.len()), (Encoding::Zstd, 1), "{plan:?}");
    assert!(term.skip < 262_144, "{plan:?}");

    // The object is kept during the grace period, for clients that are still reading it.
    let account = landed.account_id;
    movers.sweep_at(clock::now()).await;
    assert!(movers.objects(account).await.contains(&object));
    movers.sweep().await;
    let kept = movers.objects(account).await;
    assert_eq!(kept, packs.iter().map(|pack| pack.placement.key.clone()).collect::<Vec<_>>());
    movers.check_readable(&landed, "swept").await;
    // A second run changes nothing.
    assert_eq!(movers.compress(&landed, "b", 1, unhurried()).await, Vec::<String>::new());
    movers.sweep().await;
    assert_eq!(movers.objects(account).await, kept);
}

#[tokio::test]
async fn a_compressed_pack_is_a_file_that_zstd_reads() {
    let movers = Movers::new().await;
    let landed = movers.put(log_lines(2, MIB)).await;
    movers.compress(&landed, "a", 1, unhurried()).await;
    let pack = &movers.packs(&landed).await[0];
    let vault = movers.deployment.vault().expect("a bucket");
    let key = ObjectKey::from_stored(&*pack.placement.key);
    let stored = vault.get(&key, GetOptions::whole()).await.expect("read").bytes;
    assert_eq!(stored.len() as u64, pack.placement.length);
    assert!(zstd::stream::decode_all(&*stored).expect("a Zstandard file") == landed.content);
}

#[tokio::test]
async fn an_incompressible_file_stays_raw_and_is_redirected_to() {
    let movers = Movers::new().await;
    for content in [bytes(3, 3 * MIB), log_lines(3, 30_000), Vec::new()] {
        let landed = movers.put(content).await;
        let before = movers.worker.vault_keys(landed.account_id).await;
        assert_eq!(movers.compress(&landed, "a", 1, unhurried()).await, Vec::<String>::new());
        assert!(movers.blob(&landed).await.object_key.is_some());
        movers.sweep().await;
        assert_eq!(movers.worker.vault_keys(landed.account_id).await, before);
        assert!(landed.user.read(landed.version().await.file_id).await == landed.content);
    }
}

#[tokio::test]
async fn a_compressed_file_is_materialized_for_plain_readers() {
    let movers = Movers::new().await;
    let mut content = log_lines(4, 9 * MIB);
    content.extend(bytes(4, 9 * MIB));
    let landed = movers.put(content).await;
    movers.compress(&landed, "a", 1, unhurried()).await;
    movers.sweep().await;
    let app = materialize_blob::App::new(&movers.deployment).expect("an app");
    let account_id = landed.account_id;
    let sha256 = Sha256::of(&landed.content);
    let body = BlobEvent::BlobRequested { account_id, sha256 }.to_json();
    let failed = materialize_blob::process(Arc::new(app), vec![message(body, 1)], unhurried()).await;
    assert_eq!(failed, Vec::<String>::new());
    assert!(landed.user.read(landed.version().await.file_id).await == landed.content);
}

#[tokio::test]
async fn edits_of_a_compressed_file_share_its_chunks() {
    let movers = Movers::new().await;
    let first = movers.put(log_lines(5, 3 * MIB)).await;
    movers.compress(&first, "a", 1, unhurried()).await;
    movers.sweep().await;
    let mut edited = first.content.clone();
    edited.splice(0..0, *b"one more line\n");
    let second = Landed::of(first.user.clone(), "file", edited, &Value::Null).await;
    let failed = movers.worker.receive(&created(&second.key), 1, unhurried()).await;
    assert_eq!(failed, Vec::<String>::new());
    let version = second.version().await;
    assert!(version.new_bytes < 200_000, "{version:?}");
    movers.check_readable(&second, "edited").await;
}

#[tokio::test]
async fn a_pack_that_cannot_be_read_at_its_new_place_is_read_at_its_old_one() {
    let movers = Movers::new().await;
    let landed = movers.put(log_lines(6, 2 * MIB)).await;
    movers.compress(&landed, "a", 1, unhurried()).await;
    let pack = movers.packs(&landed).await.remove(0);
    movers.worker.overwrite_in_vault(&pack.placement.key, vec![0; pack.placement.length as usize]).await;
    let app = materialize_blob::App::new(&movers.deployment).expect("an app");
    let account_id = landed.account_id;
    let sha256 = Sha256::of(&landed.content);
    let body = BlobEvent::BlobRequested { account_id, sha256 }.to_json();
    materialize_blob::process(Arc::new(app), vec![message(body, 1)], unhurried()).await;
    let file_id = landed.version().await.file_id;
    assert!(landed.user.read(file_id).await == landed.content, "by the server");
    let plan = landed.user.plan(file_id, "?former=true").await;
    let term = &plan.terms[0];
    assert_eq!(term.encoding, Encoding::Raw, "{term:?}");
    let range = term.range.as_deref().expect("a range");
    let answer = landed.user.fetch(url_of(&plan, term), &[("range", range)]).await;
    assert!(answer.bytes().await.expect("a body") == landed.content, "by a client");
}

#[tokio::test]
async fn compression_that_runs_out_of_time_resumes_where_it_stopped() {
    let movers = Movers::new().await;
    let landed = movers.put(log_lines(7, 130 * MIB)).await;
    let count = movers.packs(&landed).await.len();
    assert!(count >= 3);
    // The worker checks the time at its start and before each pack but the first.
    for done in 1..count {
        assert_eq!(movers.compress(&landed, "a", 1, hurried(1)).await, Vec::<String>::new());
        let packs = movers.packs(&landed).await;
        let moved = packs.iter().filter(|pack| pack.placement.encoding == Encoding::Zstd).count();
        assert_eq!(moved, done);
        assert!(movers.blob(&landed).await.object_key.is_some(), "the object is still needed");
        movers.sweep().await;
    }
    assert_eq!(movers.compress(&landed, "b", 1, unhurried()).await, Vec::<String>::new());
    assert_eq!(movers.blob(&landed).await.object_key, None);
    movers.sweep().await;
    assert_eq!(movers.objects(landed.account_id).await.len(), count);
    movers.check_readable(&landed, "in the end").await;
}

#[tokio::test]
async fn a_condemned_pack_is_not_compressed() {
    let movers = Movers::new().await;
    let landed = movers.put(log_lines(8, MIB)).await;
    let pack = movers.packs(&landed).await.remove(0);
    movers.worker.set_life(pack.pack_id, Life::Condemned).await;
    assert_eq!(movers.compress(&landed, "a", 1, unhurried()).await, Vec::<String>::new());
    assert_eq!(
        movers.packs(&landed).await,
        vec![sluice_domain::blob::Pack { life: Life::Condemned, ..pack }]
    );
    assert!(movers.blob(&landed).await.object_key.is_some());
}

#[tokio::test]
async fn a_damaged_pack_is_not_compressed() {
    let movers = Movers::new().await;
    let landed = movers.put(log_lines(9, MIB)).await;
    let key = movers.blob(&landed).await.object_key.expect("adopted");
    movers.worker.overwrite_in_vault(&key, log_lines(10, MIB)).await;
    assert_eq!(movers.compress(&landed, "a", 1, unhurried()).await.len(), 1, "tried again");
    assert_eq!(movers.packs(&landed).await[0].placement.generation, 0);
    // After its last delivery the message goes to the dead-letter queue.
    assert_eq!(movers.compress(&landed, "a", 3, unhurried()).await, Vec::<String>::new());
    assert_eq!(movers.packs(&landed).await[0].placement.generation, 0);
}

/// The deployed functions compress without help, and the command reads the result.
#[tokio::test]
async fn uploads_are_compressed_in_the_background() {
    let user = Client::register(live()).await;
    let content = log_lines(11, 5 * MIB);
    let file_id = user.upload("log", &content).await.file_id;
    wait_for("compressed packs", async || {
        let terms = user.plan(file_id, "").await.terms;
        if terms.iter().all(|term| term.encoding == Encoding::Zstd) { Ok(()) } else { Err(terms) }
    })
    .await;
    assert!(user.read_by_plan(file_id).await == content);
    assert!(user.read(file_id).await == content, "as a whole");
    read_by_command(&user, &content);
}

fn read_by_command(user: &Client, content: &[u8]) {
    let folder = tempfile::tempdir().expect("a folder");
    let sluice = crate::command::executable();
    let mut login = Command::new(&sluice);
    let credentials = user.credentials();
    login.args(["--api", &live().api, "login", &credentials.username, "--password-stdin"]);
    login.env("SLUICE_HOME", folder.path()).stdin(std::process::Stdio::piped());
    let mut running = login.spawn().expect("the command");
    let mut input = running.stdin.take().expect("a pipe");
    std::io::Write::write_all(&mut input, credentials.password.as_bytes()).expect("written");
    drop(input);
    assert!(running.wait().expect("an end").success());
    let mut get = Command::new(&sluice);
    get.args(["get", "log", "--to", "copy", "--json"]);
    get.env("SLUICE_HOME", folder.path()).current_dir(folder.path());
    let output = get.output().expect("the command");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(std::fs::read(folder.path().join("copy")).expect("a file") == content);
    let report: Value = serde_json::from_slice(&output.stdout).expect("a document");
    assert!(
        report["bytes_received"].as_u64().is_some_and(|bytes| bytes < content.len() as u64 / 2),
        "{report}"
    );
}
