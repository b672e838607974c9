//! Defines the bodies of the calls under `/accounts` and `/sessions`.

use serde::{Deserialize, Serialize};
use sluice_domain::id::{AccountId, SessionId};
use sluice_domain::time::Timestamp;

/// The body of `POST /accounts`: the user name and password of a new account, and the invitation to it.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Credentials {
    /// 3 to 64 letters, digits, `.`, `_`, `-`, `@`, beginning with a letter or digit. Case and Unicode
    /// spelling do not matter.
    #[cfg_attr(
        feature = "schema",
        schemars(length(min = 3, max = 64), regex(pattern = crate::openapi::limits::USERNAME_PATTERN))
    )]
    pub username: String,
    /// 12 to 256 characters, no control characters; not easy to guess.
    #[cfg_attr(
        feature = "schema",
        schemars(length(min = 12, max = 256), regex(pattern = crate::openapi::limits::NO_CONTROL_PATTERN))
    )]
    pub password: String,
    /// The invitation that the operator gave out. Needed where registration is by invitation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invitation: Option<String>,
}

/// The body of `POST /sessions`: logs in.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Login {
    /// The registered user name; case and Unicode spelling do not matter.
    pub username: String,
    /// The password of the account; Unicode spelling does not matter.
    pub password: String,
    /// Sets the token as a cookie that scripts cannot read, instead of answering it. Only for pages of the
    /// API's own origin.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cookie: bool,
}

/// The answer to `POST /accounts`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AccountCreated {
    /// The id of the account.
    pub account_id: AccountId,
    /// The user name in its normalised form.
    pub username: String,
}

/// The answer to `POST /sessions`.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SessionCreated {
    /// The token for `Authorization: Bearer …`. It is shown once; Sluice stores only its SHA-256. Absent if
    /// it was set as a cookie.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// When the session ends.
    pub expires_at: Timestamp,
}

/// The answer to `GET /sessions`: the account's sessions, the latest first.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SessionList {
    /// The sessions that have not ended.
    pub sessions: Vec<SessionView>,
}

/// A session of the account, without its token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SessionView {
    /// The id to end the session by. It is no token.
    pub session_id: SessionId,
    /// When the user logged in.
    pub created_at: Timestamp,
    /// When the session ends by itself.
    pub expires_at: Timestamp,
    /// Whether this call was made in this session.
    pub current: bool,
    /// The program that logged in, as it named itself in `User-Agent`: at most 200 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// The network address that the login came from, if the server learned it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
}

/// The body of `POST /accounts/me/password`.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PasswordChange {
    /// The present password.
    pub password: String,
    /// The new password: 12 to 256 characters, no control characters; not easy to guess.
    #[cfg_attr(
        feature = "schema",
        schemars(length(min = 12, max = 256), regex(pattern = crate::openapi::limits::NO_CONTROL_PATTERN))
    )]
    pub new_password: String,
}

/// The answer to `GET /accounts/me`: the account and its quota.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AccountView {
    /// The id of the account.
    pub account_id: AccountId,
    /// The user name in its normalised form.
    pub username: String,
    /// The limit of `used_bytes` plus `reserved_bytes`.
    pub quota_bytes: u64,
    /// Raw bytes of the blobs that the account holds, each blob counted once.
    pub used_bytes: u64,
    /// Declared bytes of the open and pending uploads.
    pub reserved_bytes: u64,
    /// Bytes that the account's blobs take in the stores, each chunk counted once, compressed where
    /// worthwhile. Approximate: a worker that died may have missed some bytes.
    #[serde(default)]
    pub stored_bytes: u64,
}
