use http::StatusCode;
use serde_json::{Value, json};
use sluice_strict_aws::{Rule, StrictAws};
use std::collections::BTreeSet;
use std::time::Duration;

use crate::emulator::{Emulator, Reply, call, soon};

/// Longer than a test runs. The seed gives no write a delay of less than minutes.
const HOURS: Duration = Duration::from_hours(1000);

async fn dynamodb(front: &StrictAws, operation: &str, document: Value) -> Reply {
    call(front, &format!("DynamoDB_20120810.{operation}"), &document).await
}

fn item(path: &str, hash: &str) -> Value {
    json!({ "path": { "S": path }, "hash": { "S": hash } })
}

async fn put(front: &StrictAws, path: &str, hash: &str) -> Reply {
    dynamodb(front, "PutItem", json!({ "TableName": "files", "Item": item(path, hash) })).await
}

async fn get(front: &StrictAws, path: &str, consistent: bool) -> Option<String> {
    let key = json!({ "path": { "S": path } });
    let get = json!({ "TableName": "files", "Key": key, "ConsistentRead": consistent });
    let reply = dynamodb(front, "GetItem", get).await;
    reply.document["Item"]["hash"]["S"].as_str().map(str::to_owned)
}

/// The paths that the index lists under a hash.
async fn by_hash(front: &StrictAws, hash: &str) -> BTreeSet<String> {
    let query = json!({
        "TableName": "files",
        "IndexName": "by_hash",
        "KeyConditionExpression": "#hash = :hash",
        "ExpressionAttributeNames": { "#hash": "hash" },
        "ExpressionAttributeValues": { ":hash": { "S": hash } },
    });
    let reply = dynamodb(front, "Query", query).await;
    assert_eq!(reply.status, StatusCode::OK, "{:?}", reply.document);
    paths(&reply.document["Items"])
}

fn paths(items: &Value) -> BTreeSet<String> {
    let items = items.as_array().expect("items").iter();
    items.map(|item| item["path"]["S"].as_str().expect("a path").to_owned()).collect()
}

fn set(paths: &[&str]) -> BTreeSet<String> {
    paths.iter().map(|path| (*path).to_owned()).collect()
}

fn struck(front: &StrictAws, rule: &'static str) -> u64 {
    front.struck().get(&Rule(rule)).copied().unwrap_or(0)
}

#[tokio::test]
async fn indexes_and_eventual_reads_show_the_old_image() {
    let emulator = Emulator::start().await;
    put(&emulator.front(|_| {}), "old", "1").await;
    let front = emulator.front(|settings| settings.index_lag = HOURS);
    assert_eq!(by_hash(&front, "1").await, set(&["old"]));
    assert_eq!(struck(&front, "dynamodb: reads that lag"), 0);
    put(&front, "old", "2").await;
    put(&front, "new", "2").await;
    assert_eq!(by_hash(&front, "1").await, set(&["old"]));
    assert_eq!(by_hash(&front, "2").await, set(&[]));
    assert_eq!(get(&front, "old", false).await.as_deref(), Some("1"));
    assert_eq!(get(&front, "old", true).await.as_deref(), Some("2"));
    assert_eq!(struck(&front, "dynamodb: reads that lag"), 3);
}

#[tokio::test]
async fn an_index_that_has_caught_up_shows_every_write() {
    let emulator = Emulator::start().await;
    let front = emulator.front(|settings| settings.index_lag = Duration::from_millis(20));
    for path in ["a", "b", "c"] {
        put(&front, path, "1").await;
    }
    soon(front.catch_up()).await;
    assert_eq!(by_hash(&front, "1").await, set(&["a", "b", "c"]));
}

#[tokio::test]
async fn a_throttled_call_does_nothing() {
    let emulator = Emulator::start().await;
    let front = emulator.front(|settings| settings.odds.throttled = 1);
    let reply = put(&front, "a", "1").await;
    assert_eq!(reply.status, StatusCode::BAD_REQUEST);
    assert!(["ThrottlingException", "ProvisionedThroughputExceededException"].contains(&reply.code()));
    assert!(emulator.asked("PutItem").is_empty());
    assert_eq!(struck(&front, "dynamodb: throttling"), 1);
}

#[tokio::test]
async fn a_lost_answer_is_that_of_a_write_that_happened() {
    let emulator = Emulator::start().await;
    let front = emulator.front(|settings| settings.odds.lost_answer = 1);
    let reply = put(&front, "a", "1").await;
    assert_eq!((reply.status, reply.code()), (StatusCode::INTERNAL_SERVER_ERROR, "InternalServerError"));
    assert_eq!(get(&front, "a", true).await.as_deref(), Some("1"));
}

/// A transaction that puts these items.
fn transaction(paths: &[&str]) -> Value {
    let put = |path: &&str| json!({ "Put": { "TableName": "files", "Item": item(path, "1") } });
    json!({ "TransactItems": paths.iter().map(put).collect::<Vec<_>>() })
}

fn reasons(reply: &Reply) -> Vec<&str> {
    let reasons = reply.document["CancellationReasons"].as_array().expect("reasons").iter();
    reasons.map(|reason| reason["Code"].as_str().expect("a code")).collect()
}

#[tokio::test]
async fn a_write_that_meets_a_transaction_is_refused() {
    let emulator = Emulator::start().await;
    emulator.transactions.forget_permits(1000);
    let front = emulator.front(|_| {});
    let first = transaction(&["a", "b"]);
    let first = dynamodb(&front, "TransactWriteItems", first);
    let meet = async {
        while emulator.asked("TransactWriteItems").is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let second = dynamodb(&front, "TransactWriteItems", transaction(&["c", "b"])).await;
        assert_eq!(second.code(), "TransactionCanceledException");
        assert_eq!(reasons(&second), ["None", "TransactionConflict"]);
        assert_eq!(put(&front, "b", "2").await.code(), "TransactionConflictException");
        emulator.transactions.add_permits(2);
    };
    let (first, ()) = soon(async { tokio::join!(first, meet) }).await;
    assert_eq!(first.status, StatusCode::OK);
    let second = dynamodb(&front, "TransactWriteItems", transaction(&["c", "b"])).await;
    assert_eq!(second.status, StatusCode::OK, "{:?}", second.document);
}

#[tokio::test]
async fn a_write_may_meet_a_transaction_that_the_front_does_not_see() {
    let emulator = Emulator::start().await;
    let front = emulator.front(|settings| settings.odds.conflict = 1);
    let reply = dynamodb(&front, "TransactWriteItems", transaction(&["a", "b", "c"])).await;
    assert_eq!(reply.code(), "TransactionCanceledException");
    assert_eq!(reasons(&reply).iter().filter(|code| **code == "TransactionConflict").count(), 1);
    assert!(emulator.asked("TransactWriteItems").is_empty());
    // The first write is done: until it succeeds, the front does not know the caller's rights.
    assert_eq!(put(&front, "d", "1").await.status, StatusCode::OK);
    assert_eq!(put(&front, "e", "1").await.code(), "TransactionConflictException");
    assert_eq!(emulator.asked("PutItem").len(), 1);
}

#[tokio::test]
async fn a_batch_is_done_in_part_and_tells_the_rest() {
    let emulator = Emulator::start().await;
    let front = emulator.front(|settings| settings.odds.unprocessed = 1);
    let all = ["a", "b", "c", "d", "e"];
    let puts = all.map(|path| json!({ "PutRequest": { "Item": item(path, "1") } }));
    let mut left = json!({ "files": puts });
    let mut calls = 0;
    // The first call is done whole: until it succeeds, the front does not know the caller's rights.
    dynamodb(&front, "BatchWriteItem", json!({ "RequestItems": { "files": [puts[0]] } })).await;
    soon(async {
        while left.get("files").is_some() {
            let reply = dynamodb(&front, "BatchWriteItem", json!({ "RequestItems": left })).await;
            assert_eq!(reply.status, StatusCode::OK, "{:?}", reply.document);
            left = reply.document["UnprocessedItems"].clone();
            calls += 1;
        }
    })
    .await;
    assert!(calls > 1);
    let keys = all.map(|path| json!({ "path": { "S": path } }));
    let mut left = json!({ "files": { "Keys": keys, "ConsistentRead": true } });
    let mut read = BTreeSet::new();
    dynamodb(&front, "BatchGetItem", json!({ "RequestItems": { "files": { "Keys": [keys[0]] } } })).await;
    soon(async {
        while left.get("files").is_some() {
            assert_eq!(left["files"]["ConsistentRead"], true);
            let reply = dynamodb(&front, "BatchGetItem", json!({ "RequestItems": left })).await;
            read.extend(paths(&reply.document["Responses"]["files"]));
            left = reply.document["UnprocessedKeys"].clone();
        }
    })
    .await;
    assert_eq!(read, set(&all));
}

#[tokio::test]
async fn pages_end_early_and_together_hold_everything() {
    let emulator = Emulator::start().await;
    let all = ["a", "b", "c", "d", "e", "f"];
    let writer = emulator.front(|_| {});
    for path in all {
        put(&writer, path, if path == "f" { "1" } else { "2" }).await;
    }
    for consistent in [false, true] {
        let front = emulator.front(|settings| settings.odds.short_page = 1);
        let mut scan = json!({
            "TableName": "files",
            "ConsistentRead": consistent,
            "FilterExpression": "#hash = :hash",
            "ExpressionAttributeNames": { "#hash": "hash" },
            "ExpressionAttributeValues": { ":hash": { "S": "1" } },
        });
        let whole = dynamodb(&front, "Scan", scan.clone()).await;
        assert_eq!(paths(&whole.document["Items"]), set(&["f"]), "an unknown caller's page is whole");
        let (mut found, mut pages) = (BTreeSet::new(), 0);
        soon(async {
            loop {
                let page = dynamodb(&front, "Scan", scan.clone()).await;
                found.extend(paths(&page.document["Items"]));
                pages += 1;
                match page.document.get("LastEvaluatedKey") {
                    Some(last) => scan["ExclusiveStartKey"] = last.clone(),
                    None => break,
                }
            }
        })
        .await;
        assert_eq!(found, set(&["f"]));
        assert!(pages > 2, "{pages}");
    }
}
