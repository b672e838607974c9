//! Models accounts and sessions, and checks user names and passwords.

use serde::{Deserialize, Serialize};
use std::fmt;
use unicode_normalization::UnicodeNormalization;

use crate::hash::Sha256;
use crate::id::AccountId;
use crate::time::{Timestamp, unix_milliseconds};

/// An account with its quota.
///
/// `available_bytes` is `quota_bytes - used_bytes - reserved_bytes - row_bytes`. It is an attribute of its
/// own because a DynamoDB condition compares but does not add.
#[derive(Clone, Serialize, Deserialize)]
pub struct Account {
    /// The name to log in with, which is the key of the row.
    pub username: Username,
    /// The account's id, which never changes.
    pub account_id: AccountId,
    /// Argon2id hash of the password in PHC string format.
    pub password_hash: String,
    /// The limit of `used_bytes`, `reserved_bytes` and `row_bytes` together.
    pub quota_bytes: u64,
    /// Raw bytes of the blobs that the account holds, each blob counted once.
    pub used_bytes: u64,
    /// Declared bytes of the open and pending uploads.
    pub reserved_bytes: u64,
    /// Bytes that were written to the vault for the account's blobs, without what they share.
    pub stored_bytes: u64,
    /// [`ROW_BYTES`] for each version and each unfinished upload.
    #[serde(default)]
    pub row_bytes: u64,
    /// How many uploads are open or pending.
    #[serde(default)]
    pub unfinished_uploads: u64,
    /// Bytes that can still be reserved. Fewer than none if files were deleted although no room was left.
    pub available_bytes: i64,
    /// When the account was registered.
    #[serde(with = "unix_milliseconds")]
    pub created_at: Timestamp,
}

/// What a version's row takes of the quota, whatever its size. An unfinished upload takes it for the version
/// that it will make. A row has 0.5 to 3 KB, and files have a copy of their current version.
pub const ROW_BYTES: u64 = 1024;

/// An account has at most this many unfinished uploads.
pub const UNFINISHED_UPLOADS_MAX: u64 = 10_000;

/// A session, from a login until it expires or the user logs out.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Session {
    /// SHA-256 of the token; the token itself is not stored.
    pub token_sha256: Sha256,
    /// The account that is logged in.
    pub account_id: AccountId,
    /// The user name of the account, which is the key of its row.
    pub username: Username,
    /// When the session ends, in seconds since 1970. `DynamoDB` deletes the row some time later.
    pub expires_at: u64,
}

impl Session {
    /// Whether the session has not expired at `now`.
    pub fn is_valid(&self, now: Timestamp) -> bool {
        now.unix_seconds() < self.expires_at
    }
}

/// A user name in its one stored form: NFKC (Unicode Standard Annex 15), lower case, 3 to 64 characters of
/// letters, digits, `.`, `_`, `-` and `@`, beginning with a letter or digit.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Username(String);

/// The longest text that is normalised as a user name, in bytes.
pub const USERNAME_INPUT_MAX_BYTES: usize = 1024;

/// The longest text that is normalised as a password, in bytes.
pub const PASSWORD_INPUT_MAX_BYTES: usize = 4096;

/// Why a user name was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidUsername {
    /// The normalised name has fewer than 3 or more than 64 characters.
    #[error("a user name has 3 to 64 characters")]
    Length,
    /// A character is not allowed, or not allowed as the first.
    #[error("a user name is letters, digits, '.', '_', '-' and '@', and begins with a letter or digit")]
    Character,
}

impl Username {
    /// Parses and normalises a name as the user typed it.
    ///
    /// # Errors
    /// [`InvalidUsername`] names the rule that the name breaks.
    pub fn parse(text: &str) -> Result<Self, InvalidUsername> {
        // Bounded before normalising: NFKC may expand one character into eighteen.
        if text.len() > USERNAME_INPUT_MAX_BYTES {
            return Err(InvalidUsername::Length);
        }
        let name: String = text.nfkc().flat_map(char::to_lowercase).nfkc().collect();
        if !(3..=64).contains(&name.chars().count()) {
            return Err(InvalidUsername::Length);
        }
        let allowed = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '@');
        let starts_well = name.chars().next().is_some_and(char::is_alphanumeric);
        if !starts_well || !name.chars().all(allowed) {
            return Err(InvalidUsername::Character);
        }
        Ok(Self(name))
    }

    /// The normalised name, as tables store it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Username {
    type Error = InvalidUsername;
    fn try_from(text: String) -> Result<Self, InvalidUsername> {
        Self::parse(&text)
    }
}

impl From<Username> for String {
    fn from(name: Username) -> String {
        name.0
    }
}

/// A password as it is hashed: NFC, 12 to 256 characters, no control characters (RFC 8265's `OpaqueString`
/// profile). `Debug` does not show it.
#[derive(Clone)]
pub struct Password(String);

/// Why a password was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPassword {
    /// The password has fewer than 12 characters.
    #[error("a password has at least 12 characters")]
    TooShort,
    /// The password has more than 256 characters.
    #[error("a password has at most 256 characters")]
    TooLong,
    /// The password contains a control character.
    #[error("a password has no control characters")]
    ControlCharacter,
}

impl Password {
    /// Parses and normalises a password as the user typed it. Spaces of any script become the ASCII space, as
    /// `OpaqueString` requires.
    ///
    /// # Errors
    /// [`InvalidPassword`] names the rule that the password breaks.
    pub fn parse(text: &str) -> Result<Self, InvalidPassword> {
        if text.len() > PASSWORD_INPUT_MAX_BYTES {
            return Err(InvalidPassword::TooLong);
        }
        let spaced = |c: char| if c.is_whitespace() && !c.is_control() { ' ' } else { c };
        let password: String = text.chars().map(spaced).nfc().collect();
        match password.chars().count() {
            0..=11 => Err(InvalidPassword::TooShort),
            257.. => Err(InvalidPassword::TooLong),
            _ if password.chars().any(char::is_control) => Err(InvalidPassword::ControlCharacter),
            _ => Ok(Self(password)),
        }
    }

    /// The normalised password in UTF-8, to be hashed.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_name_are_one_name() {
        let name = Username::parse("André").expect("valid");
        for same in ["andre\u{301}", "ANDRÉ", "ａｎｄré"] {
            assert_eq!(Username::parse(same), Ok(name.clone()), "{same}");
        }
    }

    #[test]
    fn bad_names_say_why() {
        assert_eq!(Username::parse("ab"), Err(InvalidUsername::Length));
        assert_eq!(Username::parse(&"a".repeat(65)), Err(InvalidUsername::Length));
        assert_eq!(Username::parse(&"\u{fdfa}".repeat(400)), Err(InvalidUsername::Length));
        for bad in ["a b c", "-abc", "ab\0c", "a/b", "ab\u{202e}c"] {
            assert_eq!(Username::parse(bad), Err(InvalidUsername::Character), "{bad:?}");
        }
    }

    #[test]
    fn passwords_are_normalised_and_bounded() {
        let composed = Password::parse("pässword long enough").expect("valid");
        let decomposed = Password::parse("pa\u{308}ssword\u{a0}long enough").expect("valid");
        assert_eq!(composed.as_bytes(), decomposed.as_bytes());
        assert_eq!(Password::parse("short").err(), Some(InvalidPassword::TooShort));
        assert_eq!(Password::parse(&"x".repeat(257)).err(), Some(InvalidPassword::TooLong));
        assert_eq!(Password::parse("line one\nline two").err(), Some(InvalidPassword::ControlCharacter));
        assert_eq!(format!("{composed:?}"), "Password(…)");
    }
}
