//! materialize-blob.

use sluice_contracts::event::BlobEvent;
use sluice_deployment::clock;
use sluice_domain::hash::Sha256;
use sluice_domain::key::ObjectKey;
use sluice_storage::tables::Lease;
use sluice_storage::{GetOptions, PutOptions, found};
use std::time::Duration;

use crate::support::{Worker, World, edited, incompressible, survives_death};

const LEASE: Duration = Duration::from_mins(16);

/// The length of the first and the last part of a file that is edited in its middle. The store copies both.
const COPIED: usize = 6 << 20;

fn key(world: &World, content: &[u8]) -> ObjectKey {
    ObjectKey::materialized(world.account_id, &Sha256::of(content))
}

async fn cached(world: &World, content: &[u8]) -> Option<Vec<u8>> {
    let object = found(world.cache.get(&key(world, content), GetOptions::whole()).await).expect("a GET");
    object.map(|object| object.bytes.into())
}

async fn request(world: &World, content: &[u8]) {
    let event = BlobEvent::BlobRequested { account_id: world.account_id, sha256: Sha256::of(content) };
    world.send_to("materialize", &event.to_json()).await;
}

/// A world with a blob of these bytes, requested.
async fn requested(content: &[u8]) -> World {
    let world = World::new().await;
    world.send("file", content).await;
    Worker::dedup(&world).finish().await;
    request(&world, content).await;
    world
}

/// A world with a blob that is only in packs: ranges of an adopted object, and new chunks between them.
async fn rewritten() -> (World, Vec<u8>) {
    let before = incompressible(1, 2 * COPIED);
    let after = edited(&before, COPIED, b"inserted");
    let world = World::new().await;
    world.send("before", &before).await;
    let worker = Worker::dedup(&world);
    worker.finish().await;
    let mut edit = world.new_upload("after", after.len() as u64);
    edit.base_sha256 = Some(Sha256::of(&before));
    world.land(&edit, &after).await;
    world.notify(&edit).await;
    worker.finish().await;
    request(&world, &after).await;
    (world, after)
}

#[tokio::test]
async fn a_short_blob_is_built_in_one_piece() {
    let content = incompressible(1, 1000);
    let world = requested(&content).await;
    assert_eq!(Worker::materialize(&world).run().await, Vec::<String>::new());
    assert_eq!(cached(&world, &content).await, Some(content));
}

#[tokio::test]
async fn an_empty_blob_is_built() {
    let world = requested(&[]).await;
    Worker::materialize(&world).finish().await;
    assert_eq!(cached(&world, &[]).await, Some(Vec::new()));
}

#[tokio::test]
async fn a_blob_of_copied_and_sent_parts_is_built_by_a_worker_killed_anywhere() {
    let check = async |world: &World, content: &Vec<u8>, context: &str| {
        assert!(cached(world, content).await.as_ref() == Some(content), "{context}: other bytes");
        assert_eq!(world.dead_letters("materialize"), Vec::<String>::new(), "{context}");
    };
    survives_death(rewritten, async |world| Worker::materialize(world), check).await;
}

#[tokio::test]
async fn a_build_out_of_time_keeps_its_parts_for_the_next_invocation() {
    let (world, content) = rewritten().await;
    // One look before the message; the first part needs none.
    let worker = Worker::materialize(&world).hurried(1);
    assert_eq!(worker.run().await, Vec::<String>::new());
    assert_eq!(cached(&world, &content).await, None, "readers do not see an incomplete object");
    assert_eq!(world.messages("materialize").len(), 1);
    worker.finish().await;
    assert!(cached(&world, &content).await == Some(content));
}

#[tokio::test]
async fn a_blob_that_another_builder_has_leased_is_left_to_it() {
    let content = incompressible(1, 1000);
    let world = requested(&content).await;
    let sha256 = Sha256::of(&content);
    let lease = Lease { holder: "another", now: clock::now(), life: LEASE };
    let leased = world.tables.lease_blob(world.account_id, &sha256, lease).await.expect("a write");
    assert!(leased.is_some());
    let worker = Worker::materialize(&world);
    worker.finish().await;
    assert_eq!(cached(&world, &content).await, None);
    world.tables.release_blob(world.account_id, &sha256, "another", false).await.expect("a write");
    request(&world, &content).await;
    worker.finish().await;
    assert!(cached(&world, &content).await.is_some());
}

#[tokio::test]
async fn a_lease_that_has_expired_is_taken_over() {
    let content = incompressible(1, 1000);
    let world = requested(&content).await;
    let sha256 = Sha256::of(&content);
    let lease = Lease { holder: "dead", now: clock::now(), life: Duration::ZERO };
    world.tables.lease_blob(world.account_id, &sha256, lease).await.expect("a write");
    tokio::time::sleep(Duration::from_millis(2)).await;
    Worker::materialize(&world).finish().await;
    assert!(cached(&world, &content).await.is_some());
}

#[tokio::test]
async fn a_blob_in_the_cache_is_not_built_again() {
    let content = incompressible(1, 1000);
    let world = requested(&content).await;
    world
        .cache
        .put(&key(&world, &content), "made before".into(), PutOptions::default())
        .await
        .expect("a PUT");
    Worker::materialize(&world).finish().await;
    assert_eq!(cached(&world, &content).await, Some(b"made before".to_vec()));
}

#[tokio::test]
async fn a_blob_that_the_account_does_not_have_is_done() {
    let world = World::new().await;
    request(&world, b"unknown").await;
    assert_eq!(Worker::materialize(&world).run().await, Vec::<String>::new());
    assert_eq!(world.dead_letters("materialize"), Vec::<String>::new());
}

#[tokio::test]
async fn a_damaged_pack_is_never_served() {
    let content = incompressible(1, 1000);
    let world = requested(&content).await;
    let key = world.packs_of(&content).await[0].placement.key.clone();
    world.damage(&key).await;
    Worker::materialize(&world).finish().await;
    assert_eq!(world.dead_letters("materialize"), ["chunk_damaged"]);
    assert_eq!(cached(&world, &content).await, None);
}

#[tokio::test]
async fn a_missing_pack_is_a_dead_letter() {
    let content = incompressible(1, 1000);
    let world = requested(&content).await;
    let pack = world.packs_of(&content).await[0].pack_id;
    world.tables.delete_packs(&[pack]).await.expect("a write");
    Worker::materialize(&world).finish().await;
    assert_eq!(world.dead_letters("materialize"), ["packs_missing"]);
}

#[tokio::test]
async fn an_unreadable_message_is_a_dead_letter_at_once() {
    let world = World::new().await;
    world.send_to("materialize", "").await;
    assert_eq!(Worker::materialize(&world).run().await, Vec::<String>::new());
    assert_eq!(world.dead_letters("materialize"), ["unreadable"]);
}
