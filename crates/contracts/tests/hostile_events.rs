//! Tests hostile messages: long, deeply nested, ambiguous.

use sluice_contracts::event::{LandingMessage, UnreadableMessage};
use sluice_domain::key::LandingKey;

const KEY: &str = "uploads/01a1e930027b70a181ce0a11ce0a11ce/01a1ee565e7b70018c0ffee00c0ffee0";

fn landing_key() -> LandingKey {
    LandingKey::parse(KEY).expect("a landing key")
}

fn notification(records: &[String]) -> String {
    format!("{{\"Records\":[{}]}}", records.join(","))
}

fn record(key: &str) -> String {
    format!(
        r#"{{"eventSource":"aws:s3","eventName":"ObjectCreated:Put","s3":{{"object":{{"key":{key:?}}}}}}}"#
    )
}

#[test]
fn a_long_list_of_records_is_read() {
    let key = landing_key();
    let body = notification(&vec![record(&key.to_string()); 10_000]);
    assert_eq!(LandingMessage::parse(&body), Ok(LandingMessage::ObjectsCreated(vec![key; 10_000])));
    assert_eq!(LandingMessage::parse(r#"{"Records":[]}"#), Ok(LandingMessage::Nothing));
}

#[test]
fn nesting_costs_no_stack() {
    let deep = |open: &str, close: &str| format!("{}{}", open.repeat(200_000), close.repeat(200_000));
    let ignored = format!("{{\"x\":{},\"Records\":[]}}", deep("[", "]"));
    assert_eq!(LandingMessage::parse(&ignored), Ok(LandingMessage::Nothing));
    for body in [
        deep("[", "]"),
        "[".repeat(1_000_000),
        format!("{{\"Records\":{}}}", deep("[", "]")),
        format!("{{\"event\":{}}}", deep("{\"event\":", "}")),
        format!("{{\"Event\":{}}}", deep("[", "]")),
    ] {
        assert!(matches!(LandingMessage::parse(&body), Err(UnreadableMessage::Shape(_))));
    }
}

/// The error's text becomes a message attribute. If SQS refused it, the message could not be moved to the
/// dead-letter queue.
#[test]
fn an_error_fits_a_message_attribute() {
    let long = "x".repeat(1_000_000);
    for body in [
        format!("{{\"Records\":\"{long}\"}}"),
        format!("{{\"Event\":\"{long}\"}}"),
        format!("{{\"event\":\"{long}\"}}"),
        format!("{{\"event\":\"UploadReceived\",\"{long}\":1}}"),
        r#"{"event":"UploadReceived","\u0000\u001f\uffff":1}"#.to_owned(),
        r#"{"event":"\u0000\uffff"}"#.to_owned(),
        notification(&[record(&long)]),
        notification(&[record(&format!("%FF{long}"))]),
        notification(&[record("%00%1F%EF%BF%BF")]),
    ] {
        let text = LandingMessage::parse(&body).expect_err("unreadable").to_string();
        assert!(text.len() < 1000, "{} bytes", text.len());
        assert!(!text.contains(|c: char| c.is_control() || c >= '\u{fffe}'), "{text:?}");
    }
}

#[test]
fn a_message_is_of_one_kind() {
    let key = landing_key();
    let event = format!(
        r#""event":"UploadReceived","account_id":"{}","upload_id":"{}""#,
        key.account_id, key.upload_id
    );
    for body in [
        format!("{{{event},{event}}}"),
        format!("{{{event},\"Records\":null,\"Event\":\"s3:TestEvent\"}}"),
        format!("{{\"Records\":[{0}],\"Records\":[{0}]}}", record(&key.to_string())),
        "null".to_owned(),
        "{}".to_owned(),
        "\"s3:TestEvent\"".to_owned(),
        String::new(),
    ] {
        assert!(matches!(LandingMessage::parse(&body), Err(UnreadableMessage::Shape(_))), "{body}");
    }
}

#[test]
fn only_creations_are_creations() {
    for name in [
        "s3:s3:ObjectCreated:Put",
        "ObjectCreatedLater:Put",
        "ObjectSynced:Create",
        "ObjectRestore:Completed",
        "",
    ] {
        let body = notification(&[record("backups/database.dump").replace("ObjectCreated:Put", name)]);
        assert_eq!(LandingMessage::parse(&body), Ok(LandingMessage::Nothing), "{name}");
    }
}
