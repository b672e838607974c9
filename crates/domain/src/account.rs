//! Models accounts, and checks user names.

use serde::{Deserialize, Serialize};
use std::fmt;
use unicode_normalization::UnicodeNormalization;

use crate::id::AccountId;
use crate::time::{Timestamp, optional_unix_milliseconds, unix_milliseconds};

/// An account with its quota.
///
/// `available_bytes` is `quota_bytes - used_bytes - reserved_bytes`. It is an attribute of its own because a
/// DynamoDB condition compares but does not add.
#[derive(Clone, Serialize, Deserialize)]
pub struct Account {
    /// The name to log in with, which is the key of the row.
    pub username: Username,
    /// The account's id, which never changes.
    pub account_id: AccountId,
    /// Argon2id hash of the password in PHC string format.
    pub password_hash: String,
    /// The limit of `used_bytes` plus `reserved_bytes`.
    pub quota_bytes: u64,
    /// Raw bytes of the blobs that the account holds, each blob counted once.
    pub used_bytes: u64,
    /// Declared bytes of the open and pending uploads.
    pub reserved_bytes: u64,
    /// Bytes that were written to the vault for the account's blobs, without what they share.
    pub stored_bytes: u64,
    /// Bytes that can still be reserved.
    pub available_bytes: u64,
    /// When the account was registered.
    #[serde(with = "unix_milliseconds")]
    pub created_at: Timestamp,
    /// Since when the operator lets nobody log in to the account.
    #[serde(default, with = "optional_unix_milliseconds", skip_serializing_if = "Option::is_none")]
    pub suspended_at: Option<Timestamp>,
}

/// What distinguishes a new account from others.
#[derive(Clone)]
pub struct NewAccount {
    /// The name to log in with.
    pub username: Username,
    /// The account's id.
    pub account_id: AccountId,
    /// Argon2id hash of the password in PHC string format.
    pub password_hash: String,
    /// The quota in bytes.
    pub quota_bytes: u64,
    /// When the account is registered.
    pub created_at: Timestamp,
}

impl From<NewAccount> for Account {
    fn from(new: NewAccount) -> Self {
        Self {
            username: new.username,
            account_id: new.account_id,
            password_hash: new.password_hash,
            quota_bytes: new.quota_bytes,
            used_bytes: 0,
            reserved_bytes: 0,
            stored_bytes: 0,
            available_bytes: new.quota_bytes,
            created_at: new.created_at,
            suspended_at: None,
        }
    }
}

/// A user name in its one stored form: NFKC (Unicode Standard Annex 15), lower case, 3 to 64 characters of
/// letters, digits, `.`, `_`, `-` and `@`, beginning with a letter or digit.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Username(String);

/// The longest text that is normalised as a user name, in bytes.
pub const USERNAME_INPUT_MAX_BYTES: usize = 1024;

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
}
