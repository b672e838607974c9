//! Tests the operator's command: it examines stores, moves packs there and back, and verifies packs and
//! receipts.

use clap::Parser as _;
use serde_json::{Value, json};
use sluice_admin::arguments::Arguments;
use sluice_admin::error::{Error, Kind};
use sluice_admin::output::{Format, Output};
use sluice_admin::settings::DeploymentAccess;
use sluice_domain::blob::VAULT;
use sluice_oss_double::OssDouble;
use sluice_storage::Clients;
use sluice_storage::presign::Credentials;
use sluice_tests::{COLD_BUCKET, Deployed, bytes, log_lines, paused};
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use crate::mover::Movers;
use crate::report;
use crate::support::{Landed, unhurried};

const MIB: usize = 1 << 20;

/// An operator with an OSS double that no other story uses.
pub struct Operator {
    pub stack: &'static Deployed,
    pub settings: BTreeMap<String, String>,
    pub oss: OssDouble,
}

/// A writer that keeps the output in memory.
#[derive(Clone, Default)]
struct OutputBuffer(Arc<Mutex<Vec<u8>>>);

impl Write for OutputBuffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("a lock").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Operator {
    pub fn new() -> Self {
        let (settings, oss) = paused().with_own_oss();
        Self { stack: paused(), settings, oss }
    }

    fn access(&self) -> DeploymentAccess {
        let sdk = &self.stack.sdk;
        DeploymentAccess::new(Clients::new(sdk), Credentials::of(sdk), self.settings.clone())
    }

    /// Runs a command and returns its result and the lines it printed.
    pub async fn run(&self, arguments: &[&str]) -> (Result<(), Error>, Vec<Value>) {
        let (ended, text) = self.run_as(Format::Json, arguments).await;
        (ended, text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect())
    }

    /// Runs a command with its output for people, and returns that.
    async fn print(&self, arguments: &[&str]) -> String {
        self.run_as(Format::Human, arguments).await.1
    }

    async fn run_as(&self, format: Format, arguments: &[&str]) -> (Result<(), Error>, String) {
        let line = ["sluice-admin"].iter().chain(arguments);
        let arguments = Arguments::try_parse_from(line).unwrap_or_else(|error| panic!("{error}"));
        let kept = OutputBuffer::default();
        let output = Output::new(format, Box::new(kept.clone()));
        let ended = Box::pin(sluice_admin::run(arguments.command, &self.access(), &output)).await;
        let text = String::from_utf8(kept.0.lock().expect("a lock").clone()).expect("UTF-8");
        (ended, text)
    }

    /// Runs a command that must succeed, and returns the lines it printed.
    pub async fn succeeds(&self, arguments: &[&str]) -> Vec<Value> {
        let (ended, lines) = self.run(arguments).await;
        ended.unwrap_or_else(|error| panic!("{arguments:?}: {error}; {lines:?}"));
        lines
    }

    /// Runs a command that must fail like this, and returns the lines it printed.
    pub async fn fails(&self, kind: Kind, arguments: &[&str]) -> Vec<Value> {
        let (ended, lines) = self.run(arguments).await;
        let error = ended.expect_err("a failure");
        assert_eq!(error.kind(), kind, "{arguments:?}: {error}; {lines:?}");
        lines
    }

    async fn movers(&self) -> Movers {
        Movers::with(self.settings.clone()).await
    }
}

/// The stores that the packs of an upload are in.
async fn stores(movers: &Movers, landed: &Landed) -> Vec<String> {
    let mut stores: Vec<_> =
        movers.packs(landed).await.into_iter().map(|pack| pack.placement.store).collect();
    stores.dedup();
    stores
}

#[tokio::test]
async fn admin_moves_packs_verifies_them_and_moves_them_back() {
    let operator = Operator::new();
    let movers = operator.movers().await;
    let landed = movers.put(log_lines(700, 40 * MIB)).await;
    movers.compress(&landed, "a", 1, unhurried()).await;
    let account = &*landed.user.username;

    let planned = operator.succeeds(&["migrate", "--to", "oss", "--account", account, "--dry-run"]).await;
    insta::assert_snapshot!("migrate-dry-run", report::of_lines(&planned));
    assert_eq!(stores(&movers, &landed).await, [VAULT], "a dry run moves nothing");
    let none = operator
        .succeeds(&["migrate", "--to", "oss", "--account", account, "--prefix", "no", "--in-process"])
        .await;
    insta::assert_snapshot!("migrate-nothing", report::of_lines(&none));

    operator
        .succeeds(&["migrate", "--to", "oss", "--account", account, "--prefix", "fi", "--in-process"])
        .await;
    assert_eq!(stores(&movers, &landed).await, ["oss"]);
    let verified = operator.succeeds(&["verify", "--account", account]).await;
    insta::assert_snapshot!("verify-after-migration", report::of_lines(&verified));

    operator.succeeds(&["migrate", "--rollback", "--account", account, "--in-process"]).await;
    assert_eq!(stores(&movers, &landed).await, [VAULT]);
    let verified = operator.succeeds(&["verify", "--account", account, "--store", VAULT]).await;
    insta::assert_snapshot!("verify-after-rollback", report::of_lines(&verified));
    movers.check_bytes(&landed, "after all that").await;

    let receipts = operator.succeeds(&["receipts", "--account", account]).await;
    assert_eq!(receipts.len(), 2 * movers.packs(&landed).await.len());
    assert!(receipts.iter().all(|receipt| receipt["genuine"] == true), "{receipts:?}");
    let key = operator.succeeds(&["receipts", "key"]).await.remove(0);
    let key = key["public_key"].as_str().expect("a key").to_owned();
    operator.succeeds(&["receipts", "--account", account, "--verify-with", &key]).await;
    let other = "d".repeat(64);
    operator.fails(Kind::Wrong, &["receipts", "--account", account, "--verify-with", &other]).await;
}

#[tokio::test]
async fn admin_finds_a_damaged_pack() {
    let operator = Operator::new();
    let movers = operator.movers().await;
    let landed = movers.put(bytes(701, MIB)).await;
    let account = &*landed.user.username;
    operator.succeeds(&["migrate", "--to", "oss", "--account", account, "--in-process"]).await;
    let pack = movers.packs(&landed).await.remove(0);
    let mut damaged = landed.content.clone();
    damaged[500_000] ^= 1;
    let put = aws_sdk_s3::Client::new(&operator.stack.sdk).put_object().bucket(COLD_BUCKET);
    put.key(&pack.placement.key).body(damaged.into()).send().await.expect("a PUT");

    let lines = operator.fails(Kind::Wrong, &["verify", "--account", account]).await;
    assert_eq!(lines[0]["pack_id"], pack.pack_id.to_string(), "{lines:?}");
    insta::assert_snapshot!("verify-damaged", report::of_lines(&lines));
    let elsewhere = operator.succeeds(&["verify", "--account", account, "--store", VAULT]).await;
    insta::assert_snapshot!("verify-nothing", report::of_lines(&elsewhere));
}

#[tokio::test]
async fn admin_asks_the_worker_and_waits() {
    let mut operator = Operator::new();
    let sqs = aws_sdk_sqs::Client::new(&operator.stack.sdk);
    let queue = sqs.create_queue().queue_name("admin-asks").send().await.expect("a queue");
    let url = queue.queue_url().expect("a URL").to_owned();
    operator.settings.insert("SLUICE_MIGRATE_QUEUE_URL".to_owned(), url.clone());
    let movers = operator.movers().await;
    let landed = movers.put(bytes(702, 100_000)).await;
    let account = landed.account_id.to_string();

    let worker = async {
        loop {
            let batch = sqs.receive_message().queue_url(&url).send().await.expect("received");
            if let Some(message) = batch.messages().first() {
                let body: Value = serde_json::from_str(message.body().expect("a body")).expect("JSON");
                assert_eq!((&body["account_id"], &body["to"]), (&json!(account), &json!("oss")), "{body}");
                return movers.migrate(&landed, "oss", "a", 1, unhurried()).await;
            }
        }
    };
    let asked = ["migrate", "--to", "oss", "--account-id", &account, "--wait", "--timeout-seconds", "600"];
    let (lines, failed) = tokio::join!(operator.succeeds(&asked), worker);
    assert_eq!((lines[0]["blobs"].as_u64(), failed.len()), (Some(1), 0));
    let again = operator.succeeds(&["migrate", "--to", "oss", "--account-id", &account, "--wait"]).await;
    assert_eq!(again[0]["blobs"], 0, "it is there");
    operator.fails(Kind::Usage, &["migrate", "--to", "attic", "--account-id", &account]).await;
    operator.fails(Kind::Usage, &["migrate", "--to", "oss", "--account", "nobody-at-all"]).await;
}

#[tokio::test]
async fn admin_doctor_reports_what_oss_can_do() {
    let mut operator = Operator::new();
    let lines = operator.succeeds(&["doctor", "--store", "oss"]).await;
    insta::assert_snapshot!("doctor", report::of_lines(&lines));
    let left = aws_sdk_s3::Client::new(&operator.stack.sdk).list_objects_v2().bucket(COLD_BUCKET);
    let left = left.prefix("sluice-doctor/").send().await.expect("a list");
    assert!(left.contents().is_empty(), "{left:?}");

    operator.oss.set_clock_skew(120);
    let lines = operator.succeeds(&["doctor", "--all", "--bucket-role", "cold"]).await;
    // A late refusal of a URL proves nothing: with a wrong clock, checksums do not count as verified.
    insta::assert_snapshot!("doctor-clock-skew", report::of_lines(&lines));
    operator.oss.set_clock_skew(0);

    let stores = operator.settings.get_mut("SLUICE_STORES").expect("a registry");
    let mut registry: Value = serde_json::from_str(stores).expect("JSON");
    registry["oss"]["capabilities"] = json!({ "verified_checksums": true });
    *stores = registry.to_string();
    operator.fails(Kind::Wrong, &["doctor", "--store", "oss"]).await;
    let text = operator.print(&["doctor", "--store", "oss"]).await;
    // The store keeps a body with a wrong checksum.
    insta::assert_snapshot!("doctor-unsafe", report::of_text(&text));
}

/// Gives the operator two queues of its own as those of dedup-upload.
async fn queues(operator: &mut Operator) -> (aws_sdk_sqs::Client, String, String) {
    let sqs = aws_sdk_sqs::Client::new(&operator.stack.sdk);
    let mut urls = Vec::new();
    for (setting, name) in
        [("SLUICE_LANDING_QUEUE_URL", "redriven"), ("SLUICE_LANDING_DEAD_LETTER_QUEUE_URL", "given-up")]
    {
        let queue = sqs.create_queue().queue_name(name).send().await.expect("a queue");
        let url = queue.queue_url.expect("a URL");
        operator.settings.insert(setting.to_owned(), url.clone());
        urls.push(url);
    }
    let dead_letters = urls.pop().expect("two");
    (sqs, urls.pop().expect("two"), dead_letters)
}

async fn bodies(sqs: &aws_sdk_sqs::Client, url: &str) -> Vec<String> {
    let answer = sqs.receive_message().queue_url(url).max_number_of_messages(10).visibility_timeout(0);
    let messages = answer.send().await.expect("an answer").messages.unwrap_or_default();
    let mut bodies: Vec<String> = messages.into_iter().filter_map(|message| message.body).collect();
    bodies.sort();
    bodies
}

#[tokio::test]
async fn dead_letters_are_listed_and_redriven() {
    let mut operator = Operator::new();
    let (sqs, queue, dead_letters) = queues(&mut operator).await;
    for (body, code) in [("one", "throttled"), ("two", "fault"), ("three", "throttled")] {
        let value =
            aws_sdk_sqs::types::MessageAttributeValue::builder().data_type("String").string_value(code);
        let message = sqs.send_message().queue_url(&dead_letters).message_body(body);
        message.message_attributes("code", value.build().expect("a value")).send().await.expect("sent");
    }
    let listed = operator.succeeds(&["redrive", "landing", "--dry-run"]).await;
    let mut codes: Vec<&str> = listed.iter().filter_map(|line| line["code"].as_str()).collect();
    codes.sort_unstable();
    assert_eq!(codes, ["fault", "throttled", "throttled"]);
    assert_eq!(
        bodies(&sqs, &dead_letters).await,
        ["one", "three", "two"],
        "a list leaves the messages in the queue"
    );

    operator.succeeds(&["redrive", "landing", "--code", "throttled"]).await;
    assert_eq!(bodies(&sqs, &dead_letters).await, ["two"]);
    assert_eq!(bodies(&sqs, &queue).await, ["one", "three"]);
    operator.succeeds(&["redrive", "landing"]).await;
    assert_eq!(bodies(&sqs, &dead_letters).await, [""; 0]);
    assert_eq!(bodies(&sqs, &queue).await, ["one", "three", "two"]);
}
