//! Tests that every sample message is parsed as the catalogue says.

use sluice_contracts::event::{BlobEvent, LandingMessage, UnreadableMessage, UploadEvent, decode_key};
use sluice_domain::key::LandingKey;
use std::collections::BTreeSet;
use std::path::Path;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../events/samples");

const ACCOUNT: &str = "01a1e930027b70a181ce0a11ce0a11ce";
const SMALL: &str = "01a1ee565e7b70018c0ffee00c0ffee0";
const LARGE: &str = "01a1ee56626370028c0ffee00c0ffee1";
/// The key that the `…-key.json` samples encode, each source in its own way.
const FOREIGN: &str = "uploads/Résumé +100% 😀/a b.txt";

/// A key that buckets also notify of if their notification setting has no prefix.
const PACK: &str = "packs/01a1e930027b70a181ce0a11ce0a11ce/01a1ee565e7b70018c0ffee00c0ffee0/1";

enum Expected {
    Created(&'static [&'static str]),
    Upload(fn(LandingKey) -> UploadEvent, &'static str),
    Nothing,
    /// A readable key that no upload has.
    Foreign(&'static str),
    /// Any other failure, by the beginning of its text.
    Unreadable(&'static str),
}

const NO_EVENT: &str = "the message is no event that the queue knows: ";

fn received(key: LandingKey) -> UploadEvent {
    UploadEvent::UploadReceived { account_id: key.account_id, upload_id: key.upload_id }
}

fn checkpointed(key: LandingKey) -> UploadEvent {
    UploadEvent::UploadCheckpointed { account_id: key.account_id, upload_id: key.upload_id }
}

const SAMPLES: &[(&str, Expected)] = &[
    ("aws/put.json", Expected::Created(&[SMALL])),
    ("aws/multipart-complete.json", Expected::Created(&[LARGE])),
    ("aws/several-records.json", Expected::Created(&[SMALL, LARGE])),
    ("aws/encoded-key.json", Expected::Foreign(FOREIGN)),
    ("aws/removed.json", Expected::Nothing),
    ("aws/removed-foreign.json", Expected::Nothing),
    ("aws/test-event.json", Expected::Nothing),
    ("ceph/put.json", Expected::Created(&[SMALL])),
    ("ceph/multipart-complete.json", Expected::Created(&[LARGE])),
    ("ceph/raw-key.json", Expected::Foreign(FOREIGN)),
    ("ceph/pack.json", Expected::Foreign(PACK)),
    ("ceph/removed.json", Expected::Nothing),
    ("localstack/put.json", Expected::Created(&[SMALL])),
    ("localstack/encoded-key.json", Expected::Foreign(FOREIGN)),
    ("minio/put.json", Expected::Created(&[SMALL])),
    ("minio/multipart-complete.json", Expected::Created(&[LARGE])),
    ("minio/encoded-key.json", Expected::Foreign(FOREIGN)),
    ("minio/pack.json", Expected::Foreign(PACK)),
    ("minio/removed.json", Expected::Nothing),
    ("ministack/put.json", Expected::Created(&[SMALL])),
    ("ministack/encoded-key.json", Expected::Foreign(FOREIGN)),
    // Events of other queues.
    ("sluice/blob-requested.json", Expected::Unreadable(NO_EVENT)),
    ("sluice/migration-requested.json", Expected::Unreadable(NO_EVENT)),
    ("sluice/compression-finished.json", Expected::Unreadable(NO_EVENT)),
    ("sluice/pack-written.json", Expected::Unreadable(NO_EVENT)),
    ("sluice/upload-received.json", Expected::Upload(received, SMALL)),
    ("sluice/upload-checkpointed.json", Expected::Upload(checkpointed, LARGE)),
    ("poison/bad-upload-id.json", Expected::Unreadable(NO_EVENT)),
    (
        "poison/deeper-key.json",
        Expected::Foreign(concat!(
            "uploads/01a1e930027b70a181ce0a11ce0a11ce/",
            "01a1ee565e7b70018c0ffee00c0ffee0/part-1"
        )),
    ),
    ("poison/foreign-key.json", Expected::Foreign("backups/database.dump")),
    ("poison/missing-key.json", Expected::Unreadable(NO_EVENT)),
    ("poison/missing-source.json", Expected::Unreadable(NO_EVENT)),
    ("poison/no-known-shape.json", Expected::Unreadable(NO_EVENT)),
    ("poison/not-json.txt", Expected::Unreadable(NO_EVENT)),
    (
        "poison/not-utf8-key.json",
        Expected::Unreadable("the object key \"uploads/%C3%28/%FF\" is not URL-encoded UTF-8"),
    ),
    ("poison/null-records.json", Expected::Unreadable(NO_EVENT)),
    ("poison/one-foreign-record.json", Expected::Foreign("backups/database.dump")),
    ("poison/truncated.txt", Expected::Unreadable(NO_EVENT)),
    ("poison/unknown-event.json", Expected::Unreadable(NO_EVENT)),
    ("poison/unknown-field.json", Expected::Unreadable(NO_EVENT)),
    ("poison/unknown-test-event.json", Expected::Unreadable(NO_EVENT)),
    (
        "poison/upper-case-key.json",
        Expected::Foreign("uploads/01a1e930027b70a181ce0a11ce0a11ce/01A1EE565E7B70018C0FFEE00C0FFEE0"),
    ),
];

fn landing_key(upload: &str) -> LandingKey {
    LandingKey::parse(&format!("uploads/{ACCOUNT}/{upload}")).expect("a landing key")
}

fn sample(name: &str) -> String {
    std::fs::read_to_string(Path::new(FOLDER).join(name)).expect(name)
}

#[test]
fn every_sample_is_read_as_expected() {
    for (name, expected) in SAMPLES {
        let read = LandingMessage::parse(&sample(name));
        match expected {
            Expected::Created(uploads) => {
                let keys = uploads.iter().map(|upload| landing_key(upload)).collect();
                assert_eq!(read, Ok(LandingMessage::ObjectsCreated(keys)), "{name}");
            }
            Expected::Upload(event, upload) => {
                assert_eq!(read, Ok(LandingMessage::Upload(event(landing_key(upload)))), "{name}");
            }
            Expected::Nothing => assert_eq!(read, Ok(LandingMessage::Nothing), "{name}"),
            Expected::Foreign(key) => {
                let refused = LandingKey::parse(key).expect_err("foreign");
                assert_eq!(read, Err(UnreadableMessage::Key(refused)), "{name}");
            }
            Expected::Unreadable(beginning) => {
                let error = read.expect_err(name).to_string();
                assert!(error.starts_with(beginning), "{name}: {error}");
            }
        }
    }
}

#[test]
fn every_sample_is_expected() {
    let folders = std::fs::read_dir(FOLDER).expect("samples");
    let files = folders.flat_map(|folder| names(&folder.expect("readable").path()));
    let expected = SAMPLES.iter().map(|(name, _)| (*name).to_owned());
    assert_eq!(files.collect::<BTreeSet<_>>(), expected.collect());
}

fn names(folder: &Path) -> Vec<String> {
    let source = folder.file_name().expect("a name").to_str().expect("UTF-8");
    let files = std::fs::read_dir(folder).expect("a folder a source");
    let name = |file: std::fs::DirEntry| file.file_name().into_string().expect("UTF-8");
    files.map(|file| format!("{source}/{}", name(file.expect("readable")))).collect()
}

#[test]
fn our_own_events_are_written_as_the_samples_show() {
    for (name, event) in [
        ("sluice/upload-received.json", received(landing_key(SMALL))),
        ("sluice/upload-checkpointed.json", checkpointed(landing_key(LARGE))),
    ] {
        let written = serde_json::to_value(&event).expect("serializable");
        assert_eq!(
            written,
            serde_json::from_str::<serde_json::Value>(&sample(name)).expect("JSON"),
            "{name}"
        );
    }
}

#[test]
fn a_request_for_a_blob_is_read_and_written_as_the_sample_shows() {
    let sample = sample("sluice/blob-requested.json");
    let event = BlobEvent::parse(&sample).expect("readable");
    let written: serde_json::Value = serde_json::from_str(&event.to_json()).expect("JSON");
    assert_eq!(written, serde_json::from_str::<serde_json::Value>(&sample).expect("JSON"));
    for poison in ["", "{}", "[]", &sample.replace("sha256", "sha1"), &sample.replace("9f86", "9F86")] {
        assert!(BlobEvent::parse(poison).is_err(), "{poison}");
    }
}

#[test]
fn keys_are_decoded_by_their_sources_rule() {
    for (source, key, decoded) in [
        ("aws:s3", "a+b", "a b"),
        ("aws:s3", "a%2Bb%20c%2Fd", "a+b c/d"),
        ("aws:s3", "%E6%97%A5%E6%9C%AC/%F0%9F%98%80", "日本/😀"),
        ("aws:s3", "a%2520b", "a%20b"),
        ("minio:s3", "a%2Fb+c", "a/b c"),
        ("ceph:s3", "a+b%20c/日本😀", "a+b%20c/日本😀"),
        // A percent sign without two hex digits stands for itself, as in the URL Standard.
        ("aws:s3", "100%/%zz", "100%/%zz"),
        ("aws:s3", "", ""),
    ] {
        assert_eq!(decode_key(source, key), Ok(decoded.to_owned()), "{source} {key}");
    }
    for key in ["%FF", "a%C3%28", "%ED%A0%80", "%F0%9F%98"] {
        assert!(matches!(decode_key("aws:s3", key), Err(UnreadableMessage::Encoding(_))), "{key}");
    }
}
