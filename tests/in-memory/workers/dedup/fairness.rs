//! Accounts that keep workers busy: others do not wait for them, and a day's work is limited.

use futures::FutureExt;
use sluice_deployment::clock;
use sluice_domain::account::Account;
use sluice_domain::id::AccountId;
use sluice_domain::time::Timestamp;
use sluice_domain::upload::{Upload, UploadState};
use sluice_domain::work::{WorkLimits, next_day, pause_for_worker};
use sluice_in_memory::faults::Fault;
use sluice_in_memory::queues::QueuedMessage;
use sluice_storage::tables::{Admission, Counted, Lease, Slot, Update, Work};
use std::time::Duration;

use super::{INDEXED, SMALL};
use crate::support::{Worker, World, incompressible};

const DAY: Duration = Duration::from_hours(24);

/// How many messages Lambda's poller gives a worker.
const BATCH: usize = 10;

async fn world_with(setting: &str, value: &str) -> World {
    World::with_settings(&[(setting, value)]).await
}

async fn two_workers_an_account() -> World {
    world_with("SLUICE_ACCOUNT_WORKERS", "2").await
}

async fn work_of_one_byte_a_day() -> World {
    world_with("SLUICE_DAILY_WORK_BYTES", "1").await
}

fn limits(world: &World) -> WorkLimits {
    world.deployment.work_limits().expect("limits")
}

async fn admitted(world: &World, account: AccountId, holder: &str, life: Duration) -> Option<Slot> {
    let lease = Lease { holder, now: clock::now(), life };
    match world.tables.admit(account, limits(world), lease).await.expect("an answer") {
        Admission::Admitted(slot) => Some(slot),
        Admission::Busy | Admission::UsedUp => None,
    }
}

/// Sends so many small files of an account.
async fn flood(world: &World, account: &Account, count: u8) -> Vec<Upload> {
    let mut uploads = Vec::new();
    for number in 0..count {
        let upload = world.new_upload_of(account, &format!("file {number}"), SMALL as u64);
        world.land(&upload, &incompressible(number.into(), SMALL)).await;
        world.notify(&upload).await;
        uploads.push(upload);
    }
    uploads
}

#[tokio::test]
async fn an_account_waits_for_none_of_the_work_of_another_that_floods_the_queue() {
    let begun = clock::now();
    let world = two_workers_an_account().await;
    let eve = world.register("eve").await;
    // Two workers are at work for her, and will be for long.
    for holder in ["first", "second"] {
        assert!(admitted(&world, eve.account_id, holder, DAY).await.is_some());
    }
    let flood = flood(&world, &eve, 200).await;
    let content = incompressible(1, SMALL);
    let upload = world.send("file", &content).await;

    let worker = Worker::dedup(&world);
    // One look at each message.
    for _ in 0..=flood.len() / BATCH {
        worker.run_visible(BATCH).await;
    }
    world.check_version(&upload, &content, "").await;
    for upload in &flood {
        assert_eq!(world.upload(upload).await.state, UploadState::Open);
    }
    let waiting = world.messages("landing");
    assert_eq!(waiting.len(), flood.len(), "no message was lost");
    let is_delayed =
        |message: &QueuedMessage| message.visible_at >= begun.after(pause_for_worker(Duration::ZERO, 0));
    assert!(waiting.iter().all(|message| message.receive_count == 0 && is_delayed(message)));
}

#[tokio::test]
async fn messages_that_found_no_worker_are_processed_later() {
    let world = two_workers_an_account().await;
    let mut slots = Vec::new();
    for holder in ["first", "second"] {
        slots.push((holder, admitted(&world, world.account_id, holder, DAY).await.expect("a slot")));
    }
    let uploads = flood(&world, &world.account, 3).await;
    let worker = Worker::dedup(&world);
    assert_eq!(worker.run().await, Vec::<String>::new());
    assert_eq!(world.messages("landing").len(), 3);
    for (holder, slot) in slots {
        let work = Work { bytes: 0, now: clock::now() };
        world.tables.release_slot(world.account_id, slot, holder, work).await.expect("a write");
    }
    worker.finish().await;
    for (number, upload) in uploads.iter().enumerate() {
        world.check_version(upload, &incompressible(number as u64, SMALL), "").await;
    }
}

#[tokio::test]
async fn an_account_has_so_many_workers_and_gets_back_what_a_dead_one_had() {
    let world = two_workers_an_account().await;
    let account = world.account_id;
    assert!(admitted(&world, account, "dead", Duration::ZERO).await.is_some());
    assert!(admitted(&world, account, "first", DAY).await.is_some());
    tokio::time::sleep(Duration::from_millis(2)).await;
    assert!(admitted(&world, account, "second", DAY).await.is_some());
    assert!(admitted(&world, account, "third", DAY).await.is_none());
    assert!(admitted(&world, account, "second", DAY).await.is_some(), "it has one");
}

#[tokio::test]
async fn a_batch_gives_its_slot_back() {
    let world = world_with("SLUICE_ACCOUNT_WORKERS", "1").await;
    let content = incompressible(1, SMALL);
    let upload = world.send("file", &content).await;
    // A second worker comes while the first reads.
    let other = Worker::dedup(&world);
    let notification = World::notification(&upload);
    let meanwhile = async move { other.receive(&notification).await };
    world.services.faults.next("s3:GetObject", Fault::Meanwhile(meanwhile.boxed()));
    let worker = Worker::dedup(&world);
    worker.run().await;
    assert_eq!(world.messages("landing").len(), 1, "the second was put off");
    worker.finish().await;
    world.check_available(&upload, &content, SMALL, "").await;
    assert!(admitted(&world, world.account_id, "next", DAY).await.is_some());
}

#[tokio::test]
async fn messages_that_are_put_off_do_not_become_more() {
    let world = two_workers_an_account().await;
    for holder in ["first", "second"] {
        assert!(admitted(&world, world.account_id, holder, DAY).await.is_some());
    }
    let [upload] = &flood(&world, &world.account, 1).await[..] else { panic!("one upload") };
    world.notify(upload).await;
    world.send_to("landing", &World::received(upload)).await;
    // The queue is looked at while the worker reads a file of another account.
    let eve = world.register("eve").await;
    flood(&world, &eve, 1).await;
    let queues = world.services.queues.clone();
    let (tell, waiting) = tokio::sync::oneshot::channel();
    let look = async move { tell.send(queues.messages("landing")).expect("the test waits") };
    world.services.faults.next("s3:GetObject", Fault::Meanwhile(look.boxed()));
    assert_eq!(Worker::dedup(&world).run().await, Vec::<String>::new());
    let waiting = waiting.await.expect("a look");
    assert_eq!(waiting.len(), 2, "one about each upload: {waiting:?}");
    let [message] = &world.messages("landing")[..] else { panic!("one message") };
    assert_eq!(message.body, World::received(upload));
}

async fn count(world: &World, now: Timestamp) -> Counted {
    let counted = world.tables.count_work(world.account_id, limits(world), Work { bytes: 1, now }).await;
    counted.expect("an answer")
}

/// Uses up the account's work, also that of the next day: it may begin during the test.
async fn use_up(world: &World) {
    assert_eq!(count(world, clock::now().after(DAY)).await, Counted::Done);
}

/// Checks that an upload waits for the day after the test.
async fn check_put_off(world: &World, upload: &Upload, begun: Timestamp) {
    let Upload { state, due_at, enqueue_count, .. } = world.upload(upload).await;
    assert_eq!((state, enqueue_count), (UploadState::Pending, 0), "pending, and not stuck");
    assert!([next_day(begun), next_day(clock::now())].contains(&due_at));
    assert_eq!(world.messages("landing"), []);
}

#[tokio::test]
async fn files_of_an_account_that_has_used_up_its_day_wait_for_the_next() {
    let begun = clock::now();
    let world = work_of_one_byte_a_day().await;
    use_up(&world).await;
    for (path, length) in [("small", SMALL), ("large", INDEXED)] {
        let upload = world.send(path, &incompressible(1, length)).await;
        let worker = Worker::dedup(&world);
        worker.finish().await;
        check_put_off(&world, &upload, begun).await;
        // A repeated message does not change that.
        world.send_to("landing", &World::received(&upload)).await;
        worker.finish().await;
        check_put_off(&world, &upload, begun).await;
    }
}

#[tokio::test]
async fn a_large_file_is_counted_before_it_is_worked_on() {
    let begun = clock::now();
    let world = work_of_one_byte_a_day().await;
    let upload = world.send("file", &incompressible(1, INDEXED)).await;
    let tables = world.tables.clone();
    let (account, limits) = (world.account_id, limits(&world));
    let use_up = async move {
        let work = Work { bytes: 1, now: begun.after(DAY) };
        tables.count_work(account, limits, work).await.map(drop).expect("an answer");
    };
    world.services.faults.next("s3:GetObject", Fault::Meanwhile(use_up.boxed()));
    Worker::dedup(&world).finish().await;
    check_put_off(&world, &upload, begun).await;
}

#[tokio::test]
async fn a_file_that_was_counted_is_finished_although_the_day_is_used_up() {
    const THREE_READS: usize = 17 << 20;
    let begun = clock::now();
    let world = work_of_one_byte_a_day().await;
    let content = incompressible(1, THREE_READS);
    let upload = world.send("file", &content).await;
    Worker::dedup(&world).hurried(2).run().await;
    assert_eq!(world.upload(&upload).await.state, UploadState::Pending);
    use_up(&world).await;
    let [other] = &flood(&world, &world.account, 1).await[..] else { panic!("one upload") };
    Worker::dedup(&world).finish().await;
    world.check_version(&upload, &content, "").await;
    check_put_off(&world, other, begun).await;
}

#[tokio::test]
async fn a_slot_that_was_given_back_is_not_renewed() {
    let world = World::new().await;
    let account = world.account_id;
    let slot = admitted(&world, account, "first", DAY).await.expect("a slot");
    let lease = Lease { holder: "first", now: clock::now(), life: DAY };
    let keep = async || world.tables.keep_slot(account, slot, lease).await.expect("an answer");
    assert_eq!(keep().await, Update::Done);
    let work = Work { bytes: 0, now: clock::now() };
    world.tables.release_slot(account, slot, "first", work).await.expect("a write");
    assert_eq!(keep().await, Update::Refused);
}

#[tokio::test]
async fn small_files_are_counted_with_their_batch() {
    let begun = clock::now();
    let world = work_of_one_byte_a_day().await;
    let content = incompressible(1, SMALL);
    let upload = world.send("file", &content).await;
    Worker::dedup(&world).finish().await;
    world.check_available(&upload, &content, SMALL, "").await;
    assert_eq!(count(&world, begun).await, Counted::UsedUp);
}

#[tokio::test]
async fn every_day_has_its_own_allowance() {
    let world = work_of_one_byte_a_day().await;
    let now = clock::now();
    let yesterday = Timestamp::from_unix_milliseconds(now.unix_milliseconds() - DAY.as_millis() as u64);
    for (now, expected) in [
        (yesterday, Counted::Done),
        (yesterday, Counted::UsedUp),
        (now, Counted::Done),
        (now, Counted::UsedUp),
        (yesterday, Counted::UsedUp),
    ] {
        assert_eq!(count(&world, now).await, expected);
    }
    let saved = world.tables.saved_bytes(world.account_id).await.expect("a row");
    assert_eq!(saved, 0, "the row has other counts too");
}
