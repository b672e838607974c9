//! Others that change something while a worker is at work, and services that fail.

use futures::FutureExt;
use sluice_domain::hash::Sha256;
use sluice_domain::publication::Outcome;
use sluice_domain::upload::UploadState;
use sluice_domain::version::RejectReason;
use sluice_in_memory::faults::Fault;
use sluice_storage::PutOptions;
use sluice_storage::tables::{Ending, Update};
use std::time::Duration;

use super::SMALL;
use crate::support::{Worker, World, incompressible};

/// The length of a file that takes two reads.
const TWO_READS: usize = 9 << 20;

#[tokio::test]
async fn bytes_that_are_replaced_while_they_are_read_are_read_again() {
    let world = World::new().await;
    let [first, second] = [1, 2].map(|seed| incompressible(seed, TWO_READS));
    let upload = world.send("file", &first).await;
    let landing = world.landing.clone();
    let key = upload.landing_key().object_key();
    let body = second.clone();
    let replace =
        async move { landing.put(&key, body.into(), PutOptions::default()).await.map(drop).expect("a PUT") };
    world.services.faults.nth("s3:GetObject", 1, Fault::Meanwhile(replace.boxed()));
    let worker = Worker::dedup(&world);
    assert_eq!(worker.run().await.len(), 1, "the run that saw both is not trusted");
    assert_eq!(world.upload(&upload).await.state, UploadState::Open);
    worker.finish().await;
    world.check_available(&upload, &second, TWO_READS, "").await;
}

#[tokio::test]
async fn bytes_that_are_replaced_before_they_are_copied_are_not_published() {
    let world = World::new().await;
    let [first, second] = [1, 2].map(|seed| incompressible(seed, SMALL));
    let upload = world.send("file", &first).await;
    let landing = world.landing.clone();
    let key = upload.landing_key().object_key();
    let body = second.clone();
    let replace =
        async move { landing.put(&key, body.into(), PutOptions::default()).await.map(drop).expect("a PUT") };
    world.services.faults.next("s3:CopyObject", Fault::Meanwhile(replace.boxed()));
    let worker = Worker::dedup(&world);
    assert_eq!(worker.run().await.len(), 1);
    worker.finish().await;
    assert_eq!(world.read(&second).await, second);
    assert!(world.blob(&first).await.is_none());
    assert_eq!(world.upload(&upload).await.state, UploadState::Available);
}

#[tokio::test]
async fn of_two_workers_one_publishes_and_both_leave_the_same() {
    let world = World::new().await;
    let content = incompressible(1, SMALL);
    let upload = world.send("file", &content).await;
    let other = Worker::dedup(&world);
    let meanwhile = async move { drop(other.run().await) };
    world.services.faults.next("dynamodb:TransactWriteItems", Fault::Meanwhile(meanwhile.boxed()));
    assert_eq!(Worker::dedup(&world).run().await, Vec::<String>::new());
    world.check_available(&upload, &content, SMALL, "").await;
    assert_eq!(world.blob(&content).await.map(|blob| blob.references), Some(1));
}

#[tokio::test]
async fn bytes_that_another_upload_publishes_first_are_linked_and_the_copy_deleted() {
    let content = incompressible(1, SMALL);
    let world = World::new().await;
    let first = world.new_upload("first", SMALL as u64);
    world.land(&first, &content).await;
    let second = world.send("second", &content).await;
    let rival = Worker::dedup(&world);
    let notification = World::notification(&first);
    let meanwhile = async move { rival.receive(&notification).await };
    world.services.faults.next("dynamodb:TransactWriteItems", Fault::Meanwhile(meanwhile.boxed()));
    Worker::dedup(&world).finish().await;
    world.check_available(&first, &content, SMALL, "first").await;
    world.check_available(&second, &content, SMALL, "second").await;
    assert_eq!(world.blob(&content).await.map(|blob| blob.references), Some(2));
    assert_eq!(world.packs().await.len(), 1, "the packs of the copy are gone");
}

#[tokio::test]
async fn an_upload_that_is_aborted_meanwhile_makes_no_version() {
    let world = World::new().await;
    let content = incompressible(1, SMALL);
    let upload = world.send("file", &content).await;
    let tables = world.tables.clone();
    let aborted = upload.clone();
    let abort = async move {
        let ended = tables.end_upload(&aborted, Ending::Aborted, aborted.created_at).await;
        assert_eq!(ended.expect("a write"), Update::Done, "it was open");
    };
    world.services.faults.next("dynamodb:TransactWriteItems", Fault::Meanwhile(abort.boxed()));
    Worker::dedup(&world).finish().await;
    assert_eq!(world.upload(&upload).await.state, UploadState::Aborted);
    assert!(world.blob(&content).await.is_none());
    world.check_account(0, "").await;
    world.check_landing_is_empty("").await;
    world.check_vault("").await;
}

#[tokio::test]
async fn a_version_that_the_sweeper_rejects_meanwhile_stays_rejected() {
    let world = World::new().await;
    let upload = world.send("file", &incompressible(1, SMALL)).await;
    let tables = world.tables.clone();
    let late = upload.clone();
    let reject = async move {
        let outcome = Outcome::Rejected(RejectReason::ProcessingFailed);
        tables.publish(&late, &outcome, late.created_at).await.expect("a rejection");
    };
    world.services.faults.next("dynamodb:TransactWriteItems", Fault::Meanwhile(reject.boxed()));
    Worker::dedup(&world).finish().await;
    world.check_rejected(&upload, RejectReason::ProcessingFailed, "").await;
    world.check_account(0, "").await;
}

#[tokio::test]
async fn a_condemned_pack_is_not_shared_although_it_was_found_live() {
    let before = incompressible(1, super::INDEXED);
    let after = crate::support::edited(&before, 1 << 20, b"inserted");
    let world = World::new().await;
    world.send("file", &before).await;
    let worker = Worker::dedup(&world);
    worker.finish().await;
    let [pack] = &world.packs_of(&before).await[..] else { panic!("one pack") };
    let mut edit = world.new_upload("edited", after.len() as u64);
    edit.base_sha256 = Some(Sha256::of(&before));
    world.land(&edit, &after).await;
    world.notify(&edit).await;
    let services = world.services.clone();
    let pack_id = pack.pack_id;
    let condemn = async move { crate::support::condemn_pack(&services, pack_id) };
    world.services.faults.next("dynamodb:TransactWriteItems", Fault::Meanwhile(condemn.boxed()));
    worker.finish().await;
    assert_eq!(world.upload(&edit).await.state, UploadState::Available);
    let packs = world.packs_of(&after).await;
    assert!(packs.iter().all(|pack| pack.pack_id != pack_id), "it refers to a condemned pack");
    assert_eq!(world.read(&after).await, after);
}

/// The SDK repeats throttled requests, but not here; what is left is for the queue.
#[tokio::test(start_paused = true)]
async fn a_throttled_transaction_is_left_to_the_queue() {
    let world = World::new().await;
    let content = incompressible(1, SMALL);
    let upload = world.send("file", &content).await;
    world.services.faults.next("dynamodb:TransactWriteItems", Fault::Throttled);
    let worker = Worker::dedup(&world);
    assert_eq!(worker.run().await.len(), 1);
    worker.finish().await;
    world.check_available(&upload, &content, SMALL, "").await;
}

#[tokio::test(start_paused = true)]
async fn a_slow_store_only_takes_longer() {
    let world = World::new().await;
    let content = incompressible(1, SMALL);
    let upload = world.send("file", &content).await;
    world.services.faults.next("s3:CopyObject", Fault::Slow(Duration::from_mins(1)));
    assert_eq!(Worker::dedup(&world).run().await, Vec::<String>::new());
    world.check_available(&upload, &content, SMALL, "").await;
}
