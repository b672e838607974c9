//! Tests the rights of every function: each documented right is granted, and no other.

use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes, PutRequest, WriteRequest};
use sluice_tests::{Deployed, enforces_roles, paused, store_kind};
use std::collections::BTreeSet;

/// The rights of each role, except `ConditionCheckItem` and those of multipart uploads.
const RIGHTS: [(&str, &str); 14] = [
    (
        "accounts",
        "accounts: Get Put Update; sessions: Get Put Delete Query BatchWrite; attempts: BatchGet Update; \
         invitations: Get Delete",
    ),
    (
        "init-upload",
        "sessions: Get; accounts: Update; uploads: Get BatchGet Query Put Update; idempotency-keys: Get Put; \
         files: Get BatchGet Put; versions: Get Put; blobs: BatchGet Update; landing/uploads: Get Put Delete; \
         landing/packs: Get Put Delete",
    ),
    (
        "complete-upload",
        "sessions: Get; uploads: Get Update; files: Get Query Put; versions: Get Query Put; \
         landing/uploads: Get Put; landing/packs: Get Put; landing-queue: Send",
    ),
    (
        "lookup-hash",
        "sessions: Get; accounts: Update; idempotency-keys: Get Put; files: Get BatchGet Put; \
         versions: Get Put; blobs: BatchGet Update; packs: BatchGet; chunk-index: BatchGet; vault/indexes: Get",
    ),
    (
        "query-files",
        "sessions: Get; accounts: Update; idempotency-keys: Get Put; files: Get Query Put Delete; \
         versions: Get Query Put; blobs: Update",
    ),
    (
        "read-content",
        "sessions: Get; accounts: Update; files: Get Query; versions: Get Query; blobs: Get Update; \
         packs: BatchGet; vault/objects: Get; vault/packs: Get; vault/indexes: Get; vault/manifests: Get; cache/blobs: Get; \
         materialize-queue: Send",
    ),
    ("bridge-events", "landing-queue: Send"),
    (
        "dedup-upload",
        "accounts: Get Update; uploads: Get Update; files: Get Query Put; versions: Get Query Put; \
         blobs: Get Put Update; packs: BatchGet Put Update Delete BatchWrite; \
         chunk-index: BatchGet BatchWrite; \
         landing/uploads: Get Delete; landing/packs: Get Delete; vault/objects: Get Put Delete; \
         vault/packs: Get Put Delete; vault/indexes: Get Put Delete; vault/manifests: Get Put Delete; \
         vault/checkpoints: Get Put Delete; landing-queue: Send Receive; landing-dead-letter-queue: Send; \
         compress-queue: Send",
    ),
    (
        "materialize-blob",
        "blobs: Update; packs: BatchGet; vault/objects: Get; vault/packs: Get; vault/indexes: Get; \
         vault/manifests: Get; cache/blobs: Get Put; materialize-queue: Send Receive; \
         materialize-dead-letter-queue: Send",
    ),
    (
        "compress-pack",
        "accounts: Update; packs: BatchGet Update; blobs: Get Update; retired-objects: Put Delete; \
         vault/objects: Get; vault/packs: Get Put Delete; vault/indexes: Get; vault/manifests: Get; \
         compress-queue: Send Receive; \
         compress-dead-letter-queue: Send; migrate-queue: Send",
    ),
    (
        "migrate-pack",
        "accounts: Update; packs: BatchGet Update; blobs: Get Update; retired-objects: Put Delete; \
         receipts: Put; \
         vault/objects: Get; vault/packs: Get Put Delete; vault/indexes: Get; vault/manifests: Get; \
         migrate-queue: Send Receive; \
         migrate-dead-letter-queue: Send",
    ),
    (
        "sweep-objects",
        "retired-objects: Query Update Delete; packs: BatchGet; blobs: Get; vault/objects: Delete; \
         vault/packs: Delete",
    ),
    ("plan-migrations", "blobs: Get Scan; files: Scan; migrate-queue: Send"),
    (
        "sweep-uploads",
        "accounts: Update; uploads: Get Query Update; files: Get Query Put; versions: Get Query Put; \
         landing/uploads: Get Delete; landing/packs: Get Delete; landing-queue: Send",
    ),
];

const TABLES: [&str; 13] = [
    "accounts",
    "sessions",
    "attempts",
    "invitations",
    "uploads",
    "files",
    "versions",
    "blobs",
    "packs",
    "chunk-index",
    "retired-objects",
    "receipts",
    "idempotency-keys",
];
const PREFIXES: [&str; 10] = [
    "landing/uploads",
    "landing/packs",
    "landing/others",
    "vault/objects",
    "vault/packs",
    "vault/indexes",
    "vault/manifests",
    "vault/checkpoints",
    "cache/blobs",
    "cache/others",
];
const QUEUES: [&str; 8] = [
    "landing-queue",
    "landing-dead-letter-queue",
    "materialize-queue",
    "materialize-dead-letter-queue",
    "compress-queue",
    "compress-dead-letter-queue",
    "migrate-queue",
    "migrate-dead-letter-queue",
];

/// The attempts on one table, prefix or queue.
struct Attempts<'a> {
    thing: &'a str,
    granted: BTreeSet<String>,
}

impl Attempts<'_> {
    /// Any outcome but a denial shows that the right is granted. Most attempts are invalid in another way, so
    /// that they change nothing.
    fn note<T, E: ProvideErrorMetadata>(&mut self, action: &str, outcome: Result<T, E>) {
        let denied =
            outcome.err().is_some_and(|error| error.code().is_some_and(|code| code.contains("AccessDenied")));
        if !denied {
            self.granted.insert(format!("{}: {action}", self.thing));
        }
    }
}

#[tokio::test]
async fn a_role_grants_what_its_function_needs_and_nothing_else() {
    if store_kind().is_some() || !enforces_roles() {
        return;
    }
    let stack = paused();
    assert_eq!(stack.roles.len(), RIGHTS.len());
    for (function, rights) in RIGHTS {
        let mut granted = BTreeSet::new();
        for table in TABLES {
            granted.extend(on_table(stack, function, table).await);
        }
        for prefix in PREFIXES {
            granted.extend(on_objects(stack, function, prefix).await);
        }
        for queue in QUEUES {
            granted.extend(on_queue(stack, function, queue).await);
        }
        let expected: BTreeSet<String> = rights
            .split("; ")
            .filter_map(|right| right.split_once(": "))
            .flat_map(|(thing, actions)| actions.split(' ').map(move |action| format!("{thing}: {action}")))
            .collect();
        assert_eq!(granted, expected, "{function}");
    }
}

fn setting(stack: &Deployed, name: &str, kind: &str) -> String {
    let name = name.replace('-', "_").to_uppercase();
    stack.setting(&format!("SLUICE_{name}_{kind}")).to_owned()
}

/// Each request names an attribute that is not the key.
async fn on_table(stack: &Deployed, function: &str, table: &str) -> BTreeSet<String> {
    let client = aws_sdk_dynamodb::Client::new(&stack.roles[function]);
    let name = format!("{}-{table}", stack.setting("SLUICE_TABLE_PREFIX"));
    let mut attempts = Attempts { thing: table, granted: BTreeSet::new() };
    let attribute = "nothing";
    let value = AttributeValue::S("nothing".to_owned());
    attempts.note("Get", client.get_item().table_name(&name).key(attribute, value.clone()).send().await);
    attempts.note("Put", client.put_item().table_name(&name).item(attribute, value.clone()).send().await);
    attempts
        .note("Delete", client.delete_item().table_name(&name).key(attribute, value.clone()).send().await);
    attempts
        .note("Update", client.update_item().table_name(&name).key(attribute, value.clone()).send().await);
    attempts.note("Scan", client.scan().table_name(&name).limit(1).send().await);
    let query = client.query().table_name(&name).key_condition_expression("nothing = :nothing");
    let query = query.expression_attribute_values(":nothing", value.clone());
    attempts.note("Query", query.send().await);
    let key = [(attribute.to_owned(), value.clone())].into();
    let keys = KeysAndAttributes::builder().keys(key).build().expect("keys");
    attempts.note("BatchGet", client.batch_get_item().request_items(&name, keys).send().await);
    let put = PutRequest::builder().item(attribute, value).build().expect("an item");
    let write = WriteRequest::builder().put_request(put).build();
    attempts.note("BatchWrite", client.batch_write_item().request_items(&name, vec![write]).send().await);
    attempts.granted
}

async fn on_objects(stack: &Deployed, function: &str, prefix: &str) -> BTreeSet<String> {
    let client = aws_sdk_s3::Client::new(&stack.roles[function]);
    let (bucket, folder) = prefix.split_once('/').expect("a bucket and a folder");
    let bucket = setting(stack, bucket, "BUCKET");
    let key = format!("{folder}/rights");
    let mut attempts = Attempts { thing: prefix, granted: BTreeSet::new() };
    stack.objects().put_object().bucket(&bucket).key(&key).send().await.expect("a PUT");
    attempts.note("Get", client.get_object().bucket(&bucket).key(&key).send().await);
    attempts.note("Put", client.put_object().bucket(&bucket).key(&key).send().await);
    attempts.note("Delete", client.delete_object().bucket(&bucket).key(&key).send().await);
    stack.objects().delete_object().bucket(&bucket).key(&key).send().await.expect("a DELETE");
    attempts.granted
}

/// Both requests are invalid: a message cannot be empty, and a wait cannot be that long.
async fn on_queue(stack: &Deployed, function: &str, queue: &str) -> BTreeSet<String> {
    let client = aws_sdk_sqs::Client::new(&stack.roles[function]);
    let url = setting(stack, queue, "URL");
    let mut attempts = Attempts { thing: queue, granted: BTreeSet::new() };
    attempts.note("Send", client.send_message().queue_url(&url).message_body("").send().await);
    attempts.note("Receive", client.receive_message().queue_url(&url).wait_time_seconds(60).send().await);
    attempts.granted
}
