//! migrate-pack.

use sluice_contracts::pack_event::{PackEvent, Subject};
use sluice_deployment::clock;
use sluice_domain::hash::Sha256;
use sluice_domain::pack_move::Receipt;
use sluice_in_memory::COLD_STORE;
use sluice_in_memory::faults::Fault;
use std::time::Duration;

use crate::support::{Worker, World, edited, incompressible, survives_harm};

const LENGTH: usize = 256 << 10;

async fn uploaded(content: &[u8]) -> World {
    let world = World::new().await;
    world.send("file", content).await;
    Worker::dedup(&world).finish().await;
    world
}

async fn request(world: &World, content: &[u8], to: &str) {
    let of = Subject::Blob(Sha256::of(content));
    let event = PackEvent::MigrationRequested { account_id: world.account_id, of, to: to.to_owned() };
    world.send_to("migrate", &event.to_json()).await;
}

async fn receipts(world: &World) -> Vec<Receipt> {
    let scope = world.account_id.to_string();
    world.tables.receipts(Some(&scope), None, 100).await.expect("a read").0
}

/// Checks that a blob is in the other store alone, with a receipt for every pack.
async fn check_moved(world: &World, content: &[u8], case: &str) {
    let packs = world.packs_of(content).await;
    assert!(packs.iter().all(|pack| pack.placement.store == COLD_STORE), "{case}");
    assert!(packs.iter().all(|pack| pack.placement.generation == 1), "{case}");
    let blob = world.blob(content).await.expect("a blob");
    assert_eq!((blob.migrated_to.as_deref(), blob.object_key), (Some(COLD_STORE), None), "{case}");
    assert_eq!(world.read(content).await, content, "{case}");
    let receipts = receipts(world).await;
    assert_eq!(receipts.len(), packs.len(), "{case}: receipts");
    assert_eq!(receipts[0].target.store, COLD_STORE, "{case}");
    assert_eq!(world.dead_letters("migrate"), Vec::<String>::new(), "{case}");
}

#[tokio::test]
async fn a_blob_moves_with_one_receipt_a_pack_whatever_happens() {
    let content = incompressible(1, LENGTH);
    let prepare = async || {
        let world = uploaded(&content).await;
        request(&world, &content, COLD_STORE).await;
        (world, ())
    };
    let check = async |world: &World, (): &(), case: &str| check_moved(world, &content, case).await;
    survives_harm(prepare, async |world| Worker::migrate(world).await, check).await;
}

#[tokio::test]
async fn a_repeated_request_moves_nothing_again() {
    let content = incompressible(1, LENGTH);
    let world = uploaded(&content).await;
    let worker = Worker::migrate(&world).await;
    for _ in 0..2 {
        request(&world, &content, COLD_STORE).await;
        worker.finish().await;
    }
    check_moved(&world, &content, "").await;
}

#[tokio::test]
async fn packs_move_back_to_the_vault() {
    let content = incompressible(1, LENGTH);
    let world = uploaded(&content).await;
    let worker = Worker::migrate(&world).await;
    for store in [COLD_STORE, "vault"] {
        request(&world, &content, store).await;
        worker.finish().await;
    }
    let [pack] = &world.packs_of(&content).await[..] else { panic!("one pack") };
    assert_eq!((&*pack.placement.store, pack.placement.generation), ("vault", 2));
    assert_eq!(world.read(&content).await, content);
    assert_eq!(receipts(&world).await.len(), 2);
}

#[tokio::test]
async fn an_unknown_store_is_a_dead_letter_and_moves_nothing() {
    let content = incompressible(1, LENGTH);
    let world = uploaded(&content).await;
    request(&world, &content, "elsewhere").await;
    Worker::migrate(&world).await.finish().await;
    assert_eq!(world.dead_letters("migrate"), ["fault"]);
    assert_eq!(world.packs_of(&content).await[0].placement.generation, 0);
    let next_week = clock::now().after(Duration::from_hours(168));
    assert_eq!(world.retired_objects(next_week).await, [], "nothing was begun");
}

#[tokio::test]
async fn an_unreadable_message_is_a_dead_letter_at_once() {
    let world = World::new().await;
    world.send_to("migrate", "[]").await;
    assert_eq!(Worker::migrate(&world).await.run().await, Vec::<String>::new());
    assert_eq!(world.dead_letters("migrate"), ["unreadable"]);
}

#[tokio::test]
async fn a_damaged_pack_stays_and_the_others_of_its_blob_move() {
    let before = incompressible(1, 3 * LENGTH);
    let after = edited(&before, LENGTH, &incompressible(2, LENGTH / 2));
    let world = uploaded(&before).await;
    let mut edit = world.new_upload("edited", after.len() as u64);
    edit.base_sha256 = Some(Sha256::of(&before));
    world.land(&edit, &after).await;
    world.notify(&edit).await;
    Worker::dedup(&world).finish().await;
    let packs = world.packs_of(&after).await;
    let own = packs.iter().find(|pack| !pack.placement.is_in_adopted_object()).expect("a pack of its own");
    world.damage(&own.placement.key).await;
    request(&world, &after, COLD_STORE).await;
    Worker::migrate(&world).await.finish().await;
    assert_eq!(world.dead_letters("migrate"), ["chunk_damaged"]);
    for pack in world.packs_of(&after).await {
        let store = if pack.pack_id == own.pack_id { "vault" } else { COLD_STORE };
        assert_eq!(pack.placement.store, store);
    }
    assert_eq!(world.blob(&after).await.and_then(|blob| blob.migrated_to), None);
}

#[tokio::test]
async fn without_time_the_message_is_sent_again() {
    let contents = [1, 2, 3].map(|seed| incompressible(seed, LENGTH));
    let world = World::new().await;
    let mut packs = Vec::new();
    for content in &contents {
        world.send(&format!("file{}", Sha256::of(content)), content).await;
        Worker::dedup(&world).finish().await;
        packs.push(world.packs_of(content).await[0].pack_id);
    }
    let event = PackEvent::MigrationRequested {
        account_id: world.account_id,
        of: Subject::Packs(packs),
        to: COLD_STORE.to_owned(),
    };
    world.send_to("migrate", &event.to_json()).await;
    // Each run has time for its message, and moves a pack without a look at the clock.
    let worker = Worker::migrate(&world).await.hurried(1);
    for run in 1..=3 {
        assert_eq!(worker.run().await, Vec::<String>::new());
        assert_eq!(receipts(&world).await.len(), run);
        let bodies: Vec<_> = world.messages("migrate").into_iter().map(|message| message.body).collect();
        assert_eq!(bodies, vec![event.to_json(); usize::from(run < 3)]);
    }
    for content in &contents {
        assert_eq!(world.packs_of(content).await[0].placement.store, COLD_STORE);
    }
}

#[tokio::test]
async fn a_target_that_fails_is_tried_again_and_readers_keep_the_old_object() {
    let content = incompressible(1, LENGTH);
    let world = uploaded(&content).await;
    request(&world, &content, COLD_STORE).await;
    world.services.faults.next("s3:PutObject", Fault::Throttled);
    let worker = Worker::migrate(&world).await;
    assert_eq!(worker.run().await.len(), 1);
    assert_eq!(world.read(&content).await, content);
    assert_eq!(receipts(&world).await.len(), 0);
    worker.finish().await;
    check_moved(&world, &content, "").await;
}

#[tokio::test]
async fn only_rules_that_hold_at_once_move_compressed_packs() {
    let content = incompressible(1, LENGTH);
    for (rules, store) in [
        (r#"[{"to":"cold"}]"#, COLD_STORE),
        (r#"[{"to":"cold","min_size":10000000}]"#, "vault"),
        (r#"[{"to":"cold","unread_days":30}]"#, "vault"),
    ] {
        let world = World::with_settings(&[("SLUICE_MIGRATION_RULES", rules)]).await;
        world.send("file", &content).await;
        Worker::dedup(&world).finish().await;
        Worker::compress(&world).finish().await;
        Worker::migrate(&world).await.finish().await;
        assert_eq!(world.packs_of(&content).await[0].placement.store, store, "{rules}");
    }
}
