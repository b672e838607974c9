//! How long stores, tables and queues may keep a worker waiting.

use bytes::Bytes;
use sluice_domain::key::ObjectKey;
use sluice_domain::part_plan::PartNumber;
use sluice_in_memory::faults::Fault;
use sluice_storage::{Copy, CopySource, ErrorKind, GetOptions, MultipartOptions, PutOptions, StorageError};
use std::time::Duration;
use tokio::time::{Instant, timeout};

use crate::support::World;

/// Longer than the SDK lets a stream stall where it watches that.
const SILENCE: Duration = Duration::from_secs(7);

/// Longer than anything may take.
const EVER: Duration = Duration::from_hours(1);

fn key(name: &str) -> ObjectKey {
    ObjectKey::from_stored(name)
}

async fn world_with_an_object() -> World {
    let world = World::new().await;
    world.landing.put(&key("source"), bytes(), PutOptions::default()).await.expect("a PUT");
    world
}

fn bytes() -> Bytes {
    Bytes::from(vec![7; 100_000])
}

async fn copy_whole(world: &World) -> Result<(), StorageError> {
    let source_key = key("source");
    let head = world.landing.head(&source_key).await?.expect("an object");
    let target_key = key("whole");
    let (source, target) = (&world.landing, &world.vault);
    Copy { source, source_key: &source_key, head: &head, target, target_key: &target_key }.whole().await
}

async fn copy_and_merge(world: &World) -> Result<(), StorageError> {
    let target = key("in parts");
    let id = world.vault.create_multipart(&target, MultipartOptions::default()).await?;
    let source_key = key("source");
    let source = CopySource { bucket: &world.landing, key: &source_key, etag: None, range: 0..100_000 };
    world.vault.copy_part(&target, &id, PartNumber::FIRST, &source).await?;
    let parts = world.vault.list_parts(&target, &id).await?.expect("parts");
    world.vault.complete_multipart(&target, &id, &parts).await
}

/// In real time: the SDK's watch over streams looks at the clock of the machine.
#[tokio::test]
async fn a_store_may_be_silent_while_it_copies_and_merges() {
    let world = world_with_an_object().await;
    for operation in ["s3:CopyObject", "s3:UploadPartCopy", "s3:CompleteMultipartUpload"] {
        world.services.faults.next(operation, Fault::Silent(SILENCE));
    }
    let (whole, in_parts) = tokio::join!(copy_whole(&world), copy_and_merge(&world));
    whole.expect("a copy");
    in_parts.expect("a copy in parts");
}

/// Runs `call` while the service does not answer `operation`, and returns how long it waits.
async fn wait(world: &World, operation: &'static str, call: impl Future<Output = ErrorKind>) -> Duration {
    world.services.faults.next(operation, Fault::NoAnswer);
    let begun = Instant::now();
    let kind = timeout(EVER, call).await.unwrap_or_else(|_| panic!("{operation}: no limit"));
    assert_eq!(kind, ErrorKind::Unavailable, "{operation}");
    begun.elapsed()
}

fn kind<T>(result: Result<T, StorageError>) -> ErrorKind {
    result.err().expect("an error").kind
}

#[tokio::test(start_paused = true)]
async fn what_never_answers_is_given_up_after_seconds() {
    let world = world_with_an_object().await;
    let (source, queue) = (key("source"), world.deployment.landing_queue().expect("a queue"));
    let head = async { kind(world.landing.head(&source).await) };
    let get = async { kind(world.landing.get(&source, GetOptions::whole()).await) };
    let put = async { kind(world.landing.put(&key("new"), bytes(), PutOptions::default()).await) };
    let list = async { kind(world.landing.list_after("", None).await) };
    let account = async { kind(world.tables.account(&world.account.username).await) };
    let send = async { kind(queue.send("message").await) };
    let waits = [
        wait(&world, "s3:HeadObject", head).await,
        wait(&world, "s3:GetObject", get).await,
        wait(&world, "s3:PutObject", put).await,
        wait(&world, "s3:ListObjectsV2", list).await,
        wait(&world, "dynamodb:GetItem", account).await,
        wait(&world, "sqs:SendMessage", send).await,
    ];
    assert!(waits.iter().all(|wait| *wait < Duration::from_secs(10)), "{waits:?}");
}

#[tokio::test(start_paused = true)]
async fn copies_and_merges_that_never_end_are_given_up_after_minutes() {
    let world = world_with_an_object().await;
    let waits = [
        wait(&world, "s3:CopyObject", async { kind(copy_whole(&world).await) }).await,
        wait(&world, "s3:UploadPartCopy", async { kind(copy_and_merge(&world).await) }).await,
        wait(&world, "s3:CompleteMultipartUpload", async { kind(copy_and_merge(&world).await) }).await,
    ];
    let minutes = Duration::from_mins(2)..Duration::from_mins(10);
    assert!(waits.iter().all(|wait| minutes.contains(wait)), "{waits:?}");
}

#[tokio::test(start_paused = true)]
async fn a_body_that_stops_coming_is_given_up() {
    let world = world_with_an_object().await;
    for options in [GetOptions::whole(), GetOptions::range(0..100), GetOptions::start(100)] {
        world.services.faults.next("s3:GetObject", Fault::Stalled);
        world.services.faults.next("s3:GetObject", Fault::Stalled);
        let get = async { world.landing.get(&key("source"), options.clone()).await };
        let result = timeout(EVER, get).await.unwrap_or_else(|_| panic!("{options:?}: no limit"));
        assert_eq!(kind(result), ErrorKind::Unavailable, "{options:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_rest_of_a_body_that_stops_coming_is_asked_for_once() {
    let world = World::new().await;
    let bytes: Bytes = (0..100_000_u32).map(|n| (n % 251) as u8).collect();
    world.landing.put(&key("source"), bytes.clone(), PutOptions::default()).await.expect("a PUT");
    for (options, expected) in [
        (GetOptions::whole(), 0..100_000),
        (GetOptions::whole_of(100_000), 0..100_000),
        (GetOptions::range(7..1_000), 7..1_000),
        (GetOptions::start(1_000), 0..1_000),
    ] {
        world.services.faults.next("s3:GetObject", Fault::Stalled);
        let object = world.landing.get(&key("source"), options.clone()).await.expect("an object");
        assert!(object.bytes == bytes.slice(expected), "{options:?}");
        assert_eq!(object.head.size, 100_000, "{options:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_stops_coming_is_not_continued_with_another_object() {
    let world = world_with_an_object().await;
    world.services.faults.next("s3:GetObject", Fault::Stalled);
    let landing = world.landing.clone();
    let replace = async move {
        landing
            .put(&key("source"), Bytes::from(vec![8; 100_000]), PutOptions::default())
            .await
            .expect("a PUT");
    };
    world.services.faults.nth("s3:GetObject", 1, Fault::Meanwhile(Box::pin(replace)));
    let get = world.landing.get(&key("source"), GetOptions::whole()).await;
    assert_eq!(kind(get), ErrorKind::Conflict);
}

#[tokio::test(start_paused = true)]
async fn a_large_body_has_time_to_be_sent_over_a_slow_line() {
    let world = World::new().await;
    let body = Bytes::from(vec![7; 64 << 20]);
    world.services.faults.next("s3:PutObject", Fault::Slow(Duration::from_mins(2)));
    world.vault.put(&key("pack"), body, PutOptions::default()).await.expect("a PUT");
}
