//! Targets for queue messages and for the notifications of stores.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use sluice_contracts::event::{BlobEvent, LandingMessage, UploadEvent, decode_key};
use sluice_contracts::pack_event::PackEvent;
use sluice_contracts::problem::Code;
use sluice_domain::key::LandingKey;
use std::fmt::Display;

use crate::seeds::{samples, texts};
use crate::target::{Form, Memory, Target, Verdict, refused, text};

const TOKENS: &[&str] = &[
    "Records",
    "event",
    "Event",
    "s3:TestEvent",
    "eventSource",
    "eventName",
    "ObjectCreated:Put",
    "s3:ObjectCreated:CompleteMultipartUpload",
    "ObjectRemoved:Delete",
    "aws:s3",
    "minio:s3",
    "ceph:s3",
    "UploadReceived",
    "UploadCheckpointed",
    "BlobRequested",
    "PackWritten",
    "CompressionFinished",
    "MigrationRequested",
    "account_id",
    "uploads/01a1e930027b70a181ce0a11ce0a11ce/01a1ee565e7b70018c0ffee00c0ffee0",
    "uploads%2F01a1e930027b70a181ce0a11ce0a11ce%2F01a1ee565e7b70018c0ffee00c0ffee0",
    "packs/01a1e930027b70a181ce0a11ce0a11ce/01a1ee565e7b70018c0ffee00c0ffee0/1",
    "%FF",
    "%EF%BF%BE+",
    "\u{fffe}\u{ffff}",
    "\u{e000}",
    "\\uffff",
];

/// The longest message that bridge-events sends.
const NOTIFICATION_MAX_BYTES: usize = 200 << 10;

pub const LANDING_MESSAGE: Target = Target {
    name: "landing_message",
    form: Form::Json,
    seeds: || samples(&["aws", "ceph", "localstack", "minio", "ministack", "poison", "sluice"]),
    tokens: TOKENS,
    cases: 1500,
    check: check_landing_message,
};

pub const WORKER_EVENT: Target = Target {
    name: "worker_event",
    form: Form::Json,
    seeds: || samples(&["sluice"]),
    tokens: TOKENS,
    cases: 1250,
    check: check_worker_event,
};

/// A source and, on the next line, a key.
pub const OBJECT_KEY: Target = Target {
    name: "object_key",
    form: Form::Text,
    seeds: || {
        texts(&[
            "aws:s3\nuploads/01a1e930027b70a181ce0a11ce0a11ce/01a1ee565e7b70018c0ffee00c0ffee0",
            "minio:s3\nuploads%2F01a1e930027b70a181ce0a11ce0a11ce%2F01a1ee565e7b70018c0ffee00c0ffee0",
            "ceph:s3\nuploads/R\u{e9}sum\u{e9} +100% \u{1f600}/a b.txt",
            "aws:s3\nuploads/R%C3%A9sum%C3%A9+%2B100%25/%F0%9F%98%80",
        ])
    },
    tokens: TOKENS,
    cases: 1250,
    check: check_object_key,
};

/// The body of a call of `POST /webhooks/store-events`.
pub const NOTIFICATION: Target = Target {
    name: "notification",
    form: Form::Json,
    seeds: || samples(&["ceph", "minio", "aws", "poison", "sluice"]),
    tokens: TOKENS,
    cases: 1250,
    check: check_notification,
};

/// An error's text becomes a message attribute, so it holds only characters that SQS takes.
fn refused_with_attribute(error: impl Display) -> Verdict {
    let text = error.to_string();
    assert!(!text.contains(|c: char| c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}')), "{text:?}");
    refused(text)
}

fn check_landing_message(bytes: &[u8]) -> Verdict {
    let Some(body) = text(bytes) else { return Verdict::Refused };
    let message = match Memory::JSON.hold(body.len(), || LandingMessage::parse(body)) {
        Ok(message) => message,
        Err(error) => return refused_with_attribute(error),
    };
    assert!(serde_json::from_str::<serde::de::IgnoredAny>(body).is_ok(), "accepted, and no JSON");
    match &message {
        LandingMessage::ObjectsCreated(keys) => {
            assert!(!keys.is_empty());
            let records: Vec<Value> = keys.iter().map(created).collect();
            let again = LandingMessage::parse(&json!({ "Records": records }).to_string());
            assert_eq!(again.as_ref(), Ok(&message));
        }
        LandingMessage::Upload(event) => {
            assert_eq!(LandingMessage::parse(&event.to_json()).as_ref(), Ok(&message));
        }
        LandingMessage::Nothing => {}
    }
    Verdict::Accepted
}

fn created(key: &LandingKey) -> Value {
    let key = utf8_percent_encode(&key.to_string(), NON_ALPHANUMERIC).to_string();
    json!({ "eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": { "object": { "key": key } } })
}

fn check_worker_event(bytes: &[u8]) -> Verdict {
    let Some(body) = text(bytes) else { return Verdict::Refused };
    let mut accepted = 0;
    let mut count = |is_ok: bool| accepted += u32::from(is_ok);
    let memory = Memory::JSON;
    match memory.hold(body.len(), || BlobEvent::parse(body)) {
        Ok(event) => {
            assert_eq!(BlobEvent::parse(&event.to_json()).as_ref(), Ok(&event));
            count(true);
        }
        Err(error) => drop(refused_with_attribute(error)),
    }
    match memory.hold(body.len(), || PackEvent::parse(body)) {
        Ok(event) => {
            assert_eq!(PackEvent::parse(&event.to_json()).as_ref(), Ok(&event));
            let written = serde_json::to_string(&event).expect("serializable");
            assert_eq!(PackEvent::parse(&written).as_ref(), Ok(&event));
            count(true);
        }
        Err(error) => drop(refused_with_attribute(error)),
    }
    if let Ok(event) = memory.hold(body.len(), || serde_json::from_str::<UploadEvent>(body)) {
        let written = serde_json::to_value(&event).expect("serializable");
        assert_eq!(serde_json::from_str::<Value>(&event.to_json()).expect("JSON"), written);
        count(true);
    }
    assert!(accepted <= 1, "one message is of several kinds");
    if accepted == 1 { Verdict::Accepted } else { Verdict::Refused }
}

fn check_object_key(bytes: &[u8]) -> Verdict {
    let Some((source, key)) = text(bytes).and_then(|text| text.split_once('\n')) else {
        return Verdict::Refused;
    };
    let memory = Memory { bytes_per_input_byte: 4, bytes_more: 4096 };
    let decoded = match memory.hold(key.len(), || decode_key(source, key)) {
        Ok(decoded) => decoded,
        Err(error) => return refused_with_attribute(error),
    };
    assert!(decoded.len() <= key.len());
    let expected = if source.starts_with("ceph:") { key.as_bytes().to_vec() } else { url_decoded(key) };
    assert_eq!(decoded.as_bytes(), expected, "{source} {key:?}");
    if source.starts_with("ceph:") {
        assert_eq!(decoded, key);
    } else {
        let encoded = utf8_percent_encode(&decoded, NON_ALPHANUMERIC).to_string();
        assert_eq!(decode_key(source, &encoded).as_ref(), Ok(&decoded));
    }
    match LandingKey::parse(&decoded) {
        Ok(key) => assert_eq!(key.to_string(), decoded),
        Err(error) => drop(refused(error)),
    }
    Verdict::Accepted
}

/// A key without its escapes, as the URL Standard decodes forms.
fn url_decoded(key: &str) -> Vec<u8> {
    let mut decoded = Vec::new();
    let mut rest = key.as_bytes();
    while let [first, after @ ..] = rest {
        let digits =
            after.get(..2).filter(|digits| *first == b'%' && digits.iter().all(u8::is_ascii_hexdigit));
        rest = after;
        match digits {
            Some(digits) => {
                decoded.extend(hex::decode(digits).expect("two digits"));
                rest = &after[2..];
            }
            None if *first == b'+' => decoded.push(b' '),
            None => decoded.push(*first),
        }
    }
    decoded
}

fn check_notification(bytes: &[u8]) -> Verdict {
    let message = match Memory::JSON.hold(bytes.len(), || bridge_events::notification::message(bytes)) {
        Ok(message) => message,
        Err(failure) => {
            assert!(matches!(failure.code, Code::InvalidRequest | Code::BodyTooLarge), "{failure}");
            return refused(failure);
        }
    };
    let expected = keys_of_records(bytes);
    let Some(message) = message else {
        assert!(expected.is_empty(), "dropped: {expected:?}");
        return Verdict::Accepted;
    };
    assert!(message.len() <= NOTIFICATION_MAX_BYTES);
    let is_refused_by_sqs =
        |c: char| (c < ' ' && !matches!(c, '\t' | '\n' | '\r')) || matches!(c, '\u{fffe}' | '\u{ffff}');
    assert!(!message.contains(is_refused_by_sqs), "{message:?}");
    assert_eq!(LandingMessage::parse(&message), Ok(LandingMessage::ObjectsCreated(expected)));
    let again = bridge_events::notification::message(message.as_bytes());
    assert_eq!(again, Ok(Some(message)), "a forwarded notification is forwarded as it is");
    Verdict::Accepted
}

/// The uploads that the records of a notification name, each record read by itself.
fn keys_of_records(bytes: &[u8]) -> Vec<LandingKey> {
    let body = String::from_utf8_lossy(bytes);
    let Ok(mut body) = serde_json::from_str::<Value>(&body) else { return Vec::new() };
    let Some(Value::Array(records)) = body.get_mut("Records").map(Value::take) else { return Vec::new() };
    let keys = records.into_iter().flat_map(|record| {
        match LandingMessage::parse(&json!({ "Records": [record] }).to_string()) {
            Ok(LandingMessage::ObjectsCreated(keys)) => keys,
            _ => Vec::new(),
        }
    });
    keys.collect()
}
