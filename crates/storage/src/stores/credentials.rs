//! Finds the credentials of a store.

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::future::ProvideCredentials as Provided;
use aws_credential_types::provider::{self, ProvideCredentials};
use serde::Deserialize;
use std::str::FromStr;

/// A reference to the credentials of a store, so that the configuration holds no secret.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum CredentialsReference {
    /// The credentials of the process itself.
    #[default]
    Own,
    /// The environment variables `{0}_ACCESS_KEY_ID` and `{0}_SECRET_ACCESS_KEY`, for a single machine.
    Environment(String),
    /// The secret of AWS Secrets Manager with this name or ARN, which holds the JSON object
    /// `{"access_key_id":…,"secret_access_key":…}`.
    Secret(String),
}

/// A text that is not a reference to credentials. The error does not repeat it: it may be a secret that an
/// operator put here by mistake.
#[derive(Debug, thiserror::Error)]
#[error("credentials are `own`, `env:PREFIX` or `secretsmanager:NAME`")]
pub struct InvalidReference;

impl FromStr for CredentialsReference {
    type Err = InvalidReference;
    fn from_str(text: &str) -> Result<Self, InvalidReference> {
        match text.split_once(':') {
            None if text == "own" => Ok(Self::Own),
            Some(("env", prefix)) if !prefix.is_empty() => Ok(Self::Environment(prefix.to_owned())),
            Some(("secretsmanager", name)) if !name.is_empty() => Ok(Self::Secret(name.to_owned())),
            _ => Err(InvalidReference),
        }
    }
}

impl TryFrom<String> for CredentialsReference {
    type Error = InvalidReference;
    fn try_from(text: String) -> Result<Self, InvalidReference> {
        text.parse()
    }
}

/// The JSON of a secret.
#[derive(Deserialize)]
struct Secret {
    access_key_id: String,
    secret_access_key: String,
}

/// Reads a secret when its credentials are first needed.
#[derive(Debug)]
pub(super) struct SecretCredentials {
    pub client: aws_sdk_secretsmanager::Client,
    pub name: String,
}

impl SecretCredentials {
    async fn read(&self) -> provider::Result {
        let answer = self.client.get_secret_value().secret_id(&self.name).send().await;
        let answer = answer.map_err(CredentialsError::provider_error)?;
        let text = answer.secret_string().unwrap_or_default();
        // The error must not hold any of the text of the secret.
        let secret: Secret = serde_json::from_str(text).map_err(|_| {
            CredentialsError::invalid_configuration(
                "the secret is no JSON object of access_key_id and secret_access_key",
            )
        })?;
        Ok(Credentials::new(secret.access_key_id, secret.secret_access_key, None, None, "secretsmanager"))
    }
}

impl ProvideCredentials for SecretCredentials {
    fn provide_credentials<'a>(&'a self) -> Provided<'a>
    where
        Self: 'a,
    {
        Provided::new(self.read())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_read_and_secrets_refused() {
        assert_eq!("own".parse::<CredentialsReference>().ok(), Some(CredentialsReference::Own));
        let environment = CredentialsReference::Environment("SLUICE_CEPH".to_owned());
        assert_eq!("env:SLUICE_CEPH".parse::<CredentialsReference>().ok(), Some(environment));
        for text in ["", "AKIA0123:secret", "env:", "secretsmanager:", "ssm:/a"] {
            let error = text.parse::<CredentialsReference>().expect_err(text).to_string();
            assert!(!error.contains("AKIA"), "{error}");
        }
    }
}
