//! Holds the credentials that sign requests and URLs.

use aws_config::SdkConfig;
use aws_credential_types::provider::SharedCredentialsProvider;

/// The credentials that sign URLs.
#[derive(Debug, Clone)]
pub struct Credentials(pub(crate) Option<SharedCredentialsProvider>);

impl Credentials {
    pub fn of(config: &SdkConfig) -> Self {
        Self(config.credentials_provider())
    }

    pub fn given(provider: SharedCredentialsProvider) -> Self {
        Self(Some(provider))
    }
}
