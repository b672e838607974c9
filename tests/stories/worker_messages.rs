//! Tests messages that come twice, late, out of order, concurrently, or make no sense.

use serde_json::json;
use sluice_contracts::uploads::Completed;
use sluice_domain::upload::UploadState;
use sluice_domain::version::VersionState;
use sluice_storage::CopyLimits;
use sluice_storage::fault::{Fault, Moment, run_until_killed};
use sluice_tests::{Client, bytes, live, paused};
use std::sync::Arc;

use crate::support::{Landed, Worker, created, hurried, message, unhurried};

const MIB: usize = 1 << 20;

#[tokio::test]
async fn an_event_that_comes_again_and_late_changes_nothing() {
    let worker = Worker::new(paused());
    let landed = Landed::new(worker.stack, bytes(1, 5000)).await;
    let event = created(&landed.key);
    for receive_count in [1, 1, 2, 1] {
        assert_eq!(worker.receive(&event, receive_count, unhurried()).await, Vec::<String>::new());
        landed.check_available(&worker, "again").await;
    }
}

#[tokio::test]
async fn an_event_processed_by_two_workers_at_once_makes_one_version() {
    let one = Worker::new(paused());
    let two = Worker::new(paused());
    for seed in 1..=8 {
        let landed = Landed::new(one.stack, bytes(seed, 2 * MIB)).await;
        let event = created(&landed.key);
        let (first, second) =
            tokio::join!(one.receive(&event, 1, unhurried()), two.receive(&event, 1, unhurried()));
        for _ in first.iter().chain(&second) {
            assert_eq!(one.receive(&event, 2, unhurried()).await, Vec::<String>::new());
        }
        landed.check_available(&one, "at once").await;
    }
}

#[tokio::test]
async fn two_concurrent_uploads_of_the_same_bytes_store_them_once() {
    let one = Worker::new(paused());
    let two = Worker::new(paused());
    for seed in 1..=8 {
        let a = Landed::new(one.stack, bytes(seed, 100_000)).await;
        let b = Landed::of(a.user.clone(), "other", a.content.clone(), &json!({})).await;
        let first = created(&a.key);
        let second = created(&b.key);
        tokio::join!(one.receive(&first, 1, unhurried()), two.receive(&second, 1, unhurried()));
        a.check_available(&one, "a").await;
        b.check_available(&one, "b").await;
        let objects = one.vault_keys(a.account_id).await;
        assert_eq!(objects.len(), 1, "{objects:?}");
    }
}

#[tokio::test]
async fn an_event_that_comes_before_completion_is_enough() {
    let worker = Worker::new(paused());
    let landed = Landed::new(worker.stack, bytes(3, 5000)).await;
    worker.receive(&created(&landed.key), 1, unhurried()).await;
    landed.check_available(&worker, "before completion").await;
    let completed = landed.user.complete(landed.key.upload_id, &landed.completion).await;
    assert_eq!(completed.parse::<Completed>(202).version.state, VersionState::Available);
}

#[tokio::test]
async fn completion_killed_between_merge_and_table_is_finished_by_a_repeat_or_by_the_event() {
    for (repeat, write) in [(true, 1), (true, 2), (false, 1)] {
        let worker = Worker::new(paused());
        let user = Client::register(worker.stack).await;
        let content = bytes(4, 17 * MIB);
        let plan = user.begin("parts", &content).await;
        let completion = user.send_parts(&plan, &content).await;
        let upload_id = plan.upload_id;
        let path = format!("/uploads/{upload_id}/complete");

        let app = Arc::new(
            complete_upload::App::new(&worker.stack.deployment_of("complete-upload")).expect("an app"),
        );
        let call = crate::support::call(&user, http::Method::POST, &path, &completion);
        let fault = Fault { write, moment: Moment::After };
        let killed = run_until_killed(fault, complete_upload::handle(app, call)).await;
        let expected = ["s3:CompleteMultipartUpload", "dynamodb:TransactWriteItems"][write - 1];
        assert_eq!(killed.map(|_| ()), Err(expected));

        if repeat {
            let completed: Completed = user.post(&path, &completion).await.parse(202);
            assert_eq!(completed.version.state, VersionState::Pending);
        }
        let account_id = user.account().await.account_id;
        let key = sluice_domain::key::LandingKey { account_id, upload_id };
        worker.receive(&created(&key), 1, unhurried()).await;
        let landed = Landed { user, account_id, key, completion, content };
        landed.check_available(&worker, "killed completion").await;
    }
}

#[tokio::test]
async fn a_large_object_takes_several_invocations_and_has_the_same_hashes() {
    let limits = CopyLimits { single_max_bytes: 16 << 20, part_bytes: 8 << 20 };
    let app = dedup_upload::App::new(&paused().deployment_of("dedup-upload"))
        .expect("an app")
        .with_copy_limits(limits);
    let worker = Worker::with(paused(), app);
    let landed = Landed::new(worker.stack, bytes(5, 100 * MIB)).await;
    let mut invocations = 0;
    while landed.upload().await.state != UploadState::Available {
        invocations += 1;
        assert!(invocations < 30, "it ends");
        assert_eq!(worker.receive(&created(&landed.key), 2, hurried(3)).await, Vec::<String>::new());
    }
    assert!(invocations >= 6, "{invocations} invocations: the time never ran out");
    landed.check_available(&worker, "several invocations").await;
}

#[tokio::test]
async fn a_message_without_time_left_is_returned_without_an_attempt() {
    let worker = Worker::new(paused());
    let landed = Landed::new(worker.stack, bytes(6, 5000)).await;
    assert_eq!(worker.receive(&created(&landed.key), 1, hurried(0)).await, Vec::<String>::new());
    assert_eq!(landed.upload().await.state, UploadState::Open);
}

#[tokio::test]
async fn a_poison_message_goes_to_the_dead_letter_queue_with_its_reason_and_blocks_no_other() {
    let stack = live();
    let sqs = aws_sdk_sqs::Client::new(&stack.sdk);
    let poison = "{\"Records\": \"poison\"}";
    let send = sqs.send_message().queue_url(stack.setting("SLUICE_LANDING_QUEUE_URL")).message_body(poison);
    send.send().await.expect("sent");
    let user = Client::register(stack).await;
    user.upload("beside poison", &bytes(7, 1000)).await;

    for _ in 0..100 {
        let received = sqs
            .receive_message()
            .queue_url(stack.setting("SLUICE_LANDING_DEAD_LETTER_QUEUE_URL"))
            .message_attribute_names("All")
            .wait_time_seconds(1)
            .send()
            .await
            .expect("received");
        let Some(dead) = received.messages().iter().find(|dead| dead.body() == Some(poison)) else {
            continue;
        };
        let attributes = dead.message_attributes().expect("attributes");
        let value = |name: &str| attributes[name].string_value().unwrap_or_default().to_owned();
        assert_eq!(value("code"), "unreadable");
        assert!(value("reason").contains("expected a sequence"), "{}", value("reason"));
        return;
    }
    panic!("the poison message did not arrive in the dead-letter queue");
}

#[tokio::test]
async fn one_message_of_a_batch_fails_and_the_others_do_not() {
    let worker = Worker::new(paused());
    let good = Landed::new(worker.stack, bytes(8, 1000)).await;
    let gone = Landed::new(worker.stack, bytes(9, 1000)).await;
    let s3 = aws_sdk_s3::Client::new(&worker.stack.sdk);
    let bucket = worker.stack.setting("SLUICE_LANDING_BUCKET");
    s3.delete_object().bucket(bucket).key(gone.key.to_string()).send().await.expect("deleted");

    let mut batch =
        vec![message("not even JSON", 1), message(created(&gone.key), 1), message(created(&good.key), 1)];
    for (index, message) in batch.iter_mut().enumerate() {
        message.id = index.to_string();
    }
    let failed = dedup_upload::process(worker.app.clone(), batch, unhurried()).await;
    assert_eq!(failed, ["1"], "only the message with missing bytes is retried");
    good.check_available(&worker, "beside others").await;
}
