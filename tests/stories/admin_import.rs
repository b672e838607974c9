//! Tests imports of a bucket into a store: complete, without duplicates and verified, whatever happens
//! meanwhile.

use aws_sdk_s3::Client;
use serde_json::{Value, json};
use sluice_admin::error::Kind;
use sluice_oss_double::{Operation, Scope};
use sluice_storage::fault::{Fault, Moment, run_until_killed};
use sluice_tests::{COLD_BUCKET, bytes, wait_for};
use std::collections::BTreeMap;

use crate::admin::Operator;
use crate::report;

/// A bucket to import, and the operator who imports it.
struct Import {
    operator: Operator,
    s3: Client,
    bucket: String,
    /// The prefix of the keys in the target.
    prefix: String,
    folder: tempfile::TempDir,
    objects: BTreeMap<String, Vec<u8>>,
}

impl Import {
    /// A new bucket with some objects.
    async fn new(bucket: &str, objects: BTreeMap<String, Vec<u8>>) -> Self {
        let operator = Operator::new();
        let s3 = Client::new(&operator.stack.sdk);
        s3.create_bucket().bucket(bucket).send().await.expect("a bucket");
        let folder = tempfile::tempdir().expect("a folder");
        let bucket = bucket.to_owned();
        let prefix = format!("{bucket}/");
        let known = BTreeMap::new();
        let mut import = Self { operator, s3, bucket, prefix, folder, objects: known };
        for (key, content) in objects {
            import.put(&key, content).await;
        }
        import
    }

    async fn put(&mut self, key: &str, content: Vec<u8>) {
        let put = self.s3.put_object().bucket(&self.bucket).key(key).content_type("text/x-odd");
        put.metadata("colour", "blue").body(content.clone().into()).send().await.expect("a PUT");
        self.objects.insert(key.to_owned(), content);
    }

    /// The arguments of the command, with further options.
    fn line<'a>(&'a self, place: &'a str, more: &[&'a str]) -> Vec<&'a str> {
        let state = self.folder.path().join("state.json");
        let state = Box::leak(state.to_string_lossy().into_owned().into_boxed_str());
        let fixed = ["import", place, "--to", "oss", "--to-prefix", &self.prefix, "--state", state];
        fixed.iter().chain(more).copied().collect()
    }

    /// Runs the import and returns the outcome of each object and the counts.
    async fn run(&self, more: &[&str]) -> (BTreeMap<String, Value>, Value) {
        let place = format!("s3://{}", self.bucket);
        let mut lines =
            self.operator.succeeds(&self.line(&place, &[&["--from", "vault"], more].concat())).await;
        let tally = lines.pop().expect("counts");
        (by_key(lines), tally)
    }

    /// Checks that the target has all objects and that each has a genuine receipt.
    async fn check(&self, label: &str) {
        for (key, content) in &self.objects {
            let object = self.s3.get_object().bucket(COLD_BUCKET).key(format!("{}{key}", self.prefix));
            let object = object.send().await.unwrap_or_else(|error| panic!("{label}: {key}: {error}"));
            assert_eq!(object.content_type(), Some("text/x-odd"), "{label}: {key}");
            let colour = object.metadata().and_then(|metadata| metadata.get("colour").cloned());
            assert_eq!(colour.as_deref(), Some("blue"), "{label}: {key}");
            let body = object.body.collect().await.expect("a body").to_vec();
            assert!(body == *content, "{label}: {key}: other bytes");
        }
        let receipts = self.receipts("vault").await;
        for (key, content) in &self.objects {
            let target = format!("{}{key}", self.prefix);
            let of =
                |receipt: &&Value| receipt["target"]["key"] == *target && receipt["size"] == content.len();
            let receipt = receipts.iter().find(of).unwrap_or_else(|| panic!("{label}: {key}: no receipt"));
            assert_eq!((&receipt["genuine"], &receipt["verified_by"]), (&json!(true), &json!("crc64")));
        }
    }

    async fn receipts(&self, from: &str) -> Vec<Value> {
        self.operator.succeeds(&["receipts", "--import", &format!("{from}/{}", self.bucket)]).await
    }
}

fn by_key(lines: Vec<Value>) -> BTreeMap<String, Value> {
    let keyed = lines.into_iter().map(|line| (line["key"].as_str().expect("a key").to_owned(), line));
    keyed.collect()
}

/// Small objects with unusual names.
fn odd_objects(seed: u64) -> BTreeMap<String, Vec<u8>> {
    let plain = (0..20).map(|number| format!("plain/{number:02}"));
    let odd = [
        "with space",
        "a+b=c&d?e#f%41",
        "ünï/日本語.txt",
        "empty",
        "folder/",
        "a//b",
        "quote\"'<&>",
        "~!*()",
    ];
    let keys = plain.chain(odd.map(str::to_owned)).chain(["long/".to_owned() + &"k".repeat(900)]);
    let sized = keys.zip(0..).map(|(key, number)| {
        let length = if key == "empty" || key == "folder/" { 0 } else { 1000 * (number as usize + 1) };
        (key, bytes(seed + number, length))
    });
    sized.collect()
}

#[tokio::test]
async fn admin_import_copies_everything_and_then_only_what_changed() {
    let mut import = Import::new("import-all", odd_objects(800)).await;
    import.put("large", bytes(799, 20 << 20)).await;
    let (objects, planned) = import.run(&["--dry-run"]).await;
    insta::assert_snapshot!("import-dry-run", report::of_lines(objects.values().chain([&planned])));

    let (objects, tally) = import.run(&["--jobs", "4", "--parts-above", "8m"]).await;
    insta::assert_snapshot!("import", report::of_lines(objects.values().chain([&tally])));
    assert_eq!(import.operator.oss.requests(Operation::UploadPart), 2, "16 and 4 MiB");
    import.check("first").await;

    let (objects, again) = import.run(&[]).await;
    insta::assert_snapshot!("import-again", report::of_lines(objects.values().chain([&again])));
    import.put("plain/03", bytes(900, 3000)).await;
    import.put("new", bytes(901, 10)).await;
    let (objects, tally) = import.run(&[]).await;
    insta::assert_snapshot!("import-changed", report::of_lines(objects.values().chain([&tally])));
    import.check("changed").await;
}

#[tokio::test]
async fn admin_import_resumes_where_it_was_killed() {
    let import = Import::new("import-killed", odd_objects(1000)).await;
    let count = import.objects.len() as u64;
    let place = format!("s3://{}", import.bucket);
    let mut line = import.line(&place, &["--from", "vault", "--jobs", "1"]);
    // A PUT and a receipt for each.
    for (write, moment) in [(0, Moment::After), (7, Moment::Before), (18, Moment::After), (3, Moment::After)]
    {
        let killed = run_until_killed(Fault { write, moment }, import.operator.run(&line)).await;
        assert!(killed.is_err(), "the command ended before it was killed");
    }
    line.extend(["--jobs", "4"]);
    line.drain(line.len() - 4..line.len() - 2);
    let lines = import.operator.succeeds(&line).await;
    let tally = lines.last().expect("counts");
    let copied = tally["copied"].as_u64().expect("a number");
    assert!(copied > 0 && copied < count, "{tally}");
    import.check("after four kills").await;
    let (_, again) = import.run(&[]).await;
    assert_eq!(
        (&again["copied"], &again["unchanged"]),
        (&json!(0), &json!(count)),
        "the first run is not remembered"
    );
}

#[tokio::test]
async fn admin_import_killed_at_any_write_has_the_same_result() {
    let mut import = Import::new("import-every-write", BTreeMap::new()).await;
    import.put("in parts", bytes(1100, 1000)).await;
    import.put("whole", bytes(1101, 100)).await;
    let place = format!("s3://{}", import.bucket);
    let more = ["--from", "vault", "--jobs", "1", "--parts-above", "500"];
    let mut kills = Vec::new();
    'writes: for write in 0.. {
        for moment in [Moment::Before, Moment::After] {
            import.prefix = format!("every-write/{write}-{moment:?}/");
            let killed =
                run_until_killed(Fault { write, moment }, import.operator.run(&import.line(&place, &more)))
                    .await;
            let Err(operation) = killed else { break 'writes };
            kills.push(operation);
            import.run(&more[2..]).await;
            import.check(&format!("killed {moment:?} {operation}")).await;
            let (_, again) = import.run(&[]).await;
            assert_eq!(again["unchanged"], 2, "killed {moment:?} {operation}: {again}");
        }
    }
    assert_eq!(kills.len(), 2 * 6, "{kills:?}");
}

#[tokio::test]
async fn admin_import_survives_a_lying_store_and_an_overloaded_one() {
    let mut import = Import::new("import-faults", odd_objects(1200)).await;
    import.put("large", bytes(1199, 20 << 20)).await;
    let faults = import.operator.oss.faults();
    faults.wrong_crc_next(3);
    faults.fail_next(6, 503, "SlowDown");
    faults.fail_afterwards_next(2, 500, "InternalError");
    faults.on(Scope::Only(Operation::CompleteMultipartUpload)).fail_afterwards_next(1, 500, "InternalError");
    faults.on(Scope::Reads).fail_next(4, 503, "SlowDown");
    let (_, tally) = import.run(&["--parts-above", "8m"]).await;
    assert_eq!((&tally["copied"], &tally["failed"]), (&json!(import.objects.len()), &json!(0)), "{tally}");
    assert_eq!(faults.pending(), 0);
    import.check("through faults").await;
}

#[tokio::test]
async fn admin_import_copies_what_an_object_is_when_it_is_read_or_reports_it_gone() {
    let mut import = Import::new("import-changing", BTreeMap::new()).await;
    import.put("replaced", bytes(1300, 5000)).await;
    import.put("deleted", bytes(1301, 6000)).await;
    // The source is an OSS double too, so that its answers can be held.
    let faults = import.operator.oss.faults();
    let hold = faults.on(Scope::Only(Operation::GetObject)).hold_next(2);
    let place = format!("s3://{}", import.bucket);
    let line = import.line(&place, &["--from", "oss"]);
    let s3 = import.s3.clone();
    let bucket = import.bucket.clone();
    let new = bytes(1302, 7000);
    let body = new.clone();
    let waiting = faults.clone();
    let meanwhile = async move {
        // The import has listed both objects and reads the first one.
        wait_for("a held read", async || {
            let pending = waiting.pending();
            if pending < 2 { Ok(()) } else { Err(pending) }
        })
        .await;
        let put = s3.put_object().bucket(&bucket).key("replaced").body(body.into());
        put.send().await.expect("a PUT");
        s3.delete_object().bucket(&bucket).key("deleted").send().await.expect("deleted");
        drop(hold);
    };
    let (mut lines, ()) = tokio::join!(import.operator.succeeds(&line), meanwhile);
    let tally = lines.pop().expect("counts");
    insta::assert_snapshot!("import-changing", report::of_lines(by_key(lines).values().chain([&tally])));
    let target = import.s3.get_object().bucket(COLD_BUCKET).key(format!("{}replaced", import.prefix));
    let target = target.send().await.expect("an object").body.collect().await.expect("a body").to_vec();
    assert!(target == new);
    let receipts = import.receipts("oss").await;
    assert_eq!(receipts.len(), 1, "only of the copied object: {receipts:?}");
    assert_eq!((&receipts[0]["size"], &receipts[0]["genuine"]), (&json!(7000), &json!(true)));
}

#[tokio::test]
async fn admin_import_reports_keys_that_the_store_cannot_have() {
    let mut import = Import::new("import-keys", BTreeMap::new()).await;
    import.put("\\backslash", bytes(1400, 10)).await;
    import.put("packs/of/others", bytes(1401, 20)).await;
    import.put("plain", bytes(1402, 30)).await;
    let place = format!("s3://{}", import.bucket);
    let state = import.folder.path().join("other.json");
    let state = state.to_str().expect("text");
    let line = ["import", &place, "--from", "vault", "--to", "oss", "--state", state];
    let mut lines = import.operator.fails(Kind::Left, &line).await;
    let tally = lines.pop().expect("counts");
    insta::assert_snapshot!("import-refused", report::of_lines(by_key(lines).values().chain([&tally])));
    let (objects, tally) = import.run(&[]).await;
    insta::assert_snapshot!("import-with-prefix", report::of_lines(objects.values().chain([&tally])));
    import.check("with a prefix").await;
    import.operator.fails(Kind::Usage, &["import", &place, "--from", "attic", "--to", "oss"]).await;
    let own = format!("s3://{COLD_BUCKET}");
    import.operator.fails(Kind::Usage, &["import", &own, "--from", "oss", "--to", "oss"]).await;
}
