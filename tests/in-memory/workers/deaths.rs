//! Workers that die or panic: what becomes of the messages that they had.

use futures::future;
use sluice_contracts::pack_event::{PackEvent, Subject};
use sluice_deployment::clock;
use sluice_domain::hash::Sha256;
use sluice_domain::upload::{Upload, UploadState};
use sluice_in_memory::faults::Fault;
use sluice_in_memory::queues::{QueuedMessage, Queues};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};

use crate::support::{Worker, World, incompressible};

/// The heartbeat timeout of the template.
const TIMEOUT: Duration = Duration::from_mins(2);

/// The length of a small file.
const LENGTH: usize = 50_000;

/// A small file, different for each seed.
fn content(seed: u8) -> Vec<u8> {
    incompressible(u64::from(seed), LENGTH)
}

/// How long anything may take before a test fails.
const DEADLINE: Duration = Duration::from_mins(1);

/// Waits until the messages of the landing queue are as wanted.
async fn wait_until(queues: &Queues, holds: impl Fn(&[QueuedMessage]) -> bool) {
    let wait = async {
        while !holds(&queues.messages("landing")) {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(DEADLINE, wait).await.expect("messages as wanted");
}

/// Whether all messages come back within the timeout, should their worker die now.
fn return_soon(messages: &[QueuedMessage]) -> bool {
    let latest = clock::now().after(TIMEOUT);
    messages.iter().all(|message| message.visible_at <= latest)
}

/// Lets the next read of an object wait for `event`, which the worker's heartbeat brings about.
fn work_until(world: &World, event: impl Future<Output = ()> + Send + 'static) {
    world.services.faults.next("s3:GetObject", Fault::Meanwhile(Box::pin(event)));
}

#[tokio::test]
async fn a_worker_that_has_begun_hides_its_batch_for_two_minutes_at_most() {
    let world = World::new().await;
    for seed in 1..4 {
        world.send("file", &content(seed)).await;
    }
    let messages = world.services.queues.clone();
    let (begin_to_hang, hangs) = oneshot::channel();
    work_until(&world, async move {
        wait_until(&messages, return_soon).await;
        begin_to_hang.send(()).expect("the test waits");
        future::pending::<()>().await;
    });
    let worker = Worker::dedup(&world);
    tokio::select! {
        _ = worker.run() => panic!("it hangs"),
        hangs = timeout(DEADLINE, hangs) => hangs.expect("in time").expect("it hangs"),
    }
    // The worker is dead now.
    let queued = world.messages("landing").into_iter();
    let mut visible_at: Vec<_> = queued.map(|message| message.visible_at).collect();
    visible_at.sort();
    visible_at.dedup();
    assert_eq!(visible_at.len(), 3, "they come back apart from one another");
}

#[tokio::test]
async fn a_message_stays_hidden_while_its_worker_is_at_work() {
    let world = World::with_settings(&[("SLUICE_HEARTBEAT_TIMEOUT_SECONDS", "1")]).await;
    let upload = world.send("file", &content(1)).await;
    let messages = world.services.queues.clone();
    let began = clock::now();
    // Three beats after the first.
    let extended = move |messages: &[QueuedMessage]| {
        let visible_at = messages[0].visible_at;
        visible_at >= began.after(Duration::from_secs(2)) && visible_at <= clock::now().after(TIMEOUT)
    };
    work_until(&world, async move { wait_until(&messages, extended).await });
    assert_eq!(Worker::dedup(&world).run().await, Vec::<String>::new());
    world.check_available(&upload, &content(1), LENGTH, "").await;
}

#[tokio::test]
async fn work_goes_on_if_messages_cannot_be_kept_hidden() {
    for fault in [|| Fault::Throttled, || Fault::NotSent, || Fault::InternalError] {
        let world = World::with_settings(&[("SLUICE_HEARTBEAT_TIMEOUT_SECONDS", "1")]).await;
        let upload = world.send("file", &content(1)).await;
        let messages = world.services.queues.clone();
        // The first beat and both its repeats fail.
        for _ in 0..3 {
            world.services.faults.next("sqs:ChangeMessageVisibilityBatch", fault());
        }
        work_until(&world, async move { wait_until(&messages, return_soon).await });
        assert_eq!(Worker::dedup(&world).run().await, Vec::<String>::new());
        world.check_available(&upload, &content(1), LENGTH, "").await;
    }
}

#[tokio::test]
async fn a_message_that_another_worker_has_received_meanwhile_does_not_fail_the_work() {
    let world = World::with_settings(&[("SLUICE_HEARTBEAT_TIMEOUT_SECONDS", "1")]).await;
    let upload = world.send("file", &content(1)).await;
    let messages = world.services.queues.clone();
    work_until(&world, async move {
        messages.poll("landing");
        sleep(Duration::from_millis(700)).await;
    });
    assert_eq!(Worker::dedup(&world).run().await, Vec::<String>::new());
    world.check_available(&upload, &content(1), LENGTH, "").await;
}

/// A panic in the next request of this operation.
fn panic_at(world: &World, operation: &'static str, spared: usize) {
    let fault = Fault::Meanwhile(Box::pin(async { panic!("as the test wants") }));
    world.services.faults.nth(operation, spared, fault);
}

/// Uploads of three small files in one batch.
async fn three_uploads(world: &World) -> Vec<Upload> {
    let mut uploads = Vec::new();
    for seed in 1..4 {
        uploads.push(world.send(&format!("file{seed}"), &content(seed)).await);
    }
    uploads
}

#[tokio::test]
async fn a_panic_in_one_message_fails_this_message_only() {
    let world = World::new().await;
    let uploads = three_uploads(&world).await;
    panic_at(&world, "s3:GetObject", 0);
    let worker = Worker::dedup(&world);
    assert_eq!(worker.run().await.len(), 1);
    let mut states = Vec::new();
    for upload in &uploads {
        states.push(world.upload(upload).await.state);
    }
    assert_eq!(states.iter().filter(|state| **state == UploadState::Available).count(), 2, "{states:?}");
    worker.finish().await;
    for (seed, upload) in (1..).zip(&uploads) {
        world.check_available(upload, &content(seed), 3 * LENGTH, "").await;
    }
}

#[tokio::test]
async fn a_panic_while_a_batch_is_published_fails_one_message_at_most() {
    let world = World::new().await;
    let uploads = three_uploads(&world).await;
    panic_at(&world, "dynamodb:TransactWriteItems", 0);
    let worker = Worker::dedup(&world);
    assert_eq!(worker.run().await.len(), 1);
    worker.finish().await;
    for (seed, upload) in (1..).zip(&uploads) {
        world.check_available(upload, &content(seed), 3 * LENGTH, "").await;
    }
}

#[tokio::test]
async fn a_message_that_panics_each_time_becomes_a_dead_letter_that_says_so() {
    let world = World::new().await;
    world.send("file", &content(1)).await;
    let worker = Worker::dedup(&world);
    for _ in 0..3 {
        panic_at(&world, "s3:GetObject", 0);
        worker.run().await;
    }
    let [letter] = &world.messages("landing-dead-letters")[..] else { panic!("one dead letter") };
    assert_eq!(letter.attributes["code"], "panicked");
    assert_eq!(letter.attributes["reason"], "the worker panicked: as the test wants");
}

#[tokio::test]
async fn a_panic_of_a_worker_that_processes_one_after_the_other_does_not_keep_the_next() {
    let world = World::new().await;
    world.send("file", &content(1)).await;
    Worker::dedup(&world).finish().await;
    for queue in ["compress", "migrate"] {
        let of = Subject::Blob(Sha256::of(&content(1)));
        let event = PackEvent::PackWritten { account_id: world.account_id, of };
        for _ in 0..2 {
            world.send_to(queue, &event.to_json()).await;
        }
    }
    for (queue, worker) in
        [("compress", Worker::compress(&world)), ("migrate", Worker::migrate(&world).await)]
    {
        panic_at(&world, "dynamodb:GetItem", 0);
        assert_eq!(worker.run().await.len(), 1, "{queue}");
        assert_eq!(world.messages(queue).len(), 1, "{queue}");
    }
}
