//! plan-migrations.

use plan_migrations::{App, SEGMENTS, plan};
use sluice_contracts::pack_event::{PackEvent, Subject};
use sluice_deployment::clock;
use sluice_domain::hash::Sha256;
use sluice_domain::time::Timestamp;
use sluice_in_memory::COLD_STORE;
use sluice_in_memory::faults::Fault;
use std::sync::Arc;
use std::time::Duration;

use crate::support::{Worker, World, incompressible};

const DAY: Duration = Duration::from_hours(24);

/// A world with these rules and two blobs, at `old/file` and `new/file`.
async fn with_rules(rules: &str) -> World {
    let world = World::with_settings(&[("SLUICE_MIGRATION_RULES", rules)]).await;
    world.send("old/file", &old()).await;
    world.send("new/file", &new()).await;
    Worker::dedup(&world).finish().await;
    world
}

fn old() -> Vec<u8> {
    incompressible(1, 1000)
}

fn new() -> Vec<u8> {
    incompressible(2, 2000)
}

/// Runs every hour of a day. Returns the bodies of the messages, sorted.
async fn run_for_a_day(world: &World, from: Timestamp) -> Vec<String> {
    let app = Arc::new(App::new(&world.deployment).expect("an app"));
    for hour in 0..SEGMENTS {
        plan(app.clone(), from.after(Duration::from_hours(hour.into()))).await.expect("a run");
    }
    let mut bodies: Vec<_> = world.messages("migrate").into_iter().map(|message| message.body).collect();
    bodies.sort();
    bodies
}

fn requests(world: &World, contents: &[Vec<u8>]) -> Vec<String> {
    let request = |content: &Vec<u8>| PackEvent::MigrationRequested {
        account_id: world.account_id,
        of: Subject::Blob(Sha256::of(content)),
        to: COLD_STORE.to_owned(),
    };
    let mut requests: Vec<_> = contents.iter().map(|content| request(content).to_json()).collect();
    requests.sort();
    requests
}

#[tokio::test]
async fn every_blob_that_a_rule_takes_is_requested_once_a_day() {
    let world = with_rules(r#"[{"to":"cold","unread_days":30}]"#).await;
    let now = clock::now();
    assert_eq!(run_for_a_day(&world, now.after(DAY * 20)).await, Vec::<String>::new(), "too early");
    assert_eq!(run_for_a_day(&world, now.after(DAY * 31)).await, requests(&world, &[old(), new()]));
}

#[tokio::test]
async fn a_rule_with_a_prefix_takes_the_blobs_of_current_files_there() {
    let world = with_rules(r#"[{"to":"cold","unread_days":30,"prefix":"old/"}]"#).await;
    let messages = run_for_a_day(&world, clock::now().after(DAY * 31)).await;
    assert_eq!(messages, requests(&world, &[old()]));
}

#[tokio::test]
async fn a_rule_for_a_size_takes_the_blobs_of_that_size() {
    let world = with_rules(r#"[{"to":"cold","min_age_days":1,"min_size":1500}]"#).await;
    let messages = run_for_a_day(&world, clock::now().after(DAY * 2)).await;
    assert_eq!(messages, requests(&world, &[new()]));
}

#[tokio::test]
async fn a_blob_that_was_read_lately_stays() {
    let world = with_rules(r#"[{"to":"cold","unread_days":30}]"#).await;
    let now = clock::now();
    let blob = world.blob(&old()).await.expect("a blob");
    world.tables.mark_read(&blob, now.after(DAY * 20)).await.expect("a write");
    assert_eq!(run_for_a_day(&world, now.after(DAY * 31)).await, requests(&world, &[new()]));
}

#[tokio::test]
async fn a_blob_that_has_moved_or_is_condemned_is_not_requested() {
    let world = with_rules(r#"[{"to":"cold","unread_days":30}]"#).await;
    let blob = world.blob(&old()).await.expect("a blob");
    world.tables.mark_migrated(&blob, COLD_STORE).await.expect("a write");
    world.condemn_blob(&new()).await;
    assert_eq!(run_for_a_day(&world, clock::now().after(DAY * 31)).await, Vec::<String>::new());
}

#[tokio::test]
async fn without_rules_nothing_is_read() {
    let world = with_rules("[]").await;
    world.services.faults.next("dynamodb:Scan", Fault::NotSent);
    assert_eq!(run_for_a_day(&world, clock::now()).await, Vec::<String>::new());
    assert_eq!(world.services.faults.clear(), 1);
}

#[tokio::test]
async fn a_run_that_fails_is_repeated_whole() {
    let world = with_rules(r#"[{"to":"cold","unread_days":30}]"#).await;
    let app = Arc::new(App::new(&world.deployment).expect("an app"));
    let later = clock::now().after(DAY * 31);
    world.services.faults.next("dynamodb:Scan", Fault::Throttled);
    assert!(plan(app, later).await.is_err());
    assert_eq!(run_for_a_day(&world, later).await, requests(&world, &[old(), new()]));
}
