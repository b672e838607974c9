//! sweep-uploads.

use sluice_deployment::clock;
use sluice_domain::sweep::{OPEN_CHECK_INTERVAL, enqueue_backoff, is_stuck};
use sluice_domain::time::Timestamp;
use sluice_domain::upload::{Upload, UploadState};
use sluice_domain::version::RejectReason;
use sluice_in_memory::faults::Fault;
use sluice_in_memory::sample;
use sluice_storage::MultipartOptions;
use sluice_storage::tables::{Ending, Update};
use std::sync::Arc;
use std::time::Duration;
use sweep_uploads::{App, sweep};

use crate::dedup::delta::prepared;
use crate::support::{Worker, World, incompressible, keys};

const LENGTH: usize = 1000;
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);
const LONG: Duration = Duration::from_hours(8 * 24);

async fn run(world: &World, now: Timestamp) -> bool {
    let app = Arc::new(App::new(&world.deployment).expect("an app"));
    sweep(app, now).await.is_ok()
}

/// A world with an open upload that is due, and nothing landed.
async fn open() -> (World, Upload) {
    let world = World::new().await;
    let upload = world.new_upload("file", LENGTH as u64);
    world.begin(&upload).await;
    (world, upload)
}

async fn pending() -> (World, Upload) {
    let (world, upload) = open().await;
    let pending = world.tables.mark_pending(&upload, upload.due_at).await.expect("a write");
    assert_eq!(pending.state, UploadState::Pending);
    (world, pending)
}

fn bodies(world: &World) -> Vec<String> {
    world.messages("landing").into_iter().map(|message| message.body).collect()
}

#[tokio::test]
async fn an_open_upload_is_looked_at_again_in_an_hour() {
    let (world, upload) = open().await;
    assert!(run(&world, upload.due_at).await);
    let swept = world.upload(&upload).await;
    assert_eq!((swept.state, swept.due_at), (UploadState::Open, upload.due_at.after(OPEN_CHECK_INTERVAL)));
    assert_eq!(bodies(&world), Vec::<String>::new());
}

#[tokio::test]
async fn an_upload_that_is_not_due_is_left_alone() {
    let (world, mut upload) = open().await;
    let now = upload.due_at;
    upload.due_at = now.after(OPEN_CHECK_INTERVAL);
    world.tables.postpone(&upload, upload.due_at, 0).await.expect("a write");
    assert!(run(&world, now.after(OPEN_CHECK_INTERVAL / 2)).await);
    assert_eq!(world.upload(&upload).await.due_at, upload.due_at);
}

#[tokio::test]
async fn an_upload_whose_event_was_lost_is_enqueued_and_becomes_available() {
    let (world, upload) = open().await;
    let content = incompressible(1, LENGTH);
    world.put_landed(&upload, &content).await;
    assert!(run(&world, upload.due_at).await);
    assert_eq!(bodies(&world), [World::received(&upload)]);
    let swept = world.upload(&upload).await;
    assert_eq!((swept.enqueue_count, swept.due_at), (1, upload.due_at.after(enqueue_backoff(0))));
    Worker::dedup(&world).finish().await;
    world.check_available(&upload, &content, LENGTH, "").await;
}

#[tokio::test]
async fn an_upload_that_keeps_failing_is_enqueued_again_until_it_succeeds() {
    let (world, upload) = pending().await;
    let content = incompressible(1, LENGTH);
    world.put_landed(&upload, &content).await;
    for count in 0..100 {
        let before = world.upload(&upload).await;
        assert_eq!(is_stuck(&before), count > 2, "{count}");
        assert!(run(&world, before.due_at).await);
        let swept = world.upload(&upload).await;
        assert_eq!((swept.state, swept.enqueue_count), (UploadState::Pending, count + 1));
        assert_eq!(swept.due_at, before.due_at.after(enqueue_backoff(count)));
        assert!(swept.due_at <= before.due_at.after(DAY), "{count}: a pause of over a day");
    }
    Worker::dedup(&world).finish().await;
    world.check_available(&upload, &content, LENGTH, "").await;
}

#[tokio::test]
async fn an_upload_without_bytes_expires_and_frees_its_quota() {
    let (world, upload) = open().await;
    assert!(run(&world, upload.due_at.after(LONG)).await);
    assert_eq!(world.upload(&upload).await.state, UploadState::Expired);
    world.check_account(0, "").await;
    let account = world.tables.account(&world.account.username).await.expect("a read").expect("an account");
    assert_eq!(account.row_bytes, 0, "there is no version");
}

#[tokio::test]
async fn the_parts_of_an_expired_upload_are_freed() {
    let world = World::new().await;
    let mut upload = world.new_upload("file", 20 << 20);
    let key = upload.landing_key().object_key();
    let multipart_id =
        world.landing.create_multipart(&key, MultipartOptions::default()).await.expect("an upload");
    upload.multipart_id = Some(multipart_id.clone());
    world.begin(&upload).await;
    assert!(run(&world, upload.due_at.after(LONG)).await);
    let parts = world.landing.list_parts(&key, &multipart_id).await.expect("a list");
    assert_eq!(parts, None);
}

#[tokio::test]
async fn a_pending_version_whose_bytes_are_lost_is_rejected() {
    let (world, upload) = pending().await;
    assert!(run(&world, upload.due_at).await);
    world.check_rejected(&upload, RejectReason::BytesLost, "").await;
    world.check_account(0, "").await;
}

#[tokio::test]
async fn packs_that_arrive_after_their_upload_has_ended_are_deleted() {
    for ending in [Ending::Aborted, Ending::Expired] {
        let (world, delta) = prepared().await;
        let upload = &delta.upload;
        world.begin(upload).await;
        let now = clock::now();
        assert_eq!(world.tables.end_upload(upload, ending, now).await.expect("a write"), Update::Done);
        delta.put_pack(&world).await;
        assert!(run(&world, now.after(HOUR)).await);
        assert!(!keys(&world.landing).await.is_empty(), "its URL may still be valid");
        assert!(run(&world, now.after(2 * HOUR)).await);
        world.check_landing_is_empty("").await;
        delta.put_pack(&world).await;
        assert!(run(&world, now.after(DAY)).await);
        assert!(!keys(&world.landing).await.is_empty(), "the sweeper has done with it");
    }
}

#[tokio::test]
async fn an_upload_that_is_completed_while_it_expires_keeps_its_packs() {
    let (world, delta) = prepared().await;
    world.begin(&delta.upload).await;
    delta.put_pack(&world).await;
    let later = delta.upload.due_at.after(LONG);
    let both = Arc::new((world, delta));
    let (world, delta) = &*both;
    let completing = both.clone();
    let complete = async move {
        let (world, delta) = &*completing;
        delta.put_manifest(world).await;
        world.tables.mark_pending(&delta.upload, later).await.expect("a write");
    };
    world.services.faults.next("dynamodb:TransactWriteItems", Fault::Meanwhile(Box::pin(complete)));
    assert!(run(world, later).await);
    assert_eq!(world.upload(&delta.upload).await.state, UploadState::Pending);
    assert!(run(world, later).await);
    Worker::dedup(world).finish().await;
    world.check_available(&delta.upload, &delta.content(), delta.used_bytes(), "").await;
}

#[tokio::test]
async fn packs_that_arrive_after_their_version_is_available_are_deleted() {
    let (world, delta) = prepared().await;
    delta.begin(&world).await;
    Worker::dedup(&world).finish().await;
    let now = clock::now();
    delta.put_pack(&world).await;
    assert!(run(&world, now.after(2 * HOUR)).await);
    world.check_available(&delta.upload, &delta.content(), delta.used_bytes(), "").await;
}

#[tokio::test]
async fn a_delta_upload_that_was_not_cleaned_up_is_enqueued_for_that() {
    let (world, delta) = prepared().await;
    let upload = &delta.upload;
    world.begin(upload).await;
    let now = clock::now();
    world.tables.end_upload(upload, Ending::Aborted, now).await.expect("a write");
    delta.put_pack(&world).await;
    delta.put_manifest(&world).await;
    assert!(run(&world, now.after(2 * HOUR)).await);
    assert_eq!(bodies(&world), [World::received(upload)]);
    Worker::dedup(&world).finish().await;
    world.check_landing_is_empty("").await;
    assert!(run(&world, now.after(3 * HOUR)).await);
    assert_eq!(bodies(&world), Vec::<String>::new());
}

#[tokio::test]
async fn a_failing_upload_does_not_keep_the_others() {
    let (world, first) = open().await;
    let second = world.new_upload("second", LENGTH as u64);
    world.begin(&second).await;
    world.services.faults.next("s3:GetObject", Fault::InternalError);
    let later = first.due_at.max(second.due_at).after(LONG);
    assert!(!run(&world, later).await, "the run reports the failure");
    let states = [world.upload(&first).await.state, world.upload(&second).await.state];
    assert!(states.contains(&UploadState::Expired) && states.contains(&UploadState::Open), "{states:?}");
    assert!(run(&world, later).await);
    world.check_account(0, "").await;
}

#[tokio::test]
async fn a_shard_that_cannot_be_read_does_not_keep_the_others() {
    let (world, upload) = open().await;
    let later = upload.due_at.after(LONG);
    // The upload is not in the first shard: the last byte of its id is 1.
    world.services.faults.next("dynamodb:Query", Fault::NotSent);
    assert!(!run(&world, later).await);
    assert_eq!(world.upload(&upload).await.state, UploadState::Expired);
}

#[tokio::test]
async fn one_run_sweeps_more_than_a_page_of_a_shard() {
    let (world, first) = open().await;
    for number in 0..600_u16 {
        // All in the shard of the last byte.
        let random = [&[0; 7], &number.to_be_bytes()[..], &[1]].concat().try_into().expect("ten bytes");
        let upload = sample::upload(&world.account, &number.to_string(), 1, random, clock::now());
        world.begin(&upload).await;
    }
    assert!(run(&world, first.due_at.after(LONG)).await);
    world.check_account(0, "").await;
}

#[tokio::test]
async fn a_message_that_cannot_be_sent_is_not_counted() {
    let (world, upload) = open().await;
    world.put_landed(&upload, &incompressible(1, LENGTH)).await;
    world.services.faults.next("sqs:SendMessage", Fault::NotSent);
    assert!(!run(&world, upload.due_at).await);
    assert_eq!(world.upload(&upload).await.enqueue_count, 0);
    assert!(run(&world, upload.due_at).await);
    assert_eq!(bodies(&world), [World::received(&upload)]);
}

#[tokio::test]
async fn an_upload_that_is_throttled_is_left_to_the_next_run() {
    let (world, upload) = open().await;
    let later = upload.due_at.after(LONG);
    world.services.faults.next("s3:GetObject", Fault::Throttled);
    assert!(run(&world, later).await, "that is no failure");
    assert_eq!(world.upload(&upload).await.state, UploadState::Open);
    assert!(run(&world, later).await);
    assert_eq!(world.upload(&upload).await.state, UploadState::Expired);
}
