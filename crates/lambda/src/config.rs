//! Configuration: the one place that reads the environment.

use crate::batch::Settlement;
use sluice_storage::presign::{Credentials, UrlLife};
use sluice_storage::{Bucket, Clients, Queue, TableNames, Tables};
use std::collections::BTreeMap;
use std::str::FromStr;
use std::time::Duration;
use tracing_subscriber::filter::LevelFilter;

/// A setting that is missing or wrong.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// Not set.
    #[error("the environment variable {0} is not set")]
    Missing(&'static str),
    /// Set to something that is not what it should be.
    #[error("the environment variable {name} is {value:?}, which is not {expected}")]
    Invalid {
        /// The variable.
        name: &'static str,
        /// What it holds.
        value: String,
        /// What it should hold.
        expected: &'static str,
    },
}

/// What the names of all settings begin with.
const PREFIX: &str = "SLUICE_";

/// A function's settings and the clients made from them.
#[derive(Debug)]
pub struct Deployment {
    clients: Clients,
    credentials: Credentials,
    settings: BTreeMap<String, String>,
}

impl Deployment {
    /// Starts logging and reads region, credentials, endpoint and settings from the environment.
    pub async fn from_environment() -> Result<Self, ConfigError> {
        let (clients, credentials) = Clients::from_environment().await;
        let deployment = Self { clients, credentials, settings: environment() };
        crate::telemetry::start(deployment.log_level()?);
        Ok(deployment)
    }

    /// A deployment with these clients and settings.
    pub fn new(clients: Clients, credentials: Credentials, settings: BTreeMap<String, String>) -> Self {
        Self { clients, credentials, settings }
    }

    /// All tables.
    pub fn tables(&self) -> Result<Tables, ConfigError> {
        let names = TableNames {
            accounts: self.text("SLUICE_ACCOUNTS_TABLE")?,
            sessions: self.text("SLUICE_SESSIONS_TABLE")?,
            uploads: self.text("SLUICE_UPLOADS_TABLE")?,
            files: self.text("SLUICE_FILES_TABLE")?,
            versions: self.text("SLUICE_VERSIONS_TABLE")?,
            contents: self.text("SLUICE_CONTENTS_TABLE")?,
            packs: self.text("SLUICE_PACKS_TABLE")?,
            chunk_index: self.text("SLUICE_CHUNK_INDEX_TABLE")?,
        };
        Ok(Tables::new(&self.clients, names))
    }

    /// The bucket where presigned uploads arrive.
    pub fn landing(&self) -> Result<Bucket, ConfigError> {
        Ok(Bucket::new(&self.clients, self.text("SLUICE_LANDING_BUCKET")?))
    }

    /// The bucket that holds what has been verified.
    pub fn vault(&self) -> Result<Bucket, ConfigError> {
        Ok(Bucket::new(&self.clients, self.text("SLUICE_VAULT_BUCKET")?))
    }

    /// The bucket of contents rebuilt for plain HTTP readers.
    pub fn cache(&self) -> Result<Bucket, ConfigError> {
        Ok(Bucket::new(&self.clients, self.text("SLUICE_CACHE_BUCKET")?))
    }

    /// How long a rebuilt content is used before it is built anew; the bucket keeps it longer than that.
    pub fn cache_life(&self) -> Result<Duration, ConfigError> {
        self.seconds("SLUICE_CACHE_SECONDS")
    }

    /// The queue of contents to rebuild.
    pub fn materialize_queue(&self) -> Result<Queue, ConfigError> {
        Ok(Queue::new(&self.clients, self.text("SLUICE_MATERIALIZE_QUEUE_URL")?))
    }

    /// The queue of objects that have landed.
    pub fn landing_queue(&self) -> Result<Queue, ConfigError> {
        Ok(Queue::new(&self.clients, self.text("SLUICE_LANDING_QUEUE_URL")?))
    }

    /// Where messages about objects that have landed go in the end.
    pub fn landing_settlement(&self) -> Result<Settlement, ConfigError> {
        self.settlement(self.landing_queue()?, "SLUICE_LANDING_DEAD_LETTER_QUEUE_URL")
    }

    /// Where requests for contents go in the end.
    pub fn materialize_settlement(&self) -> Result<Settlement, ConfigError> {
        self.settlement(self.materialize_queue()?, "SLUICE_MATERIALIZE_DEAD_LETTER_QUEUE_URL")
    }

    fn settlement(&self, queue: Queue, dead_letters: &'static str) -> Result<Settlement, ConfigError> {
        Ok(Settlement {
            queue,
            dead_letters: Queue::new(&self.clients, self.text(dead_letters)?),
            max_receive_count: self.number("SLUICE_MAX_RECEIVE_COUNT")?,
        })
    }

    /// How long a presigned URL lives, at most.
    pub fn url_life(&self) -> Result<UrlLife, ConfigError> {
        Ok(UrlLife::new(self.credentials.clone(), self.seconds("SLUICE_URL_SECONDS")?))
    }

    /// How long an upload may take.
    pub fn upload_life(&self) -> Result<Duration, ConfigError> {
        self.seconds("SLUICE_UPLOAD_SECONDS")
    }

    /// How long a session lasts.
    pub fn session_life(&self) -> Result<Duration, ConfigError> {
        self.seconds("SLUICE_SESSION_SECONDS")
    }

    /// The quota in bytes that a new account gets.
    pub fn default_quota_bytes(&self) -> Result<u64, ConfigError> {
        self.number("SLUICE_DEFAULT_QUOTA_BYTES")
    }

    fn log_level(&self) -> Result<LevelFilter, ConfigError> {
        const NAME: &str = "SLUICE_LOG";
        let level = self.text(NAME).unwrap_or_else(|_| "info".to_owned());
        let expected = "error, warn, info, debug or trace";
        LevelFilter::from_str(&level).map_err(|_| ConfigError::Invalid { name: NAME, value: level, expected })
    }

    fn text(&self, name: &'static str) -> Result<String, ConfigError> {
        let value = self.settings.get(name).filter(|value| !value.is_empty());
        value.cloned().ok_or(ConfigError::Missing(name))
    }

    fn number<T: FromStr>(&self, name: &'static str) -> Result<T, ConfigError> {
        let value = self.text(name)?;
        value.parse().map_err(|_| ConfigError::Invalid { name, value, expected: "a whole number" })
    }

    fn seconds(&self, name: &'static str) -> Result<Duration, ConfigError> {
        self.number(name).map(Duration::from_secs)
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place")]
fn environment() -> BTreeMap<String, String> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter(|(name, _)| name.starts_with(PREFIX))
        .collect()
}
