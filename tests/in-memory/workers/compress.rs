//! compress-pack.

use futures::FutureExt as _;
use sluice_contracts::pack_event::{PackEvent, Subject};
use sluice_domain::blob::{Encoding, Pack};
use sluice_domain::hash::Sha256;
use sluice_domain::id::{AccountId, PackId};
use sluice_in_memory::faults::Fault;

use crate::support::{Worker, World, compressible, edited, incompressible, keys, survives_harm};

/// The length of a file that is worth compressing.
const LENGTH: usize = 256 << 10;

const MIGRATES: (&str, &str) = ("SLUICE_MIGRATION_RULES", r#"[{"to":"cold"}]"#);

/// A world where these bytes were uploaded, and the compressor's message waits.
async fn uploaded(content: &[u8]) -> World {
    let world = World::new().await;
    upload(&world, content).await;
    world
}

async fn upload(world: &World, content: &[u8]) {
    world.send("file", content).await;
    Worker::dedup(world).finish().await;
}

async fn request(world: &World, account_id: AccountId, packs: Vec<PackId>) {
    let event = PackEvent::PackWritten { account_id, of: Subject::Packs(packs) };
    world.send_to("compress", &event.to_json()).await;
}

/// A world where a file was rewritten, with the packs of the edited file: one range of an adopted object, and
/// one pack of its own.
async fn rewritten() -> (World, Vec<u8>) {
    let before = compressible(1, 4 * LENGTH);
    let after = edited(&before, LENGTH, &compressible(2, LENGTH / 2));
    let world = uploaded(&before).await;
    for message in world.messages("compress") {
        world.services.queues.delete("compress", &message.id);
    }
    let mut edit = world.new_upload("edited", after.len() as u64);
    edit.base_sha256 = Some(Sha256::of(&before));
    world.land(&edit, &after).await;
    world.notify(&edit).await;
    Worker::dedup(&world).finish().await;
    (world, after)
}

/// A world with three packs that have objects of their own, and no message about them.
async fn three_packs() -> (World, Vec<PackId>) {
    let world = World::new().await;
    let mut packs = Vec::new();
    for seed in 1..4 {
        // Two small files of one batch share a pack.
        let contents = [compressible(2 * seed, LENGTH), compressible(2 * seed + 1, LENGTH)];
        for content in &contents {
            world.send(&format!("file{}", Sha256::of(content)), content).await;
        }
        Worker::dedup(&world).finish().await;
        packs.push(world.packs_of(&contents[0]).await[0].pack_id);
    }
    for message in world.messages("compress") {
        world.services.queues.delete("compress", &message.id);
    }
    (world, packs)
}

/// How many of these packs have been moved.
async fn moved(world: &World, packs: &[PackId]) -> usize {
    let rows = world.tables.packs(packs).await.expect("packs");
    rows.iter().filter(|pack| pack.placement.generation == 1).count()
}

fn is_compressed(pack: &Pack) -> bool {
    pack.placement.encoding == Encoding::Zstd
}

#[tokio::test]
async fn an_adopted_object_is_compressed_and_retired_whatever_happens() {
    let content = compressible(1, LENGTH);
    let check = async |world: &World, (): &(), context: &str| {
        assert_eq!(world.read(&content).await, content, "{context}");
        let [pack] = &world.packs_of(&content).await[..] else { panic!("{context}: one pack") };
        assert!(is_compressed(pack) && pack.placement.generation == 1, "{context}: {pack:?}");
        assert!(pack.placement.length < pack.size * 3 / 4, "{context}");
        let blob = world.blob(&content).await.expect("a blob");
        assert_eq!(blob.object_key, None, "{context}: not retired");
        assert_eq!(world.dead_letters("compress"), Vec::<String>::new(), "{context}");
    };
    let prepare = async || (uploaded(&content).await, ());
    survives_harm(prepare, async |world| Worker::compress(world), check).await;
}

#[tokio::test]
async fn bytes_that_do_not_compress_stay_as_they_are() {
    let content = incompressible(1, LENGTH);
    let world = uploaded(&content).await;
    assert_eq!(Worker::compress(&world).run().await, Vec::<String>::new());
    let [pack] = &world.packs_of(&content).await[..] else { panic!("one pack") };
    assert_eq!((pack.placement.generation, pack.placement.encoding), (0, Encoding::Raw));
    assert!(world.blob(&content).await.is_some_and(|blob| blob.object_key.is_some()));
    world.check_vault("").await;
}

#[tokio::test]
async fn a_pack_of_its_own_is_compressed_and_the_ranges_of_the_object_beside_it_are_not() {
    let (world, after) = rewritten().await;
    Worker::compress(&world).finish().await;
    let (own, ranges): (Vec<_>, Vec<_>) =
        world.packs_of(&after).await.into_iter().partition(|pack| pack.placement.generation > 0);
    assert!(!own.is_empty() && own.iter().all(is_compressed));
    assert!(!ranges.is_empty() && ranges.iter().all(|pack| pack.placement.is_in_adopted_object()));
    assert_eq!(world.read(&after).await, after);
}

#[tokio::test]
async fn a_repeated_message_moves_nothing_again() {
    let content = compressible(1, LENGTH);
    let world = uploaded(&content).await;
    let event = world.messages("compress")[0].body.clone();
    let worker = Worker::compress(&world);
    worker.finish().await;
    world.send_to("compress", &event).await;
    worker.finish().await;
    assert_eq!(world.packs_of(&content).await[0].placement.generation, 1);
}

#[tokio::test]
async fn a_damaged_pack_is_not_moved_and_becomes_a_dead_letter() {
    let content = compressible(1, LENGTH);
    let world = uploaded(&content).await;
    let key = world.packs_of(&content).await[0].placement.key.clone();
    world.damage(&key).await;
    let worker = Worker::compress(&world);
    assert_eq!(worker.run().await.len(), 1, "it is tried again first");
    worker.finish().await;
    assert_eq!(world.dead_letters("compress"), ["chunk_damaged"]);
    let [pack] = &world.packs_of(&content).await[..] else { panic!("one pack") };
    assert_eq!((pack.placement.generation, &pack.placement.key), (0, &key));
}

#[tokio::test]
async fn an_unreadable_message_is_a_dead_letter_at_once() {
    let world = World::new().await;
    world.send_to("compress", "{}").await;
    assert_eq!(Worker::compress(&world).run().await, Vec::<String>::new());
    assert_eq!(world.dead_letters("compress"), ["unreadable"]);
}

#[tokio::test]
async fn packs_of_another_account_and_missing_ones_are_left_alone() {
    let content = compressible(1, LENGTH);
    let world = uploaded(&content).await;
    let pack = world.packs_of(&content).await[0].pack_id;
    let worker = Worker::compress(&world);
    for message in world.messages("compress") {
        world.services.queues.delete("compress", &message.id);
    }
    let other = world.register("eve").await;
    request(&world, other.account_id, vec![pack, PackId::from_bytes([9; 16])]).await;
    assert_eq!(worker.run().await, Vec::<String>::new());
    assert_eq!(world.packs_of(&content).await[0].placement.generation, 0);
}

#[tokio::test]
async fn without_time_the_message_is_sent_again_and_another_run_continues() {
    let (world, packs) = three_packs().await;
    request(&world, world.account_id, packs.clone()).await;
    let before = world.messages("compress");
    // One look before the message, and one before the second pack.
    let worker = Worker::compress(&world).hurried(1);
    assert_eq!(worker.run().await, Vec::<String>::new());
    let after = world.messages("compress");
    assert_eq!((after.len(), &after[0].body), (1, &before[0].body));
    assert_ne!(after[0].id, before[0].id);
    assert_eq!(moved(&world, &packs).await, 1);
    Worker::compress(&world).finish().await;
    assert_eq!(moved(&world, &packs).await, 3);
}

#[tokio::test]
async fn every_run_moves_a_pack_however_little_time_it_has() {
    let (world, packs) = three_packs().await;
    request(&world, world.account_id, packs.clone()).await;
    let worker = Worker::compress(&world).hurried(1);
    for run in 1..=3 {
        assert_eq!(worker.run().await, Vec::<String>::new());
        assert_eq!(moved(&world, &packs).await, run);
    }
    assert_eq!(world.messages("compress"), []);
}

#[tokio::test]
async fn packs_go_to_the_migration_only_if_a_rule_takes_them_at_once() {
    let content = compressible(1, LENGTH);
    let world = uploaded(&content).await;
    Worker::compress(&world).finish().await;
    assert_eq!(world.messages("migrate"), []);
    let world = World::with_settings(&[MIGRATES]).await;
    upload(&world, &content).await;
    Worker::compress(&world).finish().await;
    let of = Subject::Blob(Sha256::of(&content));
    let event = PackEvent::CompressionFinished { account_id: world.account_id, of };
    let bodies: Vec<_> = world.messages("migrate").into_iter().map(|message| message.body).collect();
    assert_eq!(bodies, [event.to_json()]);
}

#[tokio::test]
async fn a_mover_that_is_overtaken_leaves_the_other_placement() {
    let content = compressible(1, LENGTH);
    let world = uploaded(&content).await;
    let rival = Worker::compress(&world);
    let event = world.messages("compress")[0].body.clone();
    let meanwhile = async move { rival.receive(&event).await };
    world.services.faults.next("dynamodb:TransactWriteItems", Fault::Meanwhile(meanwhile.boxed()));
    Worker::compress(&world).finish().await;
    let [pack] = &world.packs_of(&content).await[..] else { panic!("one pack") };
    assert_eq!(pack.placement.generation, 1);
    let objects = keys(&world.vault).await;
    let written = objects.iter().filter(|key| key.starts_with("packs/")).count();
    assert_eq!(written, 2, "both wrote, and the object that lost waits for the sweeper");
    assert_eq!(world.read(&content).await, content);
}
