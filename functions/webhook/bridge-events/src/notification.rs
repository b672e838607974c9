//! Filters a notification for the landing queue.

use serde::Deserialize;
use serde_json::{Value, json};
use sluice_contracts::event::{LandingMessage, UnreadableMessage};
use sluice_contracts::problem::Code;
use sluice_lambda::Failure;

/// A notification has at most this many bytes. Stores send one record of one or two KiB; the oldest SQS
/// queues accept 256 KiB.
const NOTIFICATION_MAX_BYTES: usize = 200 << 10;

/// The message for the landing queue, if the notification contains a new object of an upload.
///
/// # Errors
/// `body_too_large`, or `invalid_request` with the reason if the body is not a notification.
pub fn message(body: &[u8]) -> Result<Option<String>, Failure> {
    check_length(body)?;
    // Ceph sends keys and metadata raw. A key that is not UTF-8 belongs to no upload, also after the
    // replacement.
    let body = String::from_utf8_lossy(body);
    if body.trim().is_empty() {
        return Ok(None);
    }
    let message = match LandingMessage::parse(&body) {
        Ok(LandingMessage::ObjectsCreated(_)) => body.into_owned(),
        Ok(LandingMessage::Nothing) => return Ok(None),
        Ok(LandingMessage::Upload(_)) => {
            return Err(Failure::invalid("only notifications of a store are accepted here"));
        }
        Err(UnreadableMessage::Key(_) | UnreadableMessage::Encoding(_)) => match only_uploads(&body)? {
            Some(message) => message,
            None => return Ok(None),
        },
        Err(error @ UnreadableMessage::Shape(_)) => return Err(Failure::invalid(error)),
    };
    let message = escape_refused(&message);
    check_length(message.as_bytes())?;
    Ok(Some(message))
}

fn check_length(bytes: &[u8]) -> Result<(), Failure> {
    if bytes.len() > NOTIFICATION_MAX_BYTES {
        let detail = format!("a notification has at most {NOTIFICATION_MAX_BYTES} bytes");
        return Err(Failure::new(Code::BodyTooLarge, detail));
    }
    Ok(())
}

/// A notification with records of any shape.
#[derive(Deserialize)]
struct Notification {
    #[serde(rename = "Records")]
    records: Vec<Value>,
}

/// The notification with only the records of new objects of uploads, if there are any. A bucket without a
/// prefix in its notification setting also notifies of packs and foreign objects, and would repeat them for
/// ever if they were refused.
fn only_uploads(body: &str) -> Result<Option<String>, Failure> {
    let Notification { mut records } = serde_json::from_str(body).map_err(Failure::invalid)?;
    let received = records.len();
    records.retain(is_new_upload);
    tracing::info!(received, forwarded = records.len(), "records of other objects dropped");
    Ok((!records.is_empty()).then(|| json!({ "Records": records }).to_string()))
}

fn is_new_upload(record: &Value) -> bool {
    let single = json!({ "Records": [record] }).to_string();
    matches!(LandingMessage::parse(&single), Ok(LandingMessage::ObjectsCreated(_)))
}

/// Escapes the two characters that JSON allows and SQS refuses. They can only be within a string
/// (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html>).
fn escape_refused(json: &str) -> String {
    json.replace('\u{fffe}', "\\ufffe").replace('\u{ffff}', "\\uffff")
}

#[cfg(test)]
mod tests {
    use super::*;
    use sluice_domain::key::LandingKey;
    use std::path::Path;

    const KEY: &str = "uploads/01a1e930027b70a181ce0a11ce0a11ce/01a1ee565e7b70018c0ffee00c0ffee0";

    fn sample(name: &str) -> Vec<u8> {
        let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../events/samples"));
        std::fs::read(folder.join(name)).expect(name)
    }

    fn record(source: &str, name: &str, key: &str) -> Value {
        json!({ "eventSource": source, "eventName": name, "s3": { "object": { "key": key } } })
    }

    fn created(source: &str, key: &str) -> Value {
        record(source, "ObjectCreated:Put", key)
    }

    fn notification(records: &[Value]) -> Vec<u8> {
        json!({ "Records": records }).to_string().into_bytes()
    }

    #[track_caller]
    fn forwarded_keys(body: &[u8]) -> Vec<String> {
        let message = message(body).expect("a notification").expect("a message");
        match LandingMessage::parse(&message).expect("readable by the worker") {
            LandingMessage::ObjectsCreated(keys) => keys.iter().map(LandingKey::to_string).collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_notification_of_an_upload_is_forwarded_unchanged() {
        for name in [
            "ceph/put.json",
            "ceph/multipart-complete.json",
            "minio/put.json",
            "minio/multipart-complete.json",
            "aws/put.json",
            "aws/several-records.json",
        ] {
            let body = sample(name);
            let message = message(&body).expect(name).expect(name);
            assert!(message.as_bytes() == body, "{name}");
        }
    }

    #[test]
    fn a_notification_of_anything_else_is_dropped() {
        for name in [
            "ceph/raw-key.json",
            "ceph/pack.json",
            "ceph/removed.json",
            "minio/encoded-key.json",
            "minio/pack.json",
            "minio/removed.json",
            "aws/test-event.json",
            "poison/foreign-key.json",
            "poison/deeper-key.json",
            "poison/upper-case-key.json",
            "poison/not-utf8-key.json",
        ] {
            assert_eq!(message(&sample(name)), Ok(None), "{name}");
        }
        for probe in ["", " \r\n", "{\"Records\":[]}"] {
            assert_eq!(message(probe.as_bytes()), Ok(None), "{probe:?}");
        }
    }

    #[test]
    fn a_body_that_is_not_a_notification_is_refused_with_a_bounded_reason() {
        let long = format!("{{\"Event\":\"{}\"}}", "x".repeat(100_000)).into_bytes();
        let deep = format!("{{\"Records\":{}", "[".repeat(100_000)).into_bytes();
        let samples = [
            "poison/bad-upload-id.json",
            "poison/missing-key.json",
            "poison/missing-source.json",
            "poison/no-known-shape.json",
            "poison/not-json.txt",
            "poison/null-records.json",
            "poison/truncated.txt",
            "poison/unknown-event.json",
            "poison/unknown-field.json",
            "poison/unknown-test-event.json",
            "sluice/upload-received.json",
            "sluice/upload-checkpointed.json",
            "sluice/blob-requested.json",
        ];
        for body in samples.map(sample).into_iter().chain([long, deep, vec![0xff; 100]]) {
            let failure = message(&body).expect_err("no notification");
            assert_eq!(failure.code, Code::InvalidRequest);
            assert!(failure.detail.len() < 1000, "{failure}");
        }
    }

    #[test]
    fn foreign_records_are_dropped_and_the_others_keep_their_encoding() {
        assert_eq!(forwarded_keys(&sample("poison/one-foreign-record.json")), [KEY]);
        let body = notification(&[
            created("ceph:s3", "packs/a/b/1"),
            created("ceph:s3", KEY),
            created("minio:s3", "a%2Fb+c"),
            created("minio:s3", &KEY.replace('/', "%2F")),
            record("minio:s3", "s3:ObjectRemoved:Delete", "uploads%2Fx"),
            created("aws:s3", "%FF"),
            // Ceph's keys are raw, so this is the key of another object.
            created("ceph:s3", &KEY.replace('/', "%2F")),
        ]);
        assert_eq!(forwarded_keys(&body), [KEY, KEY]);
    }

    #[test]
    fn a_notification_has_a_maximum_length() {
        let mut body = sample("ceph/put.json");
        body.resize(NOTIFICATION_MAX_BYTES, b' ');
        assert_eq!(message(&body).map(|message| message.is_some()), Ok(true));
        body.push(b' ');
        assert_eq!(message(&body).expect_err("too long").code, Code::BodyTooLarge);
    }

    #[test]
    fn characters_that_sqs_refuses_do_not_stop_an_event() {
        let mut record = created("ceph:s3", KEY);
        record["s3"]["object"]["metadata"] =
            json!([{ "key": "x-amz-meta-a", "val": "\u{fffe}\\\u{ffff}\u{0}" }]);
        let body = notification(&[record]);
        let message = message(&body).expect("a notification").expect("a message");
        assert!(!message.contains(|c: char| c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}')));
        let forwarded: Value = serde_json::from_str(&message).expect("JSON");
        let received: Value = serde_json::from_slice(&body).expect("JSON");
        assert_eq!(forwarded, received);
    }

    #[test]
    fn a_key_that_is_not_utf8_is_foreign_and_does_not_stop_others() {
        let mut body = notification(&[created("ceph:s3", "a#b"), created("ceph:s3", KEY)]);
        let index = body.iter().position(|&byte| byte == b'#').expect("the character");
        body[index] = 0xff;
        assert_eq!(forwarded_keys(&body), [KEY]);
    }
}
