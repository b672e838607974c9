//! Tests reading of packed files: by plan, and as an object that is materialized for plain HTTP readers.

use serde_json::Value;
use sluice_contracts::event::BlobEvent;
use sluice_contracts::files::{Materializing, VersionView};
use sluice_contracts::problem::Code;
use sluice_domain::hash::Sha256;
use sluice_domain::key::ObjectKey;
use sluice_lambda::batch::OutOfTime;
use sluice_storage::Bucket;
use sluice_storage::fault::run_until_killed;
use sluice_tests::{Client, available, bytes, live, paused, url_of, wait_for};
use std::process::Command;
use std::sync::Arc;

use crate::delta_client::Delta;
use crate::support::{Landed, Worker, created, hurried, message, unhurried};

const MIB: usize = 1 << 20;

/// Uploads a file that is stored in two packs, and returns it with its bytes.
async fn packed(user: &Client, seed: u64, size: usize) -> (VersionView, Vec<u8>) {
    let base = bytes(seed, size);
    let file = user.upload("file", &base).await;
    let mut content = base.clone();
    content[size / 2..size / 2 + 10].copy_from_slice(b"0123456789");
    let delta = Delta::against(user, &file, &base, "file", &content).await;
    let version = available(user.wait_until_finished(delta.upload(user).await).await);
    (version, content)
}

/// Does the same on a stack with paused workers.
pub async fn packed_by_hand(worker: &Worker, seed: u64, size: usize) -> (Client, VersionView, Landed) {
    let base = Landed::new(worker.stack, bytes(seed, size)).await;
    assert_eq!(worker.receive(&created(&base.key), 1, unhurried()).await, Vec::<String>::new());
    let mut edited = base.content.clone();
    edited[size / 2..size / 2 + 10].copy_from_slice(b"0123456789");
    let next = Landed::of(base.user.clone(), "file", edited, &Value::Null).await;
    assert_eq!(worker.receive(&created(&next.key), 1, unhurried()).await, Vec::<String>::new());
    let version = next.version().await;
    (base.user, version, next)
}

/// Runs materialize-blob on the request for a blob.
pub async fn materialize(
    worker: &Worker,
    landed: &Landed,
    id: &str,
    receive: u32,
    time: OutOfTime,
) -> Vec<String> {
    let app = materialize_blob::App::new(&worker.stack.deployment_of("materialize-blob")).expect("an app");
    let sha256 = Sha256::of(&landed.content);
    let body = BlobEvent::BlobRequested { account_id: landed.account_id, sha256 }.to_json();
    let mut message = message(body, receive);
    id.clone_into(&mut message.id);
    materialize_blob::process(Arc::new(app), vec![message], time).await
}

fn cache(worker: &Worker) -> (Bucket, impl Fn(&Landed) -> ObjectKey) {
    let bucket = worker.stack.deployment().cache().expect("a bucket");
    (bucket, |landed: &Landed| ObjectKey::materialized(landed.account_id, &Sha256::of(&landed.content)))
}

async fn content(user: &Client, version: &VersionView, more: &str, prefer: &str) -> sluice_tests::Reply {
    let path = format!("/files/{}/content{more}", version.file_id);
    user.send(reqwest::Method::GET, &path, &[("prefer", prefer)], &Value::Null).await
}

#[tokio::test]
async fn a_plan_lists_every_chunk_of_a_file_or_of_a_range() {
    let user = Client::register(live()).await;
    let (version, whole) = packed(&user, 600, 2 * MIB).await;
    let id = version.file_id;
    assert!(user.read_by_plan(id).await == whole);

    let plan = user.plan(id, "?from=1000000&to=1000001").await;
    assert_eq!((plan.size, Some(plan.sha256)), (version.size, version.sha256));
    assert_eq!((plan.terms.len(), plan.terms[0].chunks.len()), (1, 1), "{plan:?}");
    let term = &plan.terms[0];
    let run = term.offset as usize..(term.offset + term.length) as usize;
    assert!(run.contains(&1_000_000));
    let range = term.range.as_deref().expect("a range");
    let answer = user.fetch(url_of(&plan, term), &[("range", range)]).await;
    assert!(answer.bytes().await.expect("a body") == whole[run]);

    assert!(user.plan(id, "?from=5&to=5").await.terms.is_empty());
    let brief = user.plan(id, "?detail=terms").await;
    let without_chunks = brief.terms.iter().all(|term| term.object.is_none() && term.chunks.is_empty());
    assert!(brief.objects.is_empty() && without_chunks, "{brief:?}");
    let total: u64 = brief.terms.iter().map(|term| term.length).sum();
    assert_eq!(total, whole.len() as u64);

    for wrong in ["from=2&to=1", "from=9999999", "from=x", "detail=all", "cursor=x", "cursor=1-1", "more=1"] {
        user.get(&format!("/files/{id}/plan?{wrong}")).await.expect_problem(400, Code::InvalidRequest);
    }
    let empty = user.upload("empty", b"").await;
    let plan = user.plan(empty.file_id, "").await;
    assert_eq!((plan.size, plan.terms.len()), (0, 0));
}

#[tokio::test]
async fn plain_readers_get_packed_content_in_one_piece() {
    let user = Client::register(live()).await;
    let (version, whole) = packed(&user, 610, 12 * MIB).await;
    let reply = wait_for("the whole object", async || {
        let reply = content(&user, &version, "", "wait=20").await;
        if reply.status == 202 { Err(reply.body) } else { Ok(reply) }
    })
    .await;
    assert_eq!(reply.status, 302, "{}", reply.body);
    let url = reply.header("location").expect("a location").to_owned();
    assert_eq!(reply.header("etag"), Some(&*format!("\"{}\"", version.version_id)));
    let ranged = user.fetch(&url, &[("range", "bytes=6291400-6291499")]).await;
    assert_eq!(ranged.status().as_u16(), 206);
    assert!(ranged.bytes().await.expect("a body") == whole[6_291_400..6_291_500]);
    assert!(user.read(version.file_id).await == whole);
    let path = format!("/files/{}/content", version.file_id);
    let head = user.send(reqwest::Method::HEAD, &path, &[], &Value::Null).await;
    assert_eq!(head.status, 302);
    let head = user.fetch_head(head.header("location").expect("a location")).await;
    assert_eq!(head.headers()["content-length"], whole.len().to_string().as_str());
}

#[tokio::test]
async fn curl_downloads_packed_content() {
    let stack = live();
    let user = Client::register(stack).await;
    let (version, whole) = packed(&user, 620, 7 * MIB).await;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("file");
    let url = format!("{}/files/{}/content?materializing=503", stack.api, version.file_id);
    let token = format!("Authorization: Bearer {}", user.token());
    let mut curl = Command::new("curl");
    curl.args([
        "--silent",
        "--show-error",
        "--fail",
        "--location",
        "--retry",
        "20",
        "--header",
        &token,
        "--output",
    ]);
    let status = curl.arg(&file).arg(&url).status().expect("curl is installed");
    assert!(status.success(), "{status}");
    assert!(std::fs::read(&file).expect("a file") == whole);
}

#[tokio::test]
async fn a_reader_that_does_not_wait_is_told_when_to_retry() {
    let worker = Worker::new(paused());
    let (user, version, landed) = packed_by_hand(&worker, 630, 2 * MIB).await;
    let reply = content(&user, &version, "", "wait=0").await;
    assert_eq!((reply.status, reply.header("retry-after")), (202, Some("1")), "{}", reply.body);
    assert_eq!(reply.parse::<Materializing>(202).retry_after_seconds, 1);
    let reply = content(&user, &version, "?materializing=503", "wait=0").await;
    assert_eq!(reply.header("retry-after"), Some("1"));
    reply.expect_problem(503, Code::ContentMaterializing);
    content(&user, &version, "?materializing=200", "wait=0").await.expect_problem(400, Code::InvalidRequest);
    assert_eq!(materialize(&worker, &landed, "a", 1, unhurried()).await, Vec::<String>::new());
    assert_eq!(content(&user, &version, "", "wait=0").await.status, 302);
    assert!(user.read(version.file_id).await == landed.content);
}

#[tokio::test]
async fn one_worker_materializes_at_a_time_and_the_next_resumes_where_it_stopped() {
    let worker = Worker::new(paused());
    let (user, version, landed) = packed_by_hand(&worker, 640, 24 * MIB).await;
    let (bucket, key) = cache(&worker);
    // Time only for the first part.
    assert_eq!(materialize(&worker, &landed, "a", 1, hurried(1)).await, Vec::<String>::new());
    assert_eq!(bucket.head(&key(&landed)).await.expect("an answer"), None);
    let account = landed.account_id;
    let sha256 = Sha256::of(&landed.content);
    let life = std::time::Duration::from_mins(1);
    let lease = sluice_storage::tables::Lease { holder: "b", now: sluice_deployment::clock::now(), life };
    let leased = worker.tables().lease_blob(account, &sha256, lease).await.expect("an answer");
    let build = leased.expect("the lease is free").build.expect("a build has begun");
    let begun = bucket.list_parts(&key(&landed), &build.multipart_id).await.expect("an answer");
    assert!(begun.is_some_and(|parts| !parts.is_empty()), "no part was made");
    // While another worker has the lease, nothing is built.
    assert_eq!(materialize(&worker, &landed, "a", 1, unhurried()).await, Vec::<String>::new());
    assert_eq!(bucket.head(&key(&landed)).await.expect("an answer"), None);
    assert_eq!(materialize(&worker, &landed, "b", 1, unhurried()).await, Vec::<String>::new());
    let done = bucket.list_parts(&key(&landed), &build.multipart_id).await.expect("an answer");
    assert_eq!(done, None, "the same multipart upload was completed");
    assert!(user.read(version.file_id).await == landed.content);
    // A second delivery of the request finds the object.
    assert_eq!(materialize(&worker, &landed, "c", 2, unhurried()).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_worker_killed_anywhere_is_followed_by_another() {
    let worker = Worker::new(paused());
    for (seed, fault) in (650..).zip(crate::worker_faults::faults()) {
        let (user, version, landed) = packed_by_hand(&worker, seed, 12 * MIB).await;
        let run = run_until_killed(fault, materialize(&worker, &landed, "a", 1, unhurried())).await;
        let context = format!("{fault:?}, {run:?}");
        if run.is_err() {
            // The same message is received again, and already has the lease.
            let failed = materialize(&worker, &landed, "a", 2, unhurried()).await;
            assert_eq!(failed, Vec::<String>::new(), "{context}");
        }
        assert!(user.read(version.file_id).await == landed.content, "{context}");
        if run.is_ok() {
            assert!(fault.write >= 5, "{context}: too few writes");
            return;
        }
    }
    panic!("there were more writes than faults");
}

#[tokio::test]
async fn a_damaged_pack_is_not_served() {
    let worker = Worker::new(paused());
    let (user, version, landed) = packed_by_hand(&worker, 700, 2 * MIB).await;
    let object =
        worker.vault_keys(landed.account_id).await.into_iter().find(|key| key.starts_with("objects/"));
    worker.overwrite_in_vault(&object.expect("an object"), bytes(701, 2 * MIB)).await;
    assert_eq!(materialize(&worker, &landed, "a", 1, unhurried()).await.len(), 1, "tried again");
    let (bucket, key) = cache(&worker);
    assert_eq!(bucket.head(&key(&landed)).await.expect("an answer"), None);
    assert_eq!(content(&user, &version, "", "wait=0").await.status, 202);
    // After its last delivery the message goes to the dead-letter queue, and the reader gets no wrong bytes.
    assert_eq!(materialize(&worker, &landed, "a", 3, unhurried()).await, Vec::<String>::new());
    assert_eq!(bucket.head(&key(&landed)).await.expect("an answer"), None);
}
