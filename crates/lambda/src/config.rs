//! Configuration: the one place that reads the environment.

use sluice_storage::presign::UrlLife;
use sluice_storage::{Bucket, Clients, Queue, TableNames, Tables};
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

/// A function's settings and the clients made from them.
#[derive(Debug)]
pub struct Deployment {
    clients: Clients,
    credentials: sluice_storage::presign::Credentials,
}

impl Deployment {
    /// Starts logging and reads region, credentials and endpoint from the environment.
    pub async fn from_environment() -> Result<Self, ConfigError> {
        telemetry_from_environment()?;
        let (clients, credentials) = Clients::from_environment().await;
        Ok(Self { clients, credentials })
    }

    /// All tables.
    pub fn tables(&self) -> Result<Tables, ConfigError> {
        let names = TableNames {
            accounts: text("SLUICE_ACCOUNTS_TABLE")?,
            sessions: text("SLUICE_SESSIONS_TABLE")?,
            uploads: text("SLUICE_UPLOADS_TABLE")?,
            files: text("SLUICE_FILES_TABLE")?,
            versions: text("SLUICE_VERSIONS_TABLE")?,
            contents: text("SLUICE_CONTENTS_TABLE")?,
            packs: text("SLUICE_PACKS_TABLE")?,
        };
        Ok(Tables::new(&self.clients, names))
    }

    /// The bucket where presigned uploads arrive.
    pub fn landing(&self) -> Result<Bucket, ConfigError> {
        Ok(Bucket::new(&self.clients, text("SLUICE_LANDING_BUCKET")?))
    }

    /// The bucket that holds what has been verified.
    pub fn vault(&self) -> Result<Bucket, ConfigError> {
        Ok(Bucket::new(&self.clients, text("SLUICE_VAULT_BUCKET")?))
    }

    /// The queue of objects that have landed.
    pub fn landing_queue(&self) -> Result<Queue, ConfigError> {
        Ok(Queue::new(&self.clients, text("SLUICE_LANDING_QUEUE_URL")?))
    }

    /// Where messages go that cannot be worked off.
    pub fn landing_dead_letter_queue(&self) -> Result<Queue, ConfigError> {
        Ok(Queue::new(&self.clients, text("SLUICE_LANDING_DEAD_LETTER_QUEUE_URL")?))
    }

    /// After how many receives a message goes to the dead-letter queue.
    pub fn max_receive_count(&self) -> Result<u32, ConfigError> {
        number("SLUICE_MAX_RECEIVE_COUNT")
    }

    /// How long a presigned URL lives, at most.
    pub fn url_life(&self) -> Result<UrlLife, ConfigError> {
        Ok(UrlLife::new(self.credentials.clone(), seconds("SLUICE_URL_SECONDS")?))
    }

    /// How long an upload may take.
    pub fn upload_life(&self) -> Result<Duration, ConfigError> {
        seconds("SLUICE_UPLOAD_SECONDS")
    }

    /// How long a session lasts.
    pub fn session_life(&self) -> Result<Duration, ConfigError> {
        seconds("SLUICE_SESSION_SECONDS")
    }

    /// The quota in bytes that a new account gets.
    pub fn default_quota_bytes(&self) -> Result<u64, ConfigError> {
        number("SLUICE_DEFAULT_QUOTA_BYTES")
    }
}

fn telemetry_from_environment() -> Result<(), ConfigError> {
    const NAME: &str = "SLUICE_LOG";
    let level = optional(NAME).unwrap_or_else(|| "info".to_owned());
    let level = LevelFilter::from_str(&level).map_err(|_| ConfigError::Invalid {
        name: NAME,
        value: level,
        expected: "error, warn, info, debug or trace",
    })?;
    crate::telemetry::start(level);
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "the one place")]
fn optional(name: &'static str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn text(name: &'static str) -> Result<String, ConfigError> {
    optional(name).ok_or(ConfigError::Missing(name))
}

fn number<T: FromStr>(name: &'static str) -> Result<T, ConfigError> {
    let value = text(name)?;
    value.parse().map_err(|_| ConfigError::Invalid { name, value, expected: "a whole number" })
}

fn seconds(name: &'static str) -> Result<Duration, ConfigError> {
    number(name).map(Duration::from_secs)
}
