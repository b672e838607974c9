//! Parses notifications of stores, and defines the events that functions send each other.

use percent_encoding::percent_decode_str;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use sluice_domain::hash::Sha256;
use sluice_domain::id::{AccountId, UploadId};
use sluice_domain::key::{LandingKey, NotAnUpload};
use std::fmt;

/// How much of an unreadable message an error quotes.
const QUOTED_MAX_CHARACTERS: usize = 200;

/// One message on the landing queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LandingMessage {
    /// A store created objects, one per record.
    ObjectsCreated(Vec<LandingKey>),
    /// An event that a function sent.
    Upload(UploadEvent),
    /// A test of the store (`s3:TestEvent`), or a notification of something else than a new object.
    Nothing,
}

/// An event about an upload, on the landing queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum UploadEvent {
    /// Everything is in the landing bucket. Sent for a delta upload, and again if a notification or a worker
    /// was lost.
    UploadReceived {
        /// The account that owns the upload.
        account_id: AccountId,
        /// The upload that is complete or checkpointed.
        upload_id: UploadId,
    },
    /// dedup-upload ran out of time and saved a checkpoint to continue from.
    UploadCheckpointed {
        /// The account that owns the upload.
        account_id: AccountId,
        /// The upload that is complete or checkpointed.
        upload_id: UploadId,
    },
}

impl UploadEvent {
    /// The body of the message in JSON.
    pub fn to_json(&self) -> String {
        let (event, account_id, upload_id) = match self {
            Self::UploadReceived { account_id, upload_id } => ("UploadReceived", account_id, upload_id),
            Self::UploadCheckpointed { account_id, upload_id } => {
                ("UploadCheckpointed", account_id, upload_id)
            }
        };
        serde_json::json!({ "event": event, "account_id": account_id, "upload_id": upload_id }).to_string()
    }
}

/// An event about a blob, for materialize-blob.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum BlobEvent {
    /// Materialize the blob: a reader wants it, or an earlier run ended with parts missing.
    BlobRequested {
        /// The account that holds the blob.
        account_id: AccountId,
        /// SHA-256 of the blob.
        sha256: Sha256,
    },
}

impl BlobEvent {
    /// The body of the message in JSON.
    pub fn to_json(&self) -> String {
        let Self::BlobRequested { account_id, sha256 } = self;
        serde_json::json!({ "event": "BlobRequested", "account_id": account_id, "sha256": sha256 })
            .to_string()
    }

    /// Parses the body of a message.
    ///
    /// # Errors
    /// [`UnreadableMessage::Shape`] if it is not this event.
    pub fn parse(body: &str) -> Result<Self, UnreadableMessage> {
        Ok(serde_json::from_str(body)?)
    }
}

/// A message that cannot be parsed, however often it is retried.
///
/// The error's text becomes a message attribute on the dead-letter queue. So it is bounded and has only
/// characters that SQS accepts, whatever the message contains.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnreadableMessage {
    /// The message is not JSON or has no known shape.
    #[error("the message is no event that the queue knows: {0}")]
    Shape(String),
    /// The object belongs to no upload.
    #[error(transparent)]
    Key(#[from] NotAnUpload),
    /// The object key is not URL-encoded UTF-8.
    #[error("the object key {0:?} is not URL-encoded UTF-8")]
    Encoding(String),
}

impl UnreadableMessage {
    fn shape(reason: impl fmt::Display) -> Self {
        Self::Shape(quotable(&reason.to_string()))
    }
}

impl From<serde_json::Error> for UnreadableMessage {
    fn from(error: serde_json::Error) -> Self {
        Self::shape(error)
    }
}

/// The beginning of a foreign text, with the characters replaced that SQS refuses
/// (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html>).
fn quotable(text: &str) -> String {
    let accepted =
        |c: char| if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') { '\u{fffd}' } else { c };
    text.chars().take(QUOTED_MAX_CHARACTERS).map(accepted).collect()
}

/// The fields that Sluice reads of a notification of AWS, MinIO or Ceph
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html>).
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct Notification {
    /// One record for each object.
    #[serde(rename = "Records")]
    records: Vec<Record>,
}

/// What happened to one object.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct Record {
    /// The kind of store: `aws:s3`, `minio:s3` or `ceph:s3`. It decides how the key is encoded.
    #[serde(rename = "eventSource")]
    source: String,
    /// What happened: `ObjectCreated:Put`, or `s3:ObjectCreated:Put` from MinIO.
    #[serde(rename = "eventName")]
    name: String,
    /// The bucket and object of the event.
    s3: Entity,
}

/// The subject of a record.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct Entity {
    /// The object that was created or removed.
    object: Object,
}

/// An object in the landing bucket.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct Object {
    /// The object's key, URL-encoded unless the source is Ceph.
    key: String,
}

/// The fields that tell the kinds of message apart.
#[derive(Deserialize)]
struct Envelope {
    #[serde(rename = "Records", default)]
    notification: Option<IgnoredAny>,
    #[serde(rename = "event", default)]
    upload: Option<IgnoredAny>,
    #[serde(rename = "Event", default)]
    test: Option<String>,
}

impl LandingMessage {
    /// Parses the body of a message on the landing queue.
    ///
    /// # Errors
    /// One unreadable record makes the whole message unreadable. Stores send one record a message; the
    /// sweeper finds the objects of other records.
    pub fn parse(body: &str) -> Result<Self, UnreadableMessage> {
        match serde_json::from_str(body)? {
            Envelope { notification: Some(_), .. } => serde_json::from_str::<Notification>(body)?.created(),
            Envelope { upload: Some(_), .. } => Ok(Self::Upload(serde_json::from_str(body)?)),
            Envelope { test: Some(event), .. } if event == "s3:TestEvent" => Ok(Self::Nothing),
            Envelope { test: Some(event), .. } => {
                Err(UnreadableMessage::shape(format_args!("unknown test event {event:?}")))
            }
            _ => Err(UnreadableMessage::shape("it has neither `Records` nor `event`")),
        }
    }
}

impl Notification {
    fn created(self) -> Result<LandingMessage, UnreadableMessage> {
        let created = self.records.iter().filter(|record| record.is_creation());
        let keys = created.map(Record::landing_key).collect::<Result<Vec<_>, _>>()?;
        Ok(if keys.is_empty() { LandingMessage::Nothing } else { LandingMessage::ObjectsCreated(keys) })
    }
}

impl Record {
    /// AWS writes `ObjectCreated:Put`, MinIO `s3:ObjectCreated:Put`.
    fn is_creation(&self) -> bool {
        self.name.strip_prefix("s3:").unwrap_or(&self.name).starts_with("ObjectCreated:")
    }

    fn landing_key(&self) -> Result<LandingKey, UnreadableMessage> {
        Ok(LandingKey::parse(&decode_key(&self.source, &self.s3.object.key)?)?)
    }
}

/// Decodes the object key of a record. AWS and MinIO URL-encode keys, with a space as `+` or `%20`; Ceph
/// sends them raw.
///
/// # Errors
/// [`UnreadableMessage::Encoding`] if the decoded key is not UTF-8.
pub fn decode_key(source: &str, key: &str) -> Result<String, UnreadableMessage> {
    if source.starts_with("ceph:") {
        return Ok(key.to_owned());
    }
    let spaced = key.replace('+', " ");
    percent_decode_str(&spaced)
        .decode_utf8()
        .map(std::borrow::Cow::into_owned)
        .map_err(|_| UnreadableMessage::Encoding(quotable(key)))
}
