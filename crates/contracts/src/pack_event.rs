//! Defines the events about packs that functions send each other.

use serde::{Deserialize, Serialize};
use sluice_domain::hash::Sha256;
use sluice_domain::id::{AccountId, PackId};

use crate::event::UnreadableMessage;

/// An event names at most this many packs, because a message has at most 256 KiB.
pub const EVENT_PACKS_MAX: usize = 1000;

/// The packs that an event is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Subject {
    /// The packs with these ids.
    #[serde(rename = "packs")]
    Packs(Vec<PackId>),
    /// All packs of the blob with this SHA-256, and the object that was adopted for it.
    #[serde(rename = "sha256")]
    Blob(Sha256),
}

/// An event about packs of one account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum PackEvent {
    /// Packs were written to the vault uncompressed.
    PackWritten {
        /// The account that owns the packs.
        account_id: AccountId,
        /// The packs, by id or by blob.
        of: Subject,
    },
    /// Packs were compressed, or are not worth compressing.
    CompressionFinished {
        /// The account that owns the packs.
        account_id: AccountId,
        /// The packs, by id or by blob.
        of: Subject,
    },
    /// A rule or an operator requests packs to be moved to another store.
    MigrationRequested {
        /// The account that owns the packs.
        account_id: AccountId,
        /// The packs, by id or by blob.
        of: Subject,
        /// The name of the target store; `vault` moves them back.
        to: String,
    },
}

impl PackEvent {
    /// The body of the message in JSON.
    pub fn to_json(&self) -> String {
        let (event, account_id, of, to) = match self {
            Self::PackWritten { account_id, of } => ("PackWritten", account_id, of, None),
            Self::CompressionFinished { account_id, of } => ("CompressionFinished", account_id, of, None),
            Self::MigrationRequested { account_id, of, to } => {
                ("MigrationRequested", account_id, of, Some(to))
            }
        };
        let mut body = serde_json::json!({ "event": event, "account_id": account_id, "of": of });
        if let Some(to) = to {
            body["to"] = to.as_str().into();
        }
        body.to_string()
    }

    /// Parses the body of a message.
    ///
    /// # Errors
    /// [`UnreadableMessage::Shape`] if it is not this event.
    pub fn parse(body: &str) -> Result<Self, UnreadableMessage> {
        Ok(serde_json::from_str(body)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_read_back() {
        let account_id = AccountId::from_bytes([1; 16]);
        let packs = Subject::Packs(vec![PackId::from_bytes([2; 16])]);
        let blob = Subject::Blob(Sha256::of(b""));
        for event in [
            PackEvent::PackWritten { account_id, of: packs.clone() },
            PackEvent::CompressionFinished { account_id, of: blob },
            PackEvent::MigrationRequested { account_id, of: packs, to: "oss".to_owned() },
        ] {
            assert_eq!(PackEvent::parse(&event.to_json()), Ok(event));
        }
        assert!(PackEvent::parse(r#"{"event":"PackWritten"}"#).is_err());
    }
}
