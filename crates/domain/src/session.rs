//! Models sessions and the tokens that prove them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64_URL;
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;

use crate::account::Username;
use crate::hash::Sha256;
use crate::id::{AccountId, SessionId};
use crate::time::{Timestamp, unix_milliseconds};

/// How every token begins, so that people and scanners of leaked secrets know one.
const TOKEN_PREFIX: &str = "sluice_";

/// An account has at most this many sessions, so that they can be listed and ended in one call.
pub const SESSIONS_MAX: usize = 100;

/// The longest name of a client that is kept, in characters.
const CLIENT_MAX_CHARACTERS: usize = 200;

/// A session, from a login until it expires or somebody ends it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Session {
    /// The account that is logged in.
    pub account_id: AccountId,
    /// SHA-256 of the token; the token itself is not stored.
    pub token_sha256: Sha256,
    /// The user name of the account, which is the key of its row.
    pub username: Username,
    /// When the user logged in.
    #[serde(with = "unix_milliseconds")]
    pub created_at: Timestamp,
    /// When the session ends, in seconds since 1970. `DynamoDB` deletes the row some time later.
    pub expires_at: u64,
    /// The program that logged in, as it named itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// The network address that the login came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
}

impl Session {
    /// Whether the session has not expired at `now`.
    pub fn is_valid(&self, now: Timestamp) -> bool {
        now.unix_seconds() < self.expires_at
    }

    /// The key of the session's row.
    pub fn key(&self) -> SessionKey {
        SessionKey { account_id: self.account_id, token_sha256: self.token_sha256 }
    }
}

/// What a token says about its session: where the row is. Only a row that exists proves anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionKey {
    /// The account that the token names.
    pub account_id: AccountId,
    /// SHA-256 of the token.
    pub token_sha256: Sha256,
}

impl SessionKey {
    /// Finds the key of a token's session. None if the text is no token.
    pub fn of_token(token: &str) -> Option<Self> {
        let bytes = BASE64_URL.decode(token.strip_prefix(TOKEN_PREFIX)?).ok()?;
        let (account_id, secret) = bytes.split_first_chunk::<16>()?;
        let account_id = AccountId::from_bytes(*account_id);
        (secret.len() == 32).then(|| Self { account_id, token_sha256: Sha256::of(token.as_bytes()) })
    }

    /// The id that the user knows the session by.
    pub fn session_id(&self) -> SessionId {
        let mut first_half = [0; 16];
        first_half.copy_from_slice(&self.token_sha256.as_bytes()[..16]);
        SessionId::from_bytes(first_half)
    }
}

/// The sessions of an account that are to end because it has too many: the oldest.
pub fn surplus(mut sessions: Vec<Session>) -> Vec<Session> {
    sessions.sort_by_key(|session| Reverse(session.created_at));
    sessions.split_off(sessions.len().min(SESSIONS_MAX))
}

/// Makes the token of a new session. It names the account, so that all sessions of an account are in one
/// place, where a consistent query finds them.
pub fn token(account_id: AccountId, secret: &[u8; 32]) -> String {
    format!("{TOKEN_PREFIX}{}", BASE64_URL.encode([&account_id.as_bytes()[..], secret].concat()))
}

/// The part of a client's name that is kept: printable, and not longer than 200 characters.
pub fn client_name(user_agent: &str) -> String {
    user_agent.chars().filter(|c| !c.is_control()).take(CLIENT_MAX_CHARACTERS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_names_its_account_and_only_whole_tokens_are_tokens() {
        let account_id = AccountId::from_bytes([7; 16]);
        let token = token(account_id, &[0xff; 32]);
        let key = SessionKey::of_token(&token).expect("a token");
        assert_eq!((key.account_id, key.token_sha256), (account_id, Sha256::of(token.as_bytes())));
        assert!(key.token_sha256.to_string().starts_with(&key.session_id().to_string()));
        let longer = format!("{token}AAAA");
        for no_token in ["", "sluice_", "garbage", &token[1..], &token[..token.len() - 1], &longer] {
            assert_eq!(SessionKey::of_token(no_token), None, "{no_token}");
        }
    }

    #[test]
    fn a_name_of_a_client_is_bounded_and_printable() {
        assert_eq!(client_name("Mozilla/5.0\n(X11)"), "Mozilla/5.0(X11)");
        assert_eq!(client_name(&"é".repeat(300)), "é".repeat(200));
    }
}
