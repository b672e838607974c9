//! Tests a worker that is killed before and after every write: the message is delivered again, and the result
//! is the same.

use serde_json::json;
use sluice_contracts::event::UploadEvent;
use sluice_domain::upload::UploadState;
use sluice_domain::version::RejectReason;
use sluice_storage::fault::{Fault, Moment, run_until_killed};
use sluice_tests::{bytes, paused};

use crate::support::{Landed, Worker, created, hurried, unhurried};

const MIB: usize = 1 << 20;

/// More writes than any run makes, to stop a loop that would not end.
const WRITES_MAX: usize = 60;

/// The fault points in order: before and after each write.
pub fn faults() -> impl Iterator<Item = Fault> {
    (0..WRITES_MAX).flat_map(|write| [Moment::Before, Moment::After].map(|moment| Fault { write, moment }))
}

/// A kind of upload.
#[derive(Clone, Copy)]
enum Kind {
    Small,
    /// Large enough for a pack index in an object of its own.
    Indexed,
    Empty,
    Parts,
}

impl Kind {
    fn content(self, seed: u64) -> Vec<u8> {
        match self {
            Self::Small => bytes(seed, 1000),
            Self::Indexed => bytes(seed, 3 * MIB),
            Self::Empty => Vec::new(),
            Self::Parts => bytes(seed, 17 * MIB),
        }
    }
}

async fn kill_at_every_write(kind: Kind, label: &str) {
    let worker = Worker::new(paused());
    for (seed, fault) in (1..).zip(faults()) {
        let landed = Landed::new(worker.stack, kind.content(seed)).await;
        let event = created(&landed.key);
        let run = run_until_killed(fault, worker.receive(&event, 1, unhurried())).await;
        let context = format!("{label}, {fault:?}, {run:?}");
        if run.is_err() {
            let failed = worker.receive(&event, 2, unhurried()).await;
            assert_eq!(failed, Vec::<String>::new(), "{context}");
        }
        landed.check_available(&worker, &context).await;
        check_vault(&worker, &landed, &context).await;
        if run.is_ok() {
            assert!(fault.write >= 3, "{context}: the run has fewer writes than it must");
            return;
        }
    }
    panic!("{label}: more than {WRITES_MAX} writes");
}

/// Checks that the vault has only the object and, if it is large, its pack index.
async fn check_vault(worker: &Worker, landed: &Landed, context: &str) {
    let keys = worker.vault_keys(landed.account_id).await;
    let (objects, others): (Vec<_>, Vec<_>) = keys.iter().partition(|key| key.starts_with("objects/"));
    assert_eq!(objects.len(), 1, "{context}: {keys:?}");
    assert!(others.iter().all(|key| key.starts_with("indexes/")), "{context}: {keys:?}");
}

#[tokio::test]
async fn a_small_upload_survives_a_worker_killed_anywhere() {
    kill_at_every_write(Kind::Small, "small").await;
}

#[tokio::test]
async fn an_upload_with_a_pack_index_survives_a_worker_killed_anywhere() {
    kill_at_every_write(Kind::Indexed, "indexed").await;
}

#[tokio::test]
async fn an_empty_upload_survives_a_worker_killed_anywhere() {
    kill_at_every_write(Kind::Empty, "empty").await;
}

#[tokio::test]
async fn an_upload_in_parts_survives_a_worker_killed_anywhere() {
    kill_at_every_write(Kind::Parts, "parts").await;
}

#[tokio::test]
async fn known_content_is_linked_once_by_a_worker_killed_anywhere() {
    let worker = Worker::new(paused());
    for (seed, fault) in (1..).zip(faults()) {
        let first = Landed::new(worker.stack, bytes(seed, 2000)).await;
        worker.receive(&created(&first.key), 1, unhurried()).await;
        // Without a declared hash, so that the upload is not instant.
        let again = Landed::of(first.user.clone(), "again", first.content.clone(), &json!({})).await;
        let event = created(&again.key);
        let run = run_until_killed(fault, worker.receive(&event, 1, unhurried())).await;
        let context = format!("{fault:?}, {run:?}");
        if run.is_err() {
            assert_eq!(worker.receive(&event, 2, unhurried()).await, Vec::<String>::new(), "{context}");
        }
        again.check_available(&worker, &context).await;
        let version = again.version().await;
        assert_eq!((version.new_bytes, version.shared_bytes), (0, 2000), "{context}");
        assert_eq!(worker.vault_keys(first.account_id).await.len(), 1, "{context}: stored twice");
        if run.is_ok() {
            return;
        }
    }
    panic!("more than {WRITES_MAX} writes");
}

#[tokio::test]
async fn a_wrong_upload_is_rejected_once_by_a_worker_killed_anywhere() {
    let worker = Worker::new(paused());
    for (seed, fault) in (1..).zip(faults()) {
        let user = sluice_tests::Client::register(worker.stack).await;
        let wrong = json!({ "sha1": "0".repeat(40) });
        let landed = Landed::of(user, "wrong", bytes(seed, 3 * MIB), &wrong).await;
        let event = created(&landed.key);
        let run = run_until_killed(fault, worker.receive(&event, 1, unhurried())).await;
        let context = format!("{fault:?}, {run:?}");
        if run.is_err() {
            assert_eq!(worker.receive(&event, 2, unhurried()).await, Vec::<String>::new(), "{context}");
        }
        let upload = landed.upload().await;
        let refused = (UploadState::Rejected, Some(RejectReason::Sha1Mismatch));
        assert_eq!((upload.state, upload.reason), refused, "{context}");
        assert_eq!(landed.user.usage().await, (0, 0), "{context}");
        assert_eq!(worker.landing_keys(landed.account_id).await, Vec::<String>::new(), "{context}");
        assert_eq!(worker.vault_keys(landed.account_id).await, Vec::<String>::new(), "{context}");
        if run.is_ok() {
            return;
        }
    }
    panic!("more than {WRITES_MAX} writes");
}

#[tokio::test]
async fn a_checkpointed_upload_survives_a_worker_killed_anywhere() {
    let worker = Worker::new(paused());
    for (seed, fault) in (1..).zip(faults()) {
        let landed = Landed::new(worker.stack, bytes(seed, 20 * MIB)).await;
        let killed = run_until_killed(fault, invocations(&worker, &landed, 1)).await;
        let context = format!("{fault:?}, {killed:?}");
        if killed.is_err() {
            invocations(&worker, &landed, 2).await;
        }
        landed.check_available(&worker, &context).await;
        check_vault(&worker, &landed, &context).await;
        if killed.is_ok() {
            assert!(fault.write >= 9, "{context}: there were no checkpoints");
            return;
        }
    }
    panic!("more than {WRITES_MAX} writes");
}

/// Runs invocations that have time for one more range each, until the upload has ended.
async fn invocations(worker: &Worker, landed: &Landed, receive_count: u32) {
    let account_id = landed.key.account_id;
    let upload_id = landed.key.upload_id;
    let continued = UploadEvent::UploadCheckpointed { account_id, upload_id }.to_json();
    let mut body = created(&landed.key);
    for _ in 0..10 {
        // The worker checks the time at its start and before the next range.
        let failed = worker.receive(&body, receive_count, hurried(2)).await;
        assert_eq!(failed, Vec::<String>::new());
        if landed.upload().await.state == UploadState::Available {
            // SQS may deliver the last message again.
            worker.receive(&body, receive_count + 1, unhurried()).await;
            return;
        }
        body.clone_from(&continued);
    }
    panic!("ten invocations did not do it");
}
