//! Tests deduplication of chunks: only new chunks are stored, and the counts of them are right.

use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture};
use serde_json::{Value, json};
use sluice_contracts::files::VersionView;
use sluice_domain::blob::{Life, Pack};
use sluice_domain::hash::{ChunkId, Sha256};
use sluice_domain::id::PackId;
use sluice_domain::key::LandingKey;
use sluice_domain::upload::UploadState;
use sluice_tests::{Client, available, bytes, paused};
use std::sync::Arc;
use tokio::sync::Semaphore;

use crate::support::{Landed, Worker, created, message, unhurried, watched};

const MIB: usize = 1 << 20;

/// Processes an upload's event once, and returns the upload.
async fn process(worker: &Worker, landed: &Landed) -> VersionView {
    assert_eq!(worker.receive(&created(&landed.key), 1, unhurried()).await, Vec::<String>::new());
    // The next upload looks its chunks up.
    worker.stack.catch_up().await;
    landed.version().await
}

/// Returns the new, shared and stored bytes of a version.
fn counted(version: &VersionView) -> [u64; 3] {
    [version.new_bytes, version.shared_bytes, version.stored_bytes]
}

/// Returns the rows of the packs that a version consists of.
async fn packs(worker: &Worker, user: &Client, version: &VersionView) -> Vec<Pack> {
    let plan = user.plan(version.file_id, "?detail=terms").await;
    let mut ids: Vec<PackId> = plan.terms.iter().map(|term| term.pack_id).collect();
    ids.sort_unstable();
    ids.dedup();
    worker.tables().packs(&ids).await.expect("packs")
}

#[tokio::test]
async fn an_edited_file_stores_only_its_new_chunks() {
    let worker = Worker::new(paused());
    let base = Landed::new(worker.stack, bytes(1, 8 * MIB)).await;
    let version = process(&worker, &base).await;
    assert_eq!(counted(&version), [8 << 20, 0, 8 << 20]);

    let edited = [b"!", &base.content[..]].concat();
    let next = Landed::of(base.user.clone(), "file", edited, &Value::Null).await;
    let version = process(&worker, &next).await;
    let [new, shared, stored] = counted(&version);
    assert!((1..200_000).contains(&new), "{new} of 8 MiB are said to be new");
    assert_eq!((new + shared, stored), (next.content.len() as u64, new));
    assert!(next.user.read_by_plan(version.file_id).await == next.content);

    let keys = worker.vault_keys(base.account_id).await;
    let of = |prefix: &str| keys.iter().filter(|key| key.starts_with(prefix)).count();
    assert_eq!((of("objects/"), of("packs/")), (1, 1), "{keys:?}");
    let references: Vec<u64> =
        packs(&worker, &next.user, &version).await.iter().map(|p| p.references).collect();
    assert!(references.contains(&2) && references.contains(&1), "{references:?}");
    assert_eq!(worker.landing_keys(base.account_id).await, Vec::<String>::new());
    assert_eq!(base.user.usage().await, ((base.content.len() + next.content.len()) as u64, 0));
}

#[tokio::test]
async fn chunks_are_found_under_another_path_and_never_in_another_account() {
    let worker = Worker::new(paused());
    let base = Landed::new(worker.stack, bytes(2, 8 * MIB)).await;
    process(&worker, &base).await;
    let mut edited = base.content.clone();
    edited[4 * MIB..4 * MIB + 1000].copy_from_slice(&bytes(3, 1000));

    let elsewhere = Landed::of(base.user.clone(), "elsewhere", edited.clone(), &Value::Null).await;
    let [new, ..] = counted(&process(&worker, &elsewhere).await);
    assert!((1000..200_000).contains(&new), "{new} of 8 MiB are said to be new");

    let stranger = Landed::new(worker.stack, edited).await;
    assert_eq!(counted(&process(&worker, &stranger).await), [8 << 20, 0, 8 << 20]);
}

#[tokio::test]
async fn a_mostly_new_object_is_adopted_and_its_shared_bytes_are_counted() {
    let worker = Worker::new(paused());
    let base = Landed::new(worker.stack, bytes(4, 2 * MIB)).await;
    process(&worker, &base).await;
    let longer = [&base.content[..], &bytes(5, 14 * MIB)].concat();
    let next = Landed::of(base.user.clone(), "file", longer, &Value::Null).await;
    let version = process(&worker, &next).await;
    let [new, shared, stored] = counted(&version);
    assert!((1_900_000..=2 << 20).contains(&shared), "{shared} of 2 MiB are said to be shared");
    assert_eq!((new + shared, stored), (16 << 20, 16 << 20));
    assert!(next.user.read(version.file_id).await == next.content);
}

#[tokio::test]
async fn content_that_repeats_itself_is_stored_once() {
    let worker = Worker::new(paused());
    let zeros = Landed::new(worker.stack, vec![0; 8 * MIB]).await;
    let version = process(&worker, &zeros).await;
    assert_eq!(counted(&version), [65_536, (8 << 20) - 65_536, 65_536]);
    zeros.check_available(&worker, "zeros").await;
}

#[tokio::test]
async fn small_files_of_a_batch_share_a_pack_per_account() {
    let worker = Worker::new(paused());
    let users = [Client::register(worker.stack).await, Client::register(worker.stack).await];
    let mut landed = Vec::new();
    for number in 0..9_u64 {
        // The last two have the same bytes.
        let content = bytes(100 + number.min(7), 10_240);
        let user = users[usize::from(number == 0)].clone();
        landed.push(Landed::of(user, &format!("file {number}"), content, &Value::Null).await);
    }
    let messages = landed.iter().map(|one| message(created(&one.key), 1)).collect();
    let failed = dedup_upload::process(worker.app.clone(), messages, unhurried()).await;
    assert_eq!(failed, Vec::<String>::new());

    let alone = worker.vault_keys(landed[0].account_id).await;
    assert!(alone.len() == 1 && alone[0].starts_with("objects/"), "one by itself is adopted: {alone:?}");
    let shared = worker.vault_keys(landed[1].account_id).await;
    assert!(shared.len() == 1 && shared[0].starts_with("packs/"), "eight share a pack: {shared:?}");
    let mut new_bytes = 0;
    for one in &landed[1..] {
        let version = available(one.upload().await);
        new_bytes += version.new_bytes;
        assert!(one.user.read_by_plan(version.file_id).await == one.content);
        let rows = packs(&worker, &one.user, &version).await;
        assert_eq!((rows.len(), rows[0].references), (1, 7), "seven blobs use the pack");
    }
    assert_eq!(new_bytes, 7 * 10_240);
    assert_eq!(users[0].usage().await, (7 * 10_240, 0));

    // A second delivery of the messages changes nothing.
    let messages = landed.iter().map(|one| message(created(&one.key), 2)).collect();
    assert_eq!(dedup_upload::process(worker.app.clone(), messages, unhurried()).await, Vec::<String>::new());
    let rows = packs(&worker, &users[0], &landed[1].version().await).await;
    assert_eq!(rows[0].references, 7);
    assert_eq!(worker.vault_keys(landed[1].account_id).await, shared);
}

#[tokio::test]
async fn of_two_equal_files_of_a_batch_the_first_one_published_counts_as_new() {
    let stack = paused();
    let user = Client::register(stack).await;
    let content = bytes(120, 10_240);
    let first = Landed::of(user.clone(), "first", content.clone(), &Value::Null).await;
    let second = Landed::of(user.clone(), "second", content, &Value::Null).await;
    // The first file is published when the second one has been.
    let late = first.key.upload_id.to_string();
    let published = Arc::new(Semaphore::new(0));
    let deployment = watched(stack, move |connector, request| {
        let body = String::from_utf8_lossy(request.body().bytes().unwrap_or_default()).into_owned();
        let is_transaction = body.contains("TransactItems");
        let is_late = body.contains(&late);
        let answer = connector.call(request);
        let published = published.clone();
        HttpConnectorFuture::new(async move {
            if is_transaction && is_late {
                drop(published.acquire().await);
            }
            let answer = answer.await;
            if is_transaction && !is_late {
                published.add_permits(1);
            }
            answer
        })
    });
    let worker = Worker::with(stack, dedup_upload::App::new(&deployment).expect("an app"));
    let messages = [&first, &second].map(|one| message(created(&one.key), 1)).into();
    let failed = dedup_upload::process(worker.app.clone(), messages, unhurried()).await;
    assert_eq!(failed, Vec::<String>::new());
    assert_eq!((first.version().await.new_bytes, second.version().await.new_bytes), (0, 10_240));
}

#[tokio::test]
async fn two_workers_at_once_take_one_reference() {
    let worker = Worker::new(paused());
    let base = Landed::new(worker.stack, bytes(6, 4 * MIB)).await;
    process(&worker, &base).await;
    let edited = [&base.content[..], b"more"].concat();
    let next = Landed::of(base.user.clone(), "file", edited, &Value::Null).await;
    let event = created(&next.key);
    let other = Worker::new(paused());
    let (first, second) =
        tokio::join!(worker.receive(&event, 1, unhurried()), other.receive(&event, 1, unhurried()));
    // The object may be deleted while one of them reads it. Its message is then delivered again.
    if !(first.is_empty() && second.is_empty()) {
        assert_eq!(worker.receive(&event, 2, unhurried()).await, Vec::<String>::new());
    }
    let rows = packs(&worker, &next.user, &next.version().await).await;
    let mut references: Vec<u64> = rows.iter().map(|pack| pack.references).collect();
    references.sort_unstable();
    assert_eq!(references, [1, 2]);
    let keys = worker.vault_keys(base.account_id).await;
    assert_eq!(keys.iter().filter(|key| key.starts_with("packs/")).count(), 1, "{keys:?}");
}

#[tokio::test]
async fn a_condemned_pack_is_not_referenced() {
    let worker = Worker::new(paused());
    let base = Landed::new(worker.stack, bytes(7, 2 * MIB)).await;
    let version = process(&worker, &base).await;
    for pack in packs(&worker, &base.user, &version).await {
        worker.set_life(pack.pack_id, Life::Condemned).await;
    }
    let edited = [&base.content[..], b"more"].concat();
    let next = Landed::of(base.user.clone(), "file", edited, &Value::Null).await;
    let [new, shared, _] = counted(&process(&worker, &next).await);
    assert_eq!((new, shared), (next.content.len() as u64, 0));
    assert!(next.user.read_by_plan(version.file_id).await == next.content);
}

#[tokio::test]
async fn a_pack_condemned_at_the_last_moment_stops_the_version() {
    use sluice_domain::publication::{Outcome, StoredBlob};
    use sluice_storage::tables::Published;
    let worker = Worker::new(paused());
    let base = Landed::new(worker.stack, bytes(8, 2 * MIB)).await;
    let version = process(&worker, &base).await;
    let pack = packs(&worker, &base.user, &version).await.remove(0);
    let next = Landed::of(base.user.clone(), "next", bytes(9, 1000), &Value::Null).await;
    let upload = worker.tables().upload(next.key.upload_id).await.expect("read").expect("an upload");
    let known = worker
        .tables()
        .blob(base.account_id, &Sha256::of(&base.content))
        .await
        .expect("read")
        .expect("a blob");
    let sha256 = Sha256::of(&next.content);
    let blob_id = sluice_domain::blob::blob_id(base.account_id, &sha256);
    let blob = sluice_domain::blob::Blob { blob_id, sha256, size: 1000, ..known };
    let outcome = Outcome::Stored(Box::new(StoredBlob {
        blob,
        packs: vec![pack.pack_id],
        new_bytes: 0,
        stored_bytes: 0,
    }));
    worker.set_life(pack.pack_id, Life::Condemned).await;
    let published = worker.tables().publish(&upload, &outcome, upload.created_at).await.expect("an answer");
    assert_eq!(published, Published::PackGone);
    assert_eq!(next.upload().await.state, UploadState::Open);
    let after = worker.tables().packs(&[pack.pack_id]).await.expect("packs");
    assert_eq!(after[0].references, pack.references);
}

#[tokio::test]
async fn a_damaged_pack_index_costs_storage_but_rejects_no_upload() {
    let worker = Worker::new(paused());
    let base = Landed::new(worker.stack, bytes(10, 4 * MIB)).await;
    process(&worker, &base).await;
    let index = worker.vault_keys(base.account_id).await.into_iter().find(|key| key.starts_with("indexes/"));
    worker.overwrite_in_vault(&index.expect("an index of its own"), vec![1, 2, 3]).await;
    let edited = [&base.content[..], b"more"].concat();
    let next = Landed::of(base.user.clone(), "elsewhere", edited, &Value::Null).await;
    // Another worker, which has not cached the index.
    let other = Worker::new(paused());
    let [new, ..] = counted(&process(&other, &next).await);
    assert_eq!(new, next.content.len() as u64);
    next.user.read(next.version().await.file_id).await;
}

#[tokio::test]
async fn a_chunk_id_that_collides_in_its_first_eight_bytes_is_another_chunk() {
    let worker = Worker::new(paused());
    let base = Landed::new(worker.stack, bytes(11, MIB)).await;
    let version = process(&worker, &base).await;
    let pack = packs(&worker, &base.user, &version).await.remove(0);
    let hook = ChunkId::of(b"one");
    let mut twin = *hook.as_bytes();
    twin[31] ^= 0x40;
    worker.tables().put_hooks(base.account_id, &[(hook, pack.pack_id)]).await.expect("written");
    worker.stack.catch_up().await;
    let found = worker.tables().find_hooks(base.account_id, &[ChunkId::from(twin)]).await.expect("read");
    assert_eq!(found, Vec::<PackId>::new());
    assert_eq!(worker.tables().find_hooks(base.account_id, &[hook]).await.expect("read"), [pack.pack_id]);
}

#[tokio::test]
async fn a_batch_with_a_poison_message_stores_the_others() {
    let worker = Worker::new(paused());
    let user = Client::register(worker.stack).await;
    let first = Landed::of(user.clone(), "first", bytes(20, 5000), &Value::Null).await;
    let wrong = Landed::of(user.clone(), "wrong", bytes(21, 5000), &json!({ "sha1": "0".repeat(40) })).await;
    let second = Landed::of(user.clone(), "second", bytes(22, 5000), &Value::Null).await;
    let mut poison = message("{}", 1);
    "poison".clone_into(&mut poison.id);
    let bodies = [&first, &wrong, &second].map(|landed| message(created(&landed.key), 1));
    let messages = bodies.into_iter().chain([poison]).collect();
    assert_eq!(
        dedup_upload::process(Arc::clone(&worker.app), messages, unhurried()).await,
        Vec::<String>::new()
    );
    let states = [first.upload().await, wrong.upload().await, second.upload().await];
    let expected = [UploadState::Available, UploadState::Rejected, UploadState::Available];
    assert_eq!(states.map(|upload| upload.state), expected);
    let keys = worker.vault_keys(first.account_id).await;
    assert!(keys.len() == 1 && keys[0].starts_with("packs/"), "{keys:?}");
    assert_eq!(worker.landing_keys(first.account_id).await, Vec::<String>::new());
    let _: LandingKey = first.key;
}
