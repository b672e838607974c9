//! Holds the settings of a deployment and the clients that are made from them.

use sluice_domain::hash::Sha256;
use sluice_storage::presign::{Credentials, UrlLife};
use sluice_storage::stores::Role;
use sluice_storage::{Clients, Stores, TableNames, Tables};
use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::OnceLock;
use std::time::Duration;

use crate::environment::environment;
use crate::error::ConfigError;
use crate::settings::URL_LIFE;

/// The settings of a deployment, and the clients that are made from them.
#[derive(Debug)]
pub struct Deployment {
    pub(crate) clients: Clients,
    credentials: Credentials,
    pub(crate) settings: BTreeMap<String, String>,
    pub(crate) stores: OnceLock<Stores>,
}

impl Deployment {
    /// Reads region, credentials, endpoint and settings from the environment.
    pub async fn from_environment() -> Self {
        let (clients, credentials) = Clients::from_environment().await;
        Self::new(clients, credentials, environment())
    }

    pub fn new(clients: Clients, credentials: Credentials, settings: BTreeMap<String, String>) -> Self {
        Self { clients, credentials, settings, stores: OnceLock::new() }
    }

    /// The settings as they were given, including secrets.
    pub fn settings(&self) -> &BTreeMap<String, String> {
        &self.settings
    }

    pub fn tables(&self) -> Result<Tables, ConfigError> {
        let names = TableNames {
            accounts: self.text("SLUICE_ACCOUNTS_TABLE")?,
            sessions: self.text("SLUICE_SESSIONS_TABLE")?,
            uploads: self.text("SLUICE_UPLOADS_TABLE")?,
            files: self.text("SLUICE_FILES_TABLE")?,
            versions: self.text("SLUICE_VERSIONS_TABLE")?,
            blobs: self.text("SLUICE_BLOBS_TABLE")?,
            packs: self.text("SLUICE_PACKS_TABLE")?,
            chunk_index: self.text("SLUICE_CHUNK_INDEX_TABLE")?,
            retired_objects: self.text("SLUICE_RETIRED_OBJECTS_TABLE")?,
            receipts: self.text("SLUICE_RECEIPTS_TABLE")?,
        };
        Ok(Tables::new(&self.clients, names))
    }

    /// How long a materialized blob is used. The bucket keeps it longer.
    pub fn cache_life(&self) -> Result<Duration, ConfigError> {
        self.seconds("SLUICE_CACHED_BLOB_TTL_SECONDS")
    }

    /// The maximum validity of a presigned URL.
    pub fn url_life(&self) -> Result<UrlLife, ConfigError> {
        let store = self.stores()?.with_role(Role::Vault).and_then(|(store, _)| store.credentials());
        let credentials = store.map_or_else(|| self.credentials.clone(), Credentials::given);
        Ok(UrlLife::new(credentials, self.seconds(URL_LIFE)?))
    }

    pub fn upload_life(&self) -> Result<Duration, ConfigError> {
        self.seconds("SLUICE_UPLOAD_TTL_SECONDS")
    }

    pub fn session_life(&self) -> Result<Duration, ConfigError> {
        self.seconds("SLUICE_SESSION_TTL_SECONDS")
    }

    /// The quota of a new account, in bytes.
    pub fn default_quota_bytes(&self) -> Result<u64, ConfigError> {
        self.number("SLUICE_DEFAULT_QUOTA_BYTES")
    }

    /// SHA-256 of the secret that stores send to the webhook; without it the webhook is closed.
    pub fn webhook_secret_sha256(&self) -> Result<Option<Sha256>, ConfigError> {
        const NAME: &str = "SLUICE_WEBHOOK_SECRET_SHA256";
        let Ok(text) = self.text(NAME) else { return Ok(None) };
        // The value is not quoted: it may be the secret itself.
        let invalid = ConfigError::Invalid {
            name: NAME,
            value: "…".to_owned(),
            expected: "a SHA-256 in lower-case hex",
        };
        text.parse().map(Some).map_err(|_| invalid)
    }

    /// The name of the stack; none if metrics are not wanted.
    pub fn stack_name(&self) -> Option<String> {
        self.text("SLUICE_STACK_NAME").ok()
    }

    pub(crate) fn text(&self, name: &'static str) -> Result<String, ConfigError> {
        let value = self.settings.get(name).filter(|value| !value.is_empty());
        value.cloned().ok_or(ConfigError::Missing(name))
    }

    pub(crate) fn number<T: FromStr>(&self, name: &'static str) -> Result<T, ConfigError> {
        let value = self.text(name)?;
        value.parse().map_err(|_| ConfigError::Invalid { name, value, expected: "a whole number" })
    }

    pub(crate) fn seconds(&self, name: &'static str) -> Result<Duration, ConfigError> {
        self.number(name).map(Duration::from_secs)
    }
}
