//! Tests delta uploads: a client that cuts chunks itself sends only those that the account does not have.

use serde_json::{Value, json};
use sluice_contracts::event::UploadEvent;
use sluice_contracts::uploads::{Completed, PartUrls};
use sluice_domain::upload::UploadState;
use sluice_domain::version::VersionState;
use sluice_localstack::stores::StoreKind;
use sluice_storage::fault::{Fault, Moment, run_until_killed};
use sluice_tests::{Client, available, bytes, live, paused, store_kind};

use crate::delta_client::Delta;
use crate::support::{Landed, Worker, created, unhurried};

const MIB: usize = 1 << 20;

#[tokio::test]
async fn a_delta_upload_sends_only_new_chunks_and_reads_back_whole() {
    let user = Client::register(live()).await;
    let base = bytes(201, 6 * MIB);
    let first = user.upload("file", &base).await;
    let mut edited = base.clone();
    edited.splice(3 * MIB..3 * MIB + 100, []);
    edited.extend_from_slice(b"the end");
    let delta = Delta::against(&user, &first, &base, "file", &edited).await;
    assert!(delta.pack.len() < 300_000, "{} bytes are sent", delta.pack.len());
    let version = available(user.wait_until_finished(delta.upload(&user).await).await);
    let sent = delta.pack.len() as u64;
    assert_eq!(
        (version.new_bytes, version.shared_bytes, version.stored_bytes),
        (sent, edited.len() as u64 - sent, sent)
    );
    assert_eq!(version.file_id, first.file_id);
    assert!(user.read_by_plan(version.file_id).await == edited);
    // A plain HTTP reader gets the whole object.
    assert!(user.read(version.file_id).await == edited);
    assert_eq!(user.usage().await, ((base.len() + edited.len()) as u64, 0));

    // A second upload of the same bytes needs no packs.
    let again = user.post("/uploads", &delta.request()).await.instant();
    assert_eq!(again.version_id, version.version_id);
}

#[tokio::test]
async fn a_delta_upload_of_known_chunks_sends_nothing() {
    let user = Client::register(live()).await;
    let base = bytes(202, 3 * MIB);
    let first = user.upload("file", &base).await;
    // A cut depends only on the bytes since the previous cut, so the file with swapped halves shares most
    // chunks.
    let twice = [&base[..], &base[..]].concat();
    let delta = Delta::against(&user, &first, &base, "twice", &twice).await;
    assert!(delta.pack.len() < 200_000);
    available(user.wait_until_finished(delta.upload(&user).await).await);

    // Known chunks in an order that no pack has, and no new chunk.
    let all = crate::delta_client::cut(&base);
    let cut: usize = all[..all.len() - 1].iter().map(|chunk| chunk.length_bytes() as usize).sum();
    let short = Delta::against(&user, &first, &base, "short", &base[..cut]).await;
    assert!(short.pack.is_empty());
    let version = available(user.wait_until_finished(short.upload(&user).await).await);
    assert_eq!(version.stored_bytes, 0, "{version:?}");
    assert!(user.read_by_plan(version.file_id).await == base[..cut]);
}

#[tokio::test]
async fn a_url_accepts_its_pack_once_and_completion_may_be_repeated() {
    let user = Client::register(live()).await;
    let base = bytes(203, MIB);
    let first = user.upload("file", &base).await;
    let edited = [&base[..], b"more"].concat();
    let delta = Delta::against(&user, &first, &base, "file", &edited).await;
    let plan = delta.send(&user).await;
    let again = user.put_part(&plan.parts[0], delta.pack.clone()).await;
    // MinIO's gateway ignores the condition. The same bytes do no harm, and the worker detects others.
    let refusal = if store_kind() == Some(StoreKind::Minio) { 200 } else { 412 };
    assert_eq!(again.status, refusal, "{}", again.body);
    let shown = user.show_upload(plan.upload_id).await;
    assert_eq!(shown.received[0].size, delta.pack.len() as u64, "{shown:?}");
    let path = format!("/uploads/{}/parts", plan.upload_id);
    let fresh: PartUrls = user.post(&path, &json!({ "parts": [{ "number": 1 }] })).await.parse(200);
    assert_eq!(fresh.parts[0].size, delta.pack.len() as u64);
    let complete = async || user.complete(plan.upload_id, &delta.completion()).await.parse::<Completed>(202);
    for _ in 0..2 {
        complete().await;
    }
    available(user.wait_until_finished(plan.upload_id).await);
    assert_eq!(complete().await.version.state, VersionState::Available);
}

#[tokio::test]
async fn an_aborted_delta_upload_releases_packs_and_quota() {
    let worker = Worker::new(paused());
    let user = Client::register(worker.stack).await;
    let base = Landed::of(user.clone(), "file", bytes(204, MIB), &Value::Null).await;
    worker.receive(&created(&base.key), 1, unhurried()).await;
    let file = base.version().await;
    let edited = [&base.content[..], b"more"].concat();
    let delta = Delta::against(&user, &file, &base.content, "file", &edited).await;
    let plan = delta.send(&user).await;
    assert_eq!(user.usage().await, (MIB as u64, edited.len() as u64));
    assert_eq!(worker.landing_keys(base.account_id).await.len(), 1);
    user.delete(&format!("/uploads/{}", plan.upload_id)).await.expect(204);
    assert_eq!(user.usage().await, (MIB as u64, 0));
    assert_eq!(worker.landing_keys(base.account_id).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_delta_upload_survives_a_worker_killed_anywhere() {
    let worker = Worker::new(paused());
    for (seed, fault) in (300..).zip(crate::worker_faults::faults()) {
        let user = Client::register(worker.stack).await;
        let base = Landed::of(user.clone(), "file", bytes(seed, 3 * MIB), &Value::Null).await;
        worker.receive(&created(&base.key), 1, unhurried()).await;
        let file = base.version().await;
        let mut edited = base.content.clone();
        edited[MIB..MIB + 10].copy_from_slice(b"0123456789");
        let delta = Delta::against(&user, &file, &base.content, "file", &edited).await;
        let upload_id = delta.upload(&user).await;
        let account_id = base.account_id;
        let event = UploadEvent::UploadReceived { account_id, upload_id }.to_json();
        let run = run_until_killed(fault, worker.receive(&event, 1, unhurried())).await;
        let context = format!("{fault:?}, {run:?}");
        if run.is_err() {
            assert_eq!(worker.receive(&event, 2, unhurried()).await, Vec::<String>::new(), "{context}");
        }
        let upload = user.show_upload(upload_id).await;
        assert_eq!(upload.state, UploadState::Available, "{context}: {upload:?}");
        assert!(user.read_by_plan(file.file_id).await == edited, "{context}");
        assert_eq!(worker.landing_keys(account_id).await, Vec::<String>::new(), "{context}");
        let keys = worker.vault_keys(account_id).await;
        assert_eq!(keys.iter().filter(|key| key.starts_with("packs/")).count(), 1, "{context}: {keys:?}");
        let found = worker.tables().find_hooks(account_id, &hooks(&base.content)).await.expect("read");
        assert!(!found.is_empty(), "{context}: the chunk index lacks the base");
        if run.is_ok() {
            assert!(fault.write >= 4 && fault.moment == Moment::Before, "{context}: too few writes");
            return;
        }
    }
    panic!("there were more writes than faults");
}

fn hooks(content: &[u8]) -> Vec<sluice_domain::hash::ChunkId> {
    sluice_domain::dedup::hooks(&crate::delta_client::cut(content))
}

#[tokio::test]
async fn a_rewritten_file_survives_a_worker_killed_anywhere() {
    let worker = Worker::new(paused());
    for (seed, fault) in (400..).zip(crate::worker_faults::faults()) {
        let fault: Fault = fault;
        let base = Landed::new(worker.stack, bytes(seed, 3 * MIB)).await;
        worker.receive(&created(&base.key), 1, unhurried()).await;
        let edited = [&base.content[..], b"more"].concat();
        let next = Landed::of(base.user.clone(), "file", edited, &Value::Null).await;
        let event = created(&next.key);
        let run = run_until_killed(fault, worker.receive(&event, 1, unhurried())).await;
        let context = format!("{fault:?}, {run:?}");
        if run.is_err() {
            assert_eq!(worker.receive(&event, 2, unhurried()).await, Vec::<String>::new(), "{context}");
        }
        let upload = next.upload().await;
        assert_eq!(upload.state, UploadState::Available, "{context}: {upload:?}");
        let read = next.user.read_by_plan(available(upload).file_id).await;
        assert!(read == next.content, "{context}: other bytes came back");
        assert_eq!(worker.landing_keys(base.account_id).await, Vec::<String>::new(), "{context}");
        let keys = worker.vault_keys(base.account_id).await;
        let packs = keys.iter().filter(|key| key.starts_with("packs/")).count();
        assert_eq!(packs, 1, "{context}: {keys:?}");
        if run.is_ok() {
            assert!(fault.write >= 3, "{context}: too few writes");
            return;
        }
    }
    panic!("there were more writes than faults");
}
