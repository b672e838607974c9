use http::StatusCode;
use serde_json::{Value, json};
use sluice_strict_aws::StrictAws;

use crate::emulator::{Emulator, Reply, call};

const QUEUE: &str = "http://sqs.example/000000000000/landing";

async fn sqs(front: &StrictAws, operation: &str, mut document: Value) -> Reply {
    document["QueueUrl"] = json!(QUEUE);
    call(front, &format!("AmazonSQS.{operation}"), &document).await
}

async fn send(front: &StrictAws, body: &str) -> Reply {
    sqs(front, "SendMessage", json!({ "MessageBody": body })).await
}

#[tokio::test]
async fn a_message_with_its_attributes_has_at_most_256_kib() {
    let emulator = Emulator::start().await;
    let front = emulator.front(|_| {});
    let message = |size: usize| {
        let attribute = json!({ "DataType": "String", "StringValue": "xyz" });
        json!({ "MessageBody": "x".repeat(size - 13), "MessageAttributes": { "name": attribute } })
    };
    assert_eq!(sqs(&front, "SendMessage", message(256 << 10)).await.status, StatusCode::OK);
    let reply = sqs(&front, "SendMessage", message((256 << 10) + 1)).await;
    assert_eq!((reply.status, reply.code()), (StatusCode::BAD_REQUEST, "InvalidParameterValue"));
    let batch = json!({ "Entries": [message(128 << 10), message((128 << 10) + 1)] });
    assert_eq!(sqs(&front, "SendMessageBatch", batch).await.code(), "BatchRequestTooLong");
    assert_eq!(front.struck().values().sum::<u64>(), 2);
}

#[tokio::test]
async fn delays_and_visibility_have_limits() {
    let emulator = Emulator::start().await;
    let front = emulator.front(|_| {});
    let delayed = |seconds: u64| json!({ "MessageBody": "x", "DelaySeconds": seconds });
    assert_eq!(sqs(&front, "SendMessage", delayed(900)).await.status, StatusCode::OK);
    assert_eq!(sqs(&front, "SendMessage", delayed(901)).await.code(), "InvalidParameterValue");
    let receive = |seconds: u64| json!({ "VisibilityTimeout": seconds });
    assert_eq!(sqs(&front, "ReceiveMessage", receive(43_200)).await.status, StatusCode::OK);
    assert_eq!(sqs(&front, "ReceiveMessage", receive(43_201)).await.code(), "InvalidParameterValue");
}

#[tokio::test]
async fn visibility_is_extended_to_12_hours_from_the_receive_and_only_in_flight() {
    let emulator = Emulator::start().await;
    let front = emulator.front(|_| {});
    let extend = |seconds: u64| json!({ "ReceiptHandle": "first", "VisibilityTimeout": seconds });
    sqs(&front, "ReceiveMessage", json!({ "VisibilityTimeout": 60 })).await;
    assert_eq!(sqs(&front, "ChangeMessageVisibility", extend(43_000)).await.status, StatusCode::OK);
    let reply = sqs(&front, "ChangeMessageVisibility", extend(43_200)).await;
    assert_eq!(reply.code(), "InvalidParameterValue");
    assert_eq!(sqs(&front, "ChangeMessageVisibility", extend(0)).await.status, StatusCode::OK);
    assert_eq!(sqs(&front, "ChangeMessageVisibility", extend(60)).await.code(), "MessageNotInflight");
}

#[tokio::test]
async fn a_batch_changes_the_visibility_of_those_in_flight_and_tells_the_others() {
    let emulator = Emulator::start().await;
    let front = emulator.front(|_| {});
    let change = |changes: &[(&str, u64)]| {
        let entry = |(id, seconds)| json!({ "Id": id, "ReceiptHandle": id, "VisibilityTimeout": seconds });
        let entries: Vec<Value> = changes.iter().copied().map(entry).collect();
        sqs(&front, "ChangeMessageVisibilityBatch", json!({ "Entries": entries }))
    };
    sqs(&front, "ReceiveMessage", json!({ "VisibilityTimeout": 60 })).await;
    assert_eq!(change(&[("first", 0), ("second", 43_000)]).await.document["Failed"], Value::Null);
    let reply = change(&[("first", 60), ("second", 30)]).await;
    let failed = &reply.document["Failed"];
    assert_eq!((reply.status, failed.as_array().map(Vec::len)), (StatusCode::OK, Some(1)));
    assert_eq!(failed[0]["Id"], "first");
    assert_eq!(failed[0]["Code"], "AWS.SimpleQueueService.MessageNotInflight");
    let asked = emulator.asked("ChangeMessageVisibilityBatch");
    assert_eq!(asked[1].document["Entries"].as_array().map(Vec::len), Some(1));
    let reply = change(&[("first", 60), ("second", 43_200)]).await;
    assert_eq!(reply.document["Failed"][1]["Code"], "InvalidParameterValue");
    assert_eq!(emulator.asked("ChangeMessageVisibilityBatch").len(), 2, "nothing was left to change");
    assert_eq!(front.struck().values().sum::<u64>(), 3);
}

#[tokio::test]
async fn a_message_may_come_twice() {
    let emulator = Emulator::start().await;
    let front = emulator.front(|settings| settings.odds.duplicate = 1);
    assert_eq!(send(&front, "once").await.status, StatusCode::OK);
    let sent = emulator.asked("SendMessage");
    assert_eq!(sent.len(), 2);
    assert_eq!(sent[0].document["MessageBody"], sent[1].document["MessageBody"]);
    assert_eq!(sent[0].document["DelaySeconds"], Value::Null);
    assert!((1..=5).contains(&sent[1].document["DelaySeconds"].as_u64().expect("valid")));
}

#[tokio::test]
async fn a_message_may_be_late_once_its_sender_is_known() {
    let emulator = Emulator::start().await;
    let front = emulator.front(|settings| settings.odds.delay = 1);
    send(&front, "first").await;
    send(&front, "second").await;
    let sent = emulator.asked("SendMessage");
    let seen: Vec<(&str, bool)> =
        sent.iter().map(|sent| (&*sent.access_key, sent.document["DelaySeconds"].is_u64())).collect();
    assert_eq!(seen, [("function", false), ("administrator", true)]);
}

#[tokio::test]
async fn a_receive_may_find_fewer_messages_or_none() {
    let emulator = Emulator::start().await;
    let front = emulator.front(|settings| settings.odds.fewer_received = 1);
    let waiting = json!({ "WaitTimeSeconds": 2, "MaxNumberOfMessages": 10 });
    sqs(&front, "ReceiveMessage", waiting.clone()).await;
    sqs(&front, "ReceiveMessage", waiting).await;
    let asked = emulator.asked("ReceiveMessage");
    let most: Vec<&Value> = asked.iter().map(|asked| &asked.document["MaxNumberOfMessages"]).collect();
    assert_eq!(most, [&json!(10), &json!(1)]);
    let none = sqs(&front, "ReceiveMessage", json!({ "MaxNumberOfMessages": 10 })).await;
    assert_eq!((none.status, none.document), (StatusCode::OK, json!({})));
}
