//! Runs the workers that move packs, and inspects what they store.

use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType,
};
use sluice_contracts::pack_event::{PackEvent, Subject};
use sluice_deployment::{Deployment, clock};
use sluice_domain::blob::{Blob, Pack};
use sluice_domain::hash::Sha256;
use sluice_domain::id::{AccountId, PackId};
use sluice_domain::time::Timestamp;
use sluice_lambda::batch::{OutOfTime, Redelivered};
use sluice_packs::read::{Run, read_index, read_run, read_terms};
use sluice_storage::TableNames;
use sluice_tests::{Deployed, paused};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use crate::support::{Landed, Worker, created, message, unhurried};

/// Longer than any grace period, and longer than the sweeper spares objects that are being written.
const LONG_AFTER: Duration = Duration::from_hours(48);

/// The workers of a deployment.
pub struct Movers {
    pub worker: Worker,
    pub deployment: Deployment,
}

impl Movers {
    pub async fn new() -> Self {
        Self::with(paused().settings.clone()).await
    }

    /// Uses these settings and a table of retired objects of its own, so that the sweeper of another story
    /// does not delete objects of this one.
    pub async fn with(settings: BTreeMap<String, String>) -> Self {
        Self::with_tables(settings, paused().table_names()).await
    }

    /// The same with these tables.
    pub async fn with_tables(settings: BTreeMap<String, String>, names: TableNames) -> Self {
        let names = TableNames { retired_objects: own_table(paused()).await, ..names };
        let deployment = paused().deployment_with(settings).with_table_names(names);
        Self { worker: Worker::new(paused()), deployment }
    }

    /// Uploads a file of a new user and runs dedup-upload.
    pub async fn put(&self, content: Vec<u8>) -> Landed {
        let landed = Landed::new(self.worker.stack, content).await;
        let failed = self.worker.receive(&created(&landed.key), 1, unhurried()).await;
        assert_eq!(failed, Redelivered::new());
        landed
    }

    /// Runs compress-pack as if it had received the message `id`.
    pub async fn compress(&self, of: &Landed, id: &str, receive: u32, time: OutOfTime) -> Redelivered {
        let subject = Subject::Blob(Sha256::of(&of.content));
        let event = PackEvent::PackWritten { account_id: of.account_id, of: subject };
        let app = compress_pack::App::new(&self.deployment).expect("an app");
        let mut message = message(event.to_json(), receive);
        id.clone_into(&mut message.id);
        compress_pack::process(Arc::new(app), vec![message], time).await
    }

    /// Runs migrate-pack as if it had received the message `id`.
    pub async fn migrate(
        &self,
        of: &Landed,
        to: &str,
        id: &str,
        receive: u32,
        time: OutOfTime,
    ) -> Redelivered {
        let subject = Subject::Blob(Sha256::of(&of.content));
        let account_id = of.account_id;
        let to = to.to_owned();
        let event = PackEvent::MigrationRequested { account_id, of: subject, to };
        let app = migrate_pack::App::new(&self.deployment).await.expect("an app");
        let mut message = message(event.to_json(), receive);
        id.clone_into(&mut message.id);
        migrate_pack::process(Arc::new(app), vec![message], time).await
    }

    /// Runs sweep-objects as if a long time had passed.
    pub async fn sweep(&self) {
        self.sweep_at(clock::now().after(LONG_AFTER)).await;
    }

    pub async fn sweep_at(&self, now: Timestamp) {
        self.worker.stack.catch_up().await;
        let app = sweep_objects::App::new(&self.deployment).expect("an app");
        sweep_objects::sweep(Arc::new(app), now).await.expect("swept");
    }

    /// Runs migrate-pack as if compress-pack had finished with the packs.
    pub async fn finish_compression(&self, of: &Landed) {
        let subject = Subject::Blob(Sha256::of(&of.content));
        let event = PackEvent::CompressionFinished { account_id: of.account_id, of: subject };
        let app = migrate_pack::App::new(&self.deployment).await.expect("an app");
        let failed =
            migrate_pack::process(Arc::new(app), vec![message(event.to_json(), 1)], unhurried()).await;
        assert_eq!(failed, Redelivered::new());
    }

    /// Runs plan-migrations at a later time, and returns the blobs that it enqueues, by SHA-256.
    pub async fn planned(&self, later: Duration) -> BTreeSet<String> {
        self.worker.stack.catch_up().await;
        let queue = OwnQueue::new(&self.deployment, self.worker.stack).await;
        let app = Arc::new(plan_migrations::App::new(&queue.deployment).expect("an app"));
        for hour in 0..plan_migrations::SEGMENTS {
            let now = clock::now().after(later).after(Duration::from_hours(hour.into()));
            plan_migrations::plan(app.clone(), now).await.expect("planned");
        }
        queue.blobs().await
    }

    pub async fn blob(&self, of: &Landed) -> Blob {
        let blob = self.worker.tables().blob(of.account_id, &Sha256::of(&of.content)).await;
        blob.expect("an answer").expect("a blob")
    }

    /// The packs of an upload's blob.
    pub async fn packs(&self, of: &Landed) -> Vec<Pack> {
        let blob = self.blob(of).await;
        let buckets = self.deployment.pack_buckets().expect("buckets");
        let terms = read_terms(&buckets, &blob).await.expect("terms");
        let ids: BTreeSet<PackId> = terms.iter().map(|term| term.pack_id).collect();
        let ids: Vec<PackId> = ids.into_iter().collect();
        self.worker.tables().packs(&ids).await.expect("packs")
    }

    /// The account's whole objects and packs in the vault.
    pub async fn objects(&self, account: AccountId) -> Vec<String> {
        let keys = self.worker.vault_keys(account).await;
        keys.into_iter().filter(|key| key.starts_with("objects/") || key.starts_with("packs/")).collect()
    }

    /// The account's objects in another store's cold bucket.
    pub async fn objects_in(&self, store: &str, account: AccountId) -> Vec<String> {
        let buckets = self.deployment.pack_buckets().expect("buckets");
        let bucket = buckets.get(store).expect("a store");
        let objects = bucket.list_after(&format!("packs/{account}/"), None).await.expect("a list");
        objects.into_iter().map(|(key, _)| key).collect()
    }

    /// Checks that the workers of this deployment can read the blob.
    pub async fn check_bytes(&self, landed: &Landed, label: &str) {
        let buckets = self.deployment.pack_buckets().expect("buckets");
        let blob = self.blob(landed).await;
        let packs = self.packs(landed).await;
        let mut bytes = Vec::new();
        for term in read_terms(&buckets, &blob).await.expect("terms") {
            let pack = packs.iter().find(|pack| pack.pack_id == term.pack_id).expect("a pack");
            let index = &read_index(&buckets, pack).await.expect("an index");
            let run = Run { pack, index, first_chunk: term.first_chunk, chunk_count: term.chunk_count };
            let read = read_run(&buckets, run, clock::now()).await;
            bytes.extend_from_slice(&read.unwrap_or_else(|error| panic!("{label}: {error}")));
        }
        assert!(bytes == landed.content, "{label}: other bytes");
    }

    /// Checks that the file can be read by its plan and as a whole.
    pub async fn check_readable(&self, landed: &Landed, context: &str) {
        let file_id = landed.version().await.file_id;
        assert!(landed.user.read_by_plan(file_id).await == landed.content, "{context}: by its plan");
    }
}

/// Creates a table of retired objects like that of the template.
async fn own_table(stack: &Deployed) -> String {
    static TABLES: AtomicU32 = AtomicU32::new(0);
    let name = format!("retired-objects-{}", TABLES.fetch_add(1, Ordering::Relaxed));
    let attribute = |name: &str, kind| {
        AttributeDefinition::builder()
            .attribute_name(name)
            .attribute_type(kind)
            .build()
            .expect("an attribute")
    };
    let key = |name: &str, kind| {
        KeySchemaElement::builder().attribute_name(name).key_type(kind).build().expect("a key")
    };
    let all = Projection::builder().projection_type(ProjectionType::All).build();
    let by_due = GlobalSecondaryIndex::builder()
        .index_name("by_due")
        .key_schema(key("due_shard", KeyType::Hash))
        .key_schema(key("due_at", KeyType::Range))
        .projection(all);
    let request = aws_sdk_dynamodb::Client::new(&stack.sdk)
        .create_table()
        .table_name(&name)
        .billing_mode(BillingMode::PayPerRequest)
        .attribute_definitions(attribute("object_id", ScalarAttributeType::S))
        .attribute_definitions(attribute("due_shard", ScalarAttributeType::S))
        .attribute_definitions(attribute("due_at", ScalarAttributeType::N))
        .key_schema(key("object_id", KeyType::Hash))
        .global_secondary_indexes(by_due.build().expect("an index"));
    request.send().await.expect("a table");
    name
}

/// A queue of its own in place of the migrate queue.
struct OwnQueue {
    deployment: Deployment,
    client: aws_sdk_sqs::Client,
    url: String,
    wait_seconds: i32,
}

impl OwnQueue {
    async fn new(of: &Deployment, stack: &'static Deployed) -> Self {
        static QUEUES: AtomicU32 = AtomicU32::new(0);
        let client = aws_sdk_sqs::Client::new(&stack.sdk);
        let name = format!("planned-{}", QUEUES.fetch_add(1, Ordering::Relaxed));
        let made = client.create_queue().queue_name(name).send().await.expect("a queue");
        let url = made.queue_url.expect("a URL");
        let mut settings = of.settings().clone();
        settings.insert("SLUICE_MIGRATE_QUEUE_URL".to_owned(), url.clone());
        let wait_seconds = stack.wait_for_messages_seconds();
        Self { deployment: stack.deployment_with(settings), client, url, wait_seconds }
    }

    /// The blobs that its messages name, by SHA-256.
    async fn blobs(&self) -> BTreeSet<String> {
        let mut blobs = BTreeSet::new();
        loop {
            let request = self.client.receive_message().queue_url(&self.url).max_number_of_messages(10);
            let request = request.wait_time_seconds(self.wait_seconds);
            let messages = request.send().await.expect("messages").messages.unwrap_or_default();
            if messages.is_empty() {
                return blobs;
            }
            for message in messages {
                match PackEvent::parse(&message.body.unwrap_or_default()) {
                    Ok(PackEvent::MigrationRequested { of: Subject::Blob(sha256), to, .. }) => {
                        assert_eq!(to, "oss");
                        blobs.insert(sha256.to_string());
                    }
                    other => panic!("{other:?}"),
                }
                let handle = message.receipt_handle.unwrap_or_default();
                let delete = self.client.delete_message().queue_url(&self.url).receipt_handle(handle);
                delete.send().await.expect("deleted");
            }
        }
    }
}
