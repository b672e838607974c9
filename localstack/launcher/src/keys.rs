//! The keys of the emulated AWS's administrator, and those of stores.

use std::fmt;

use crate::random::random_hex;

/// The keys of the emulated AWS's administrator, who may run code on this machine. Functions get sessions of
/// their own roles.
#[derive(Clone, PartialEq, Eq)]
pub struct Keys {
    /// The access key, which signed requests show. Web pages never see one of the administrator's.
    pub access_key: String,
    /// The secret of the access key.
    pub secret_key: String,
}

impl Keys {
    /// Keys that nobody knows. Emulators take an access key that begins with digits for an account's.
    pub fn random() -> Self {
        Self { access_key: format!("sluice{}", random_hex()), secret_key: random_hex() }
    }

    /// The keys of a store's only user. Web pages see the access key in presigned URLs, so it is not the
    /// emulator's.
    pub fn of_store(secret_key: String) -> Self {
        Self { access_key: "sluicelocal".to_owned(), secret_key }
    }
}

/// Shows no secret.
impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").finish_non_exhaustive()
    }
}
