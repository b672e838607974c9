//! Models invitations, and says who may register.

use serde::{Deserialize, Serialize};
use std::str::FromStr;

use crate::hash::Sha256;
use crate::time::Timestamp;

/// Who may register an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registration {
    /// Anybody.
    Open,
    /// Whoever has an invitation.
    Invite,
    /// Nobody: only the operator makes accounts.
    Closed,
}

/// A text that is none of `open`, `invite` and `closed`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("registration is open, invite or closed")]
pub struct InvalidRegistration;

impl FromStr for Registration {
    type Err = InvalidRegistration;
    fn from_str(text: &str) -> Result<Self, InvalidRegistration> {
        match text {
            "open" => Ok(Self::Open),
            "invite" => Ok(Self::Invite),
            "closed" => Ok(Self::Closed),
            _ => Err(InvalidRegistration),
        }
    }
}

/// A right to register one account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitation {
    /// SHA-256 of the text that the operator gives out; the text itself is not stored.
    pub invitation_sha256: Sha256,
    /// The quota of the account; the deployment's default without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quota_bytes: Option<u64>,
    /// When the invitation ends, in seconds since 1970. `DynamoDB` deletes the row some time later.
    pub expires_at: u64,
}

impl Invitation {
    /// Whether the invitation has not expired at `now`.
    pub fn is_valid(&self, now: Timestamp) -> bool {
        now.unix_seconds() < self.expires_at
    }
}
