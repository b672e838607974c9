//! Says why a setting cannot be used.

use sluice_storage::StorageError;
use sluice_storage::stores::StoresError;

use crate::settings::{GRACE, STORES, URL_LIFE};

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
    #[error("the environment variable {STORES}: {0}")]
    Stores(#[from] StoresError),
    /// Objects would be deleted while presigned URLs for them still work.
    #[error("{GRACE} is not longer than {URL_LIFE}")]
    GraceTooShort,
    #[error("{name}: {error}")]
    Secret {
        /// The variable that refers to the secret.
        name: &'static str,
        error: StorageError,
    },
}
