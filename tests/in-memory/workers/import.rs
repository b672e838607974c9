//! `sluice-admin import`.

use bytes::Bytes;
use clap::Parser as _;
use futures::FutureExt as _;
use serde_json::{Value, json};
use sluice_admin::arguments::Arguments;
use sluice_admin::error::{Error, Kind};
use sluice_admin::output::{Format, Output};
use sluice_admin::settings::DeploymentAccess;
use sluice_domain::key::ObjectKey;
use sluice_in_memory::faults::Fault;
use sluice_in_memory::{COLD_STORE, Services, settings};
use sluice_storage::presign::Credentials;
use sluice_storage::{Bucket, Clients, GetOptions, PutOptions};
use std::fs::File;

/// A bucket to import from.
const SOURCE: &str = "source";

/// Runs the import, one object at a time, and returns its result and the lines it printed.
async fn import(services: &Services) -> (Result<(), Error>, Vec<Value>) {
    let folder = tempfile::tempdir().expect("a folder");
    let printed = folder.path().join("printed");
    let state = folder.path().join("state.json");
    let place = format!("s3://{SOURCE}");
    let state = state.to_str().expect("text");
    let line = ["sluice-admin", "import", &place, "--from", "vault", "--to", COLD_STORE];
    let line = [&line[..], &["--jobs", "1", "--state", state]].concat();
    let command = Arguments::try_parse_from(line).expect("a command").command;
    let output = Output::new(Format::Json, Box::new(File::create(&printed).expect("a file")));
    let sdk = services.sdk();
    let access = DeploymentAccess::new(Clients::new(&sdk), Credentials::of(&sdk), settings());
    let ended = Box::pin(sluice_admin::run(command, &access, &output)).await;
    let text = std::fs::read_to_string(printed).expect("readable");
    (ended, text.lines().map(|line| serde_json::from_str(line).expect(line)).collect())
}

fn bucket(services: &Services, name: &str) -> Bucket {
    Bucket::new(&Clients::new(&services.sdk()), name)
}

async fn put(bucket: Bucket, key: &'static str) {
    let bytes = Bytes::from_static(key.as_bytes());
    bucket.put(&ObjectKey::from_stored(key), bytes, PutOptions::default()).await.expect("a PUT");
}

#[tokio::test]
async fn keys_that_xml_cannot_carry_are_imported() {
    let services = Services::default();
    let keys = ["a\u{1}b", "esc\u{1b}[31m", "new\nline", "return\rline", "plain", "two  spaces+plus%41"];
    for key in keys {
        put(bucket(&services, SOURCE), key).await;
    }
    let (ended, lines) = import(&services).await;
    ended.expect("complete");
    let tally = lines.last().expect("counts");
    assert_eq!((&tally["copied"], &tally["gone"]), (&json!(keys.len()), &json!(0)), "{lines:?}");
    let target = bucket(&services, COLD_STORE);
    for key in keys {
        let copy = target.get(&ObjectKey::from_stored(key), GetOptions::start(100)).await.expect("a copy");
        assert_eq!(copy.bytes, key.as_bytes(), "{key:?}");
    }
}

#[tokio::test]
async fn an_object_that_was_deleted_is_gone() {
    let services = Services::default();
    put(bucket(&services, SOURCE), "a").await;
    let source = bucket(&services, SOURCE);
    let delete = async move { source.delete(&ObjectKey::from_stored("a")).await.expect("deleted") };
    services.faults.next("s3:GetObject", Fault::Meanwhile(delete.boxed()));
    let (ended, lines) = import(&services).await;
    ended.expect("complete");
    assert_eq!((&lines[0]["outcome"], &lines[1]["gone"]), (&json!("gone"), &json!(1)), "{lines:?}");
}

/// A store that lists another key than the object has lists it again and again.
#[tokio::test]
async fn an_object_that_is_listed_and_cannot_be_found_is_a_failure() {
    let services = Services::default();
    put(bucket(&services, SOURCE), "a").await;
    let source = bucket(&services, SOURCE);
    let hide = async move { source.delete(&ObjectKey::from_stored("a")).await.expect("deleted") };
    services.faults.next("s3:GetObject", Fault::Meanwhile(hide.boxed()));
    services.faults.nth("s3:ListObjectsV2", 1, Fault::Meanwhile(put(bucket(&services, SOURCE), "a").boxed()));
    let (ended, lines) = import(&services).await;
    assert_eq!(ended.expect_err("a failure").kind(), Kind::Left, "{lines:?}");
    assert_eq!((&lines[0]["outcome"], &lines[1]["failed"]), (&json!("failed"), &json!(1)), "{lines:?}");
}
