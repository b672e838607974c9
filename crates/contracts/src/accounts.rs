//! Accounts and sessions.

use serde::{Deserialize, Serialize};
use sluice_domain::id::AccountId;
use sluice_domain::time::Timestamp;

/// `POST /accounts`: who, and the proof of it from now on.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Credentials {
    /// 3 to 64 letters, digits, `.`, `_`, `-`, `@`; case and Unicode spelling do not matter.
    pub username: String,
    /// 12 to 256 characters.
    pub password: String,
}

/// `POST /sessions`: who, the proof of it, and how the session is kept.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Login {
    /// As it was registered; case and Unicode spelling do not matter.
    pub username: String,
    /// The password.
    pub password: String,
    /// For pages of the API's own origin: the answer has no token, but sets it as a cookie that no script can read.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cookie: bool,
}

/// A new account.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AccountCreated {
    /// The account.
    pub account_id: AccountId,
    /// The user name as it is stored.
    pub username: String,
}

/// A new session.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SessionCreated {
    /// Goes into `Authorization: Bearer …`. Shown once and stored nowhere: only its SHA-256 is. Absent if it was asked for
    /// as a cookie.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// When it stops working.
    pub expires_at: Timestamp,
}

/// `GET /accounts/me`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AccountView {
    /// The account.
    pub account_id: AccountId,
    /// The user name as it is stored.
    pub username: String,
    /// How many raw bytes of distinct content the account may hold.
    pub quota_bytes: u64,
    /// How many it holds: each distinct content once.
    pub used_bytes: u64,
    /// Declared bytes of its open and pending uploads.
    pub reserved_bytes: u64,
    /// What its contents take where they lie: each chunk once, compressed where that pays. Counted as it changes, and off by
    /// what a worker that died had not counted.
    #[serde(default)]
    pub stored_bytes: u64,
}
