//! sweep-objects.

use sluice_contracts::pack_event::{PackEvent, Subject};
use sluice_deployment::clock;
use sluice_domain::hash::Sha256;
use sluice_domain::key::ObjectKey;
use sluice_domain::pack_move::{ObjectOwner, RetiredObject};
use sluice_domain::time::Timestamp;
use sluice_in_memory::COLD_STORE;
use sluice_in_memory::faults::Fault;
use sluice_storage::PutOptions;
use std::sync::Arc;
use std::time::Duration;
use sweep_objects::{App, sweep};

use crate::support::{Worker, World, compressible, keys};

const LENGTH: usize = 1 << 20;
const GRACE: Duration = Duration::from_hours(2);

async fn run(world: &World, now: Timestamp) -> bool {
    let app = Arc::new(App::new(&world.deployment).expect("an app"));
    sweep(app, now).await.is_ok()
}

fn after_grace() -> Timestamp {
    clock::now().after(GRACE * 2)
}

/// A world where a blob was compressed, so that its adopted object is retired.
async fn compressed() -> (World, Vec<u8>, String) {
    let content = compressible(1, LENGTH);
    let world = World::new().await;
    world.send("file", &content).await;
    Worker::dedup(&world).finish().await;
    let object = world.blob(&content).await.and_then(|blob| blob.object_key).expect("an object");
    Worker::compress(&world).finish().await;
    (world, content, object)
}

#[tokio::test]
async fn a_retired_object_is_deleted_after_the_grace_period_and_not_before() {
    let (world, content, object) = compressed().await;
    assert!(run(&world, clock::now()).await);
    assert!(keys(&world.vault).await.contains(&object), "readers may still use it");
    assert!(run(&world, after_grace()).await);
    world.check_vault("").await;
    assert_eq!(world.read(&content).await, content);
}

#[tokio::test]
async fn an_object_that_stores_its_owner_again_is_kept() {
    let (world, content, _) = compressed().await;
    let pack = world.packs_of(&content).await.remove(0);
    let retired = RetiredObject {
        store: "vault".to_owned(),
        key: pack.placement.key.clone(),
        account_id: world.account_id,
        owner: ObjectOwner::Pack(pack.pack_id),
        due_at: clock::now(),
    };
    world.tables.retire_unplaced(&retired).await.expect("a write");
    assert!(run(&world, after_grace()).await);
    assert_eq!(world.read(&content).await, content);
    assert_eq!(world.retired_objects(after_grace()).await, [], "the row is gone too");
}

#[tokio::test]
async fn an_object_of_an_abandoned_move_is_deleted() {
    let (world, content, _) = compressed().await;
    let pack = world.packs_of(&content).await.remove(0);
    let key = ObjectKey::moved_pack(world.account_id, pack.pack_id, "abandoned");
    world.vault.put(&key, "bytes".into(), PutOptions::default()).await.expect("a PUT");
    let retired = RetiredObject {
        store: "vault".to_owned(),
        key: key.to_string(),
        account_id: world.account_id,
        owner: ObjectOwner::Pack(pack.pack_id),
        due_at: clock::now(),
    };
    world.tables.retire_unplaced(&retired).await.expect("a write");
    assert!(run(&world, after_grace()).await);
    world.check_vault("").await;
}

#[tokio::test]
async fn a_deletion_that_fails_is_repeated_by_the_next_run() {
    for operation in ["dynamodb:UpdateItem", "s3:DeleteObject", "dynamodb:DeleteItem"] {
        for fault in [|| Fault::NotSent, || Fault::AnswerLost] as [fn() -> Fault; 2] {
            let (world, content, _) = compressed().await;
            world.services.faults.next(operation, fault());
            assert!(!run(&world, after_grace()).await, "{operation}: the run reports the failure");
            assert!(run(&world, after_grace()).await, "{operation}");
            world.check_vault(operation).await;
            assert_eq!(world.read(&content).await, content);
        }
    }
}

#[tokio::test]
async fn no_pack_moves_to_a_condemned_object() {
    let (world, content, _) = compressed().await;
    let of = Subject::Blob(Sha256::of(&content));
    let account_id = world.account_id;
    let event = PackEvent::MigrationRequested { account_id, of, to: COLD_STORE.to_owned() };
    world.send_to("migrate", &event.to_json()).await;
    let app = Arc::new(App::new(&world.deployment).expect("an app"));
    // The mover has stalled for two days when it changes the placement.
    let meanwhile = Box::pin(async move {
        sweep(app, clock::now().after(Duration::from_hours(48))).await.expect("a run");
    });
    world.services.faults.next("dynamodb:TransactWriteItems", Fault::Meanwhile(meanwhile));
    let worker = Worker::migrate(&world).await;
    worker.run().await;
    assert_eq!(world.read(&content).await, content, "the old placement is still there");
}
