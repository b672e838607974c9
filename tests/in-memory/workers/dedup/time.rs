//! Invocations that run out of time.

use sluice_contracts::event::UploadEvent;
use sluice_domain::hash::Sha256;
use sluice_domain::upload::{Upload, UploadState};
use sluice_storage::CopyLimits;

use super::SMALL;
use crate::support::{Worker, World, incompressible, keys, survives_death};

/// The length of a file that takes two reads.
const TWO_READS: usize = 9 << 20;
/// The length of a file that takes three reads.
const THREE_READS: usize = 17 << 20;

#[tokio::test]
async fn a_message_without_time_is_sent_afresh_so_that_no_attempt_is_counted() {
    let world = World::new().await;
    let upload = world.send("file", &incompressible(1, SMALL)).await;
    let [sent] = &world.messages("landing")[..] else { panic!("one message") };
    assert_eq!(Worker::dedup(&world).hurried(0).run().await, Vec::<String>::new());
    let [afresh] = &world.messages("landing")[..] else { panic!("one message") };
    assert_eq!((&afresh.body, afresh.receive_count), (&sent.body, 0));
    assert_ne!(afresh.id, sent.id);
    assert_eq!(world.upload(&upload).await.state, UploadState::Open);
}

#[tokio::test]
async fn a_message_without_time_that_has_failed_before_keeps_its_count() {
    let world = World::new().await;
    world.send("file", &incompressible(1, SMALL)).await;
    world.services.queues.poll("landing");
    assert_eq!(Worker::dedup(&world).hurried(0).run().await.len(), 1);
    assert_eq!(world.messages("landing")[0].receive_count, 2);
}

#[tokio::test]
async fn a_run_out_of_time_makes_the_version_pending_and_saves_a_checkpoint() {
    let content = incompressible(1, THREE_READS);
    let world = World::new().await;
    let upload = world.send("file", &content).await;
    let worker = Worker::dedup(&world).hurried(2);
    assert_eq!(worker.run().await, Vec::<String>::new());
    assert_eq!(world.upload(&upload).await.state, UploadState::Pending);
    let Upload { account_id, upload_id, .. } = upload;
    let [message] = &world.messages("landing")[..] else { panic!("one message") };
    assert_eq!(message.body, UploadEvent::UploadCheckpointed { account_id, upload_id }.to_json());
    assert!(keys(&world.vault).await.iter().any(|key| key.starts_with("checkpoints/")));
    worker.finish().await;
    world.check_available(&upload, &content, THREE_READS, "").await;
}

#[tokio::test]
async fn a_checkpoint_of_other_bytes_is_not_used() {
    let [first, second] = [1, 2].map(|seed| incompressible(seed, THREE_READS));
    let world = World::new().await;
    let upload = world.send("file", &first).await;
    Worker::dedup(&world).hurried(2).run().await;
    world.put_landed(&upload, &second).await;
    Worker::dedup(&world).finish().await;
    assert_eq!(world.upload(&upload).await.state, UploadState::Available);
    assert_eq!(world.read(&second).await, second);
}

#[tokio::test]
async fn a_damaged_checkpoint_is_not_used() {
    let content = incompressible(1, THREE_READS);
    let world = World::new().await;
    let upload = world.send("file", &content).await;
    Worker::dedup(&world).hurried(2).run().await;
    let keys = keys(&world.vault).await;
    let checkpoint = keys.iter().find(|key| key.starts_with("checkpoints/")).expect("a checkpoint");
    world.overwrite(checkpoint, b"{}").await;
    Worker::dedup(&world).finish().await;
    world.check_available(&upload, &content, THREE_READS, "").await;
}

#[tokio::test]
async fn an_upload_in_many_invocations_survives_a_worker_killed_anywhere() {
    let content = incompressible(1, TWO_READS);
    let prepare = async || {
        let world = World::new().await;
        let upload = world.send("file", &content).await;
        (world, upload)
    };
    let check = async |world: &World, upload: &Upload, context: &str| {
        world.check_available(upload, &content, TWO_READS, context).await;
    };
    survives_death(prepare, async |world| Worker::dedup(world).hurried(2), check).await;
}

fn in_parts_of(part_bytes: u64) -> CopyLimits {
    CopyLimits { single_max_bytes: 1 << 20, part_bytes }
}

/// A world with a pending upload, of which two parts of 5 MiB were copied.
async fn partly_copied(content: &[u8]) -> (World, Upload) {
    let world = World::new().await;
    let upload = world.send("file", content).await;
    Worker::dedup_with(&world, in_parts_of(5 << 20)).hurried(5).run().await;
    assert_eq!(world.upload(&upload).await.state, UploadState::Pending);
    (world, upload)
}

#[tokio::test]
async fn a_copy_begun_with_parts_of_another_size_begins_anew() {
    let content = incompressible(1, THREE_READS);
    for part_bytes in [6 << 20, 16 << 20] {
        let (world, upload) = partly_copied(&content).await;
        Worker::dedup_with(&world, in_parts_of(part_bytes)).finish().await;
        world.check_available(&upload, &content, THREE_READS, "").await;
    }
}

#[tokio::test]
async fn a_copy_whose_multipart_upload_has_expired_begins_anew() {
    let content = incompressible(1, THREE_READS);
    let (world, upload) = partly_copied(&content).await;
    world.services.buckets.abort_uploads();
    Worker::dedup_with(&world, in_parts_of(5 << 20)).finish().await;
    world.check_available(&upload, &content, THREE_READS, "").await;
}

#[tokio::test]
async fn a_rewrite_without_time_is_continued_as_a_copy() {
    const KNOWN: usize = 26 << 20;
    const NEW: usize = 68 << 20;
    let before = incompressible(1, KNOWN);
    let after = [&before[..], &incompressible(2, NEW)].concat();
    let world = World::new().await;
    world.send("before", &before).await;
    Worker::dedup(&world).finish().await;
    let mut upload = world.new_upload("after", after.len() as u64);
    upload.base_sha256 = Some(Sha256::of(&before));
    world.land(&upload, &after).await;
    world.notify(&upload).await;
    // One look is for the start, eleven are for ranges; then a look is for each MiB of new chunks.
    let worker = Worker::dedup(&world).hurried(12 + 66);
    worker.run().await;
    assert_eq!(world.upload(&upload).await.state, UploadState::Pending);
    let rewritten = world.packs().await.iter().filter(|pack| pack.references == 0).count();
    assert_eq!(rewritten, 1, "written when time ran out");
    worker.finish().await;
    world.check_available(&upload, &after, before.len() + after.len(), "").await;
    assert!(world.blob(&after).await.is_some_and(|blob| blob.object_key.is_some()), "adopted");
    assert!(world.packs().await.iter().all(|pack| pack.references > 0), "none is unused");
}

#[tokio::test]
async fn a_copy_in_parts_continues_in_the_next_invocation() {
    let content = incompressible(1, THREE_READS);
    let world = World::new().await;
    let upload = world.send("file", &content).await;
    let limits = in_parts_of(5 << 20);
    // Three looks are for the start and two reads; the later ones are for parts of the copy but the first.
    let worker = Worker::dedup_with(&world, limits).hurried(5);
    worker.run().await;
    assert_eq!(world.upload(&upload).await.state, UploadState::Pending);
    worker.finish().await;
    world.check_available(&upload, &content, THREE_READS, "").await;
    let blob = world.blob(&content).await.expect("a blob");
    let key = sluice_domain::key::ObjectKey::from_stored(blob.object_key.expect("an object"));
    let head = world.vault.head(&key).await.expect("a HEAD").expect("an object");
    assert!(head.etag.ends_with("-4\""), "copied in four parts: {}", head.etag);
}

#[tokio::test]
async fn a_copy_that_is_made_when_time_runs_out_is_merged_by_the_next_invocation() {
    let content = incompressible(1, THREE_READS);
    let world = World::new().await;
    let upload = world.send("file", &content).await;
    // As above, and the fourth part is begun in time.
    let worker = Worker::dedup_with(&world, in_parts_of(5 << 20)).hurried(6);
    worker.run().await;
    assert_eq!(world.upload(&upload).await.state, UploadState::Pending);
    worker.finish().await;
    world.check_available(&upload, &content, THREE_READS, "").await;
}
