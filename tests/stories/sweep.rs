//! Tests that the sweeper ends or enqueues uploads that are stuck.

use serde_json::json;
use sluice_contracts::problem::Code;
use sluice_deployment::clock;
use sluice_domain::time::Timestamp;
use sluice_domain::upload::UploadState;
use sluice_domain::version::RejectReason;
use sluice_tests::{Client, Deployed, bytes, swept};
use std::sync::Arc;
use std::time::Duration;

use crate::support::{Landed, Worker, created, unhurried};

const HOUR: Duration = Duration::from_hours(1);

/// Runs the sweeper as if this much time had passed, and returns that time.
async fn sweep(stack: &Deployed, later: Duration) -> Timestamp {
    stack.catch_up().await;
    let app = Arc::new(sweep_uploads::App::new(&stack.deployment_of("sweep-uploads")).expect("an app"));
    let now = clock::now().after(later);
    sweep_uploads::sweep(app, now).await.expect("swept");
    now
}

/// Empties the landing queue and returns whether it contained the upload.
async fn was_enqueued(stack: &Deployed, upload_id: &str) -> bool {
    let sqs = aws_sdk_sqs::Client::new(&stack.sdk);
    let queue = stack.setting("SLUICE_LANDING_QUEUE_URL");
    let mut found = false;
    loop {
        let request = sqs.receive_message().queue_url(queue).max_number_of_messages(10);
        let request = request.wait_time_seconds(stack.wait_for_messages_seconds());
        let batch = request.send().await.expect("received");
        if batch.messages().is_empty() {
            return found;
        }
        for message in batch.messages() {
            let body = message.body().unwrap_or_default();
            found |= body.contains("UploadReceived") && body.contains(upload_id);
            let receipt = message.receipt_handle().unwrap_or_default();
            sqs.delete_message().queue_url(queue).receipt_handle(receipt).send().await.expect("deleted");
        }
    }
}

#[tokio::test]
async fn the_sweeper_ends_or_enqueues_every_upload_that_is_stuck() {
    // One after the other, because the sweeper treats all uploads of the stack.
    an_abandoned_upload_expires_and_releases_its_quota_and_its_parts().await;
    a_landed_object_whose_event_was_lost_is_enqueued_again().await;
    accepted_bytes_are_kept_however_often_verification_fails().await;
    a_pending_version_whose_bytes_are_gone_is_rejected().await;
}

async fn an_abandoned_upload_expires_and_releases_its_quota_and_its_parts() {
    let stack = swept();
    let user = Client::register(stack).await;
    let content = bytes(1, 17 << 20);
    let plan = user.begin("abandoned", &content).await;
    user.put_part(&plan.parts[0], content[..16 << 20].to_vec()).await;
    let single = user.post("/uploads", &json!({ "path": "never sent", "size": 10 })).await.plan();
    assert_eq!(user.usage().await, (0, (17 << 20) + 10));

    sweep(stack, HOUR * 2).await;
    assert_eq!(user.usage().await, (0, (17 << 20) + 10), "it is not time yet");
    sweep(stack, HOUR * 24 * 8).await;
    assert_eq!(user.usage().await, (0, 0));
    for upload in [&plan, &single] {
        let id = upload.upload_id;
        assert_eq!(user.show_upload(id).await.state, UploadState::Expired);
        user.post(&format!("/uploads/{id}/parts"), &json!({ "parts": [{ "number": 1 }] }))
            .await
            .expect_problem(409, Code::UploadEnded);
    }
    let s3 = aws_sdk_s3::Client::new(&stack.sdk);
    let left = s3
        .list_multipart_uploads()
        .bucket(stack.setting("SLUICE_LANDING_BUCKET"))
        .send()
        .await
        .expect("list");
    let id = plan.upload_id.to_string();
    assert!(
        left.uploads().iter().all(|upload| !upload.key().unwrap_or_default().contains(&id)),
        "parts are left"
    );
}

async fn a_landed_object_whose_event_was_lost_is_enqueued_again() {
    let worker = Worker::new(swept());
    let landed = Landed::new(worker.stack, bytes(2, 1000)).await;
    let id = landed.key.upload_id.to_string();
    was_enqueued(worker.stack, &id).await;
    sweep(worker.stack, HOUR * 2).await;
    assert!(was_enqueued(worker.stack, &id).await, "it is enqueued again");
    sweep(worker.stack, HOUR * 2).await;
    assert!(!was_enqueued(worker.stack, &id).await, "but not a second time at once");
    worker.receive(&created(&landed.key), 1, unhurried()).await;
    landed.check_available(&worker, "after the sweep").await;
}

async fn accepted_bytes_are_kept_however_often_verification_fails() {
    let worker = Worker::new(swept());
    let landed = Landed::new(worker.stack, bytes(3, 17 << 20)).await;
    let id = landed.key.upload_id.to_string();
    for day in 1..30 {
        sweep(worker.stack, HOUR * 24 * day).await;
        assert_eq!(landed.upload().await.state, UploadState::Pending, "day {day}");
    }
    assert!(was_enqueued(worker.stack, &id).await);
    // At last the worker is mended.
    worker.receive(&created(&landed.key), 1, unhurried()).await;
    landed.check_available(&worker, "after a month").await;
}

async fn a_pending_version_whose_bytes_are_gone_is_rejected() {
    let worker = Worker::new(swept());
    let landed = Landed::new(worker.stack, bytes(4, 17 << 20)).await;
    let s3 = aws_sdk_s3::Client::new(&worker.stack.sdk);
    let bucket = worker.stack.setting("SLUICE_LANDING_BUCKET");
    s3.delete_object().bucket(bucket).key(landed.key.to_string()).send().await.expect("deleted");
    sweep(worker.stack, HOUR).await;
    let upload = landed.upload().await;
    assert_eq!((upload.state, upload.reason), (UploadState::Rejected, Some(RejectReason::BytesLost)));
    assert_eq!(landed.user.usage().await, (0, 0));
}
