//! Events: what the stores announce and what the workers tell each other.

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
    /// Objects were created; one per record.
    ObjectsCreated(Vec<LandingKey>),
    /// One of our own events.
    Upload(UploadEvent),
    /// The store tested the connection (`s3:TestEvent`), or announced something other than a creation.
    Nothing,
}

/// What the workers tell each other about an upload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum UploadEvent {
    /// Everything lies in the landing bucket: packs and their manifest; or the bytes, whose own event was lost, or the
    /// worker was.
    UploadReceived {
        /// Whose upload.
        account_id: AccountId,
        /// Which upload.
        upload_id: UploadId,
    },
    /// dedup-upload ran out of time and left a checkpoint to go on from.
    UploadCheckpointed {
        /// Whose upload.
        account_id: AccountId,
        /// Which upload.
        upload_id: UploadId,
    },
}

impl UploadEvent {
    /// The event as a message body.
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

/// What read-content asks of materialize-blob.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum BlobEvent {
    /// A reader wants the blob as one object; or a builder ran out of time and left parts to go on from.
    BlobRequested {
        /// Whose blob.
        account_id: AccountId,
        /// Which blob.
        sha256: Sha256,
    },
}

impl BlobEvent {
    /// The event as a message body.
    pub fn to_json(&self) -> String {
        let Self::BlobRequested { account_id, sha256 } = self;
        serde_json::json!({ "event": "BlobRequested", "account_id": account_id, "sha256": sha256 })
            .to_string()
    }

    /// Reads the body of a message.
    pub fn parse(body: &str) -> Result<Self, UnreadableMessage> {
        Ok(serde_json::from_str(body)?)
    }
}

/// A message that no retry will make readable.
///
/// The texts go into message attributes on the dead-letter queue, so they are bounded and hold only characters that SQS
/// accepts, whatever the message held.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnreadableMessage {
    /// Not JSON, or not of any known shape.
    #[error("the message is no event that the queue knows: {0}")]
    Shape(String),
    /// An object that no upload of ours made.
    #[error(transparent)]
    Key(#[from] NotAnUpload),
    /// A key that is not URL-encoded UTF-8.
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

/// The beginning of a foreign text, without the characters that SQS refuses
/// (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html>).
fn quotable(text: &str) -> String {
    let accepted =
        |c: char| if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') { '\u{fffd}' } else { c };
    text.chars().take(QUOTED_MAX_CHARACTERS).map(accepted).collect()
}

/// A notification as AWS, MinIO and Ceph send it: the part that is read
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html>).
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct Notification {
    /// What happened, one record per object.
    #[serde(rename = "Records")]
    records: Vec<Record>,
}

/// What happened to one object.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct Record {
    /// Which kind of store speaks: `aws:s3`, `minio:s3` or `ceph:s3`. It decides how the key is encoded.
    #[serde(rename = "eventSource")]
    source: String,
    /// What happened: `ObjectCreated:Put`, or `s3:ObjectCreated:Put` from MinIO.
    #[serde(rename = "eventName")]
    name: String,
    /// To what.
    s3: Entity,
}

/// What a record is about.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct Entity {
    /// The object.
    object: Object,
}

/// An object in the landing bucket.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct Object {
    /// Its key, URL-encoded unless the source is Ceph.
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
    /// Reads the body of a message.
    ///
    /// One unreadable record makes the whole message unreadable. Stores send one record a message; were good ones beside
    /// a bad one, the sweeper would find and announce their objects.
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

/// The object key of a record, decoded by the source's own rule: AWS and MinIO URL-encode keys, with a space as `+` or
/// `%20`; Ceph sends them raw.
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
