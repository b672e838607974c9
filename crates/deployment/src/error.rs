//! Says why a setting cannot be used.

use sluice_storage::StorageError;
use sluice_storage::stores::StoresError;

use crate::setting::{About, Secrecy};
use crate::settings::{PRESIGNED_URL_TTL_SECONDS, RETIRED_OBJECT_GRACE_SECONDS, STORES};

#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("the environment variable {0} is not set")]
    Missing(&'static str),
    #[error("the environment variable {name} is {value:?}, which is not {expected}")]
    Invalid {
        name: &'static str,
        value: String,
        /// A phrase for the message: what the value should be.
        expected: &'static str,
    },
    #[error("the environment variable {setting}: {0}", setting = STORES.about.name)]
    Stores(#[from] StoresError),
    /// Objects would be deleted while presigned URLs for them still work.
    #[error(
        "{} is not longer than {}",
        RETIRED_OBJECT_GRACE_SECONDS.about.name,
        PRESIGNED_URL_TTL_SECONDS.about.name
    )]
    GraceTooShort,
    #[error("{name}: {error}")]
    Secret {
        /// The variable that refers to the secret.
        name: &'static str,
        error: StorageError,
    },
}

impl ConfigError {
    pub(crate) fn invalid(about: &About, value: &str) -> Self {
        let value = match about.secrecy {
            Secrecy::Public => value.to_owned(),
            Secrecy::Secret => "…".to_owned(),
        };
        Self::Invalid { name: about.name, value, expected: about.expected }
    }
}
