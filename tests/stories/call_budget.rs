//! Tests how many calls to AWS each step of an upload costs, counted on the wire with retries.

use aws_smithy_runtime_api::client::http::HttpConnector;
use serde_json::Value;
use sluice_contracts::uploads::UploadPlan;
use sluice_deployment::Deployment;
use sluice_tests::{Client, Deployed, bytes, paused};
use std::sync::{Arc, Mutex};

use crate::support::{Landed, Worker, call, created, message, unhurried, watched};

/// A deployment that records its calls.
fn counted(stack: &Deployed) -> (Deployment, Arc<Mutex<Vec<String>>>) {
    let calls = Arc::new(Mutex::new(Vec::new()));
    let written = calls.clone();
    let deployment = watched(stack, move |connector, request| {
        let call = request.headers().get("x-amz-target").map_or_else(
            || format!("S3 {} {}", request.method(), request.uri().split('?').nth(1).unwrap_or_default()),
            |target| target.rsplit('.').next().unwrap_or(target).to_owned(),
        );
        written.lock().expect("not poisoned").push(call);
        connector.call(request)
    });
    (deployment, calls)
}

fn taken(calls: &Arc<Mutex<Vec<String>>>) -> Vec<String> {
    std::mem::take(&mut calls.lock().expect("not poisoned"))
}

#[tokio::test]
async fn an_upload_stays_within_its_call_budget() {
    let stack = paused();
    let user = Client::register(stack).await;
    let (deployment, calls) = counted(stack);
    let init = Arc::new(init_upload::App::new(&deployment).expect("an app"));
    let complete = Arc::new(complete_upload::App::new(&deployment).expect("an app"));

    for (label, size, init_max, complete_max) in [("small", 10_240, 3, 4), ("parts", 17 << 20, 4, 6)] {
        let content = bytes(size as u64, size);
        let sha256 = sluice_domain::hash::Sha256::of(&content);
        let request = serde_json::json!({ "path": label, "size": size, "sha256": sha256 });
        let begin = call(&user, http::Method::POST, "/uploads", &request);
        let reply = init_upload::handle(init.clone(), begin).await.expect("an upload");
        let plan: UploadPlan = serde_json::from_slice(reply.body()).expect("a plan");
        let made = taken(&calls);
        assert!(made.len() <= init_max, "init of {label}: {made:?}");

        let sent = user.send_parts(&plan, &content).await;
        let path = format!("/uploads/{}/complete", plan.upload_id);
        let finish = call(&user, http::Method::POST, &path, &sent);
        complete_upload::handle(complete.clone(), finish).await.expect("completed");
        let made = taken(&calls);
        assert!(made.len() <= complete_max, "complete of {label}: {made:?}");
    }
}

#[tokio::test]
async fn a_small_upload_stays_within_the_call_budget_of_the_worker() {
    let stack = paused();
    let (deployment, calls) = counted(stack);
    let worker = Worker::with(stack, dedup_upload::App::new(&deployment).expect("an app"));
    let new = Landed::new(stack, bytes(1, 10_240)).await;
    worker.receive(&created(&new.key), 1, unhurried()).await;
    let made = taken(&calls);
    new.check_available(&worker, "counted").await;
    // One of the calls is the heartbeat's: one a batch, and one every 40 seconds. Another begins to count the
    // account's work of the day.
    assert!(made.len() <= 13, "new content: {made:?}");

    let known = Landed::of(new.user.clone(), "again", new.content.clone(), &Value::Null).await;
    worker.receive(&created(&known.key), 1, unhurried()).await;
    let made = taken(&calls);
    assert!(made.len() <= 10, "known content: {made:?}");
}

#[tokio::test]
async fn small_files_of_a_batch_cost_the_worker_fewer_calls_than_alone() {
    let stack = paused();
    let (deployment, calls) = counted(stack);
    let worker = Worker::with(stack, dedup_upload::App::new(&deployment).expect("an app"));
    let user = Client::register(stack).await;
    let mut messages = Vec::new();
    for number in 0..10_u64 {
        let landed =
            Landed::of(user.clone(), &number.to_string(), bytes(700 + number, 10_240), &Value::Null).await;
        messages.push(message(created(&landed.key), 1));
    }
    assert!(dedup_upload::process(worker.app.clone(), messages, unhurried()).await.is_empty());
    let made = taken(&calls);
    let of = |name: &str| made.iter().filter(|call| call.starts_with(name)).count();
    // One pack, one object and one row for all ten.
    assert_eq!((of("PutItem"), of("S3 PUT")), (1, 1), "{made:?}");
    assert_eq!((of("S3 GET"), of("S3 DELETE")), (10, 10), "{made:?}");
    assert_eq!(of("TransactWriteItems"), 10, "{made:?}");
    // One message for compress-pack. A file with a hook (one chunk in 64) costs two calls more.
    let sampled = of("BatchGetItem") + of("BatchWriteItem");
    assert!(sampled <= 4 && made.len() - sampled <= 77, "{} calls: {made:?}", made.len());
}

#[tokio::test]
async fn a_read_stays_within_its_call_budget() {
    let stack = paused();
    let (deployment, calls) = counted(stack);
    let worker = Worker::new(stack);
    let landed = Landed::new(stack, bytes(2, 10_240)).await;
    worker.receive(&created(&landed.key), 1, unhurried()).await;
    let file_id = landed.version().await.file_id;
    let read = Arc::new(read_content::App::new(&deployment).expect("an app"));
    // The first read of a day also records the day.
    for (what, max) in [("plan", 6), ("plan", 5), ("content", 4)] {
        let path = format!("/files/{file_id}/{what}");
        let ask = call(&landed.user, http::Method::GET, &path, &Value::Null);
        read_content::handle(read.clone(), ask).await.expect("an answer");
        let made = taken(&calls);
        assert!(made.len() <= max, "{what}: {made:?}");
    }
}
