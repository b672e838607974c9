//! What the workers tell each other about packs.

use serde::{Deserialize, Serialize};
use sluice_domain::hash::Sha256;
use sluice_domain::id::{AccountId, PackId};

use crate::event::UnreadableMessage;

/// Most packs that one event names: a message has at most 256 KiB.
pub const EVENT_PACKS_MAX: usize = 1000;

/// Which packs an event is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Subject {
    /// These.
    #[serde(rename = "packs")]
    Packs(Vec<PackId>),
    /// All of the blob that has this SHA-256, and the object that was adopted for it.
    #[serde(rename = "sha256")]
    Blob(Sha256),
}

/// What the workers tell each other about packs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum PackEvent {
    /// Packs have come into the vault as they were sent.
    PackWritten {
        /// Whose packs.
        account_id: AccountId,
        /// Which packs.
        of: Subject,
    },
    /// Packs are as small as they will be.
    CompressionFinished {
        /// Whose packs.
        account_id: AccountId,
        /// Which packs.
        of: Subject,
    },
    /// A rule, or an operator, wants packs in another store.
    MigrationRequested {
        /// Whose packs.
        account_id: AccountId,
        /// Which packs.
        of: Subject,
        /// The name of the store; `vault` brings them home.
        to: String,
    },
}

impl PackEvent {
    /// The event as a message body.
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

    /// Reads the body of a message.
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
