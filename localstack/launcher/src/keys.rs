//! The keys of the emulated AWS's administrator.

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
}

/// Shows no secret.
impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").finish_non_exhaustive()
    }
}
