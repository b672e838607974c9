//! Reads the settings of a deployment from the environment, which nothing else does.

use crate::batch::Acknowledger;
use sluice_domain::hash::Sha256;
use sluice_domain::migration::Rule;
use sluice_packs::{Mover, Pace};
use sluice_storage::presign::{Credentials, UrlLife};
use sluice_storage::stores::{PackBuckets, Role, StoreKind, Stores, StoresError};
use sluice_storage::{Bucket, Clients, Queue, TableNames, Tables};
use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::OnceLock;
use std::time::Duration;
use tracing_subscriber::filter::LevelFilter;

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
        error: sluice_storage::StorageError,
    },
}

const PREFIX: &str = "SLUICE_";

const STORES: &str = "SLUICE_STORES";
const GRACE: &str = "SLUICE_RETIRED_OBJECT_GRACE_SECONDS";
const URL_LIFE: &str = "SLUICE_PRESIGNED_URL_TTL_SECONDS";
const RULES: &str = "SLUICE_MIGRATION_RULES";
const RECEIPT_KEY: &str = "SLUICE_RECEIPT_SIGNING_KEY";

/// The settings of a deployment, and the clients that are made from them.
#[derive(Debug)]
pub struct Deployment {
    clients: Clients,
    credentials: Credentials,
    settings: BTreeMap<String, String>,
    stores: OnceLock<Stores>,
}

impl Deployment {
    /// Starts logging and reads region, credentials, endpoint and settings from the environment.
    pub async fn from_environment() -> Result<Self, ConfigError> {
        let (clients, credentials) = Clients::from_environment().await;
        let deployment = Self::new(clients, credentials, environment());
        crate::telemetry::start(deployment.log_level()?);
        if let Ok(stack) = deployment.text("SLUICE_STACK_NAME") {
            crate::metrics::start(stack);
        }
        Ok(deployment)
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

    /// The bucket that presigned uploads write to.
    pub fn landing(&self) -> Result<Bucket, ConfigError> {
        self.bucket(Role::Landing, "SLUICE_LANDING_BUCKET")
    }

    /// The bucket for verified bytes.
    pub fn vault(&self) -> Result<Bucket, ConfigError> {
        self.bucket(Role::Vault, "SLUICE_VAULT_BUCKET")
    }

    /// The bucket of blobs that were materialized for plain HTTP readers.
    pub fn cache(&self) -> Result<Bucket, ConfigError> {
        self.bucket(Role::Cache, "SLUICE_CACHE_BUCKET")
    }

    /// The bucket of the store with this role, or the bucket of the template.
    fn bucket(&self, role: Role, name: &'static str) -> Result<Bucket, ConfigError> {
        match self.stores()?.with_role(role) {
            Some((_, bucket)) => Ok(bucket),
            None => Ok(Bucket::new(&self.clients, self.text(name)?)),
        }
    }

    /// The stores besides the template's own buckets.
    pub fn stores(&self) -> Result<&Stores, ConfigError> {
        if let Some(stores) = self.stores.get() {
            return Ok(stores);
        }
        let json = self.text(STORES).unwrap_or_else(|_| "{}".to_owned());
        let requires_tls = self.text("SLUICE_REQUIRE_TLS").is_ok_and(|text| text == "true");
        let environment = |name: &str| self.settings.get(name).cloned();
        let opened = Stores::open(&self.clients, &json, &environment, requires_tls)?;
        Ok(self.stores.get_or_init(|| opened))
    }

    /// The buckets that contain packs.
    pub fn pack_buckets(&self) -> Result<PackBuckets, ConfigError> {
        Ok(self.stores()?.pack_buckets(self.vault()?))
    }

    /// Whether the landing bucket's notifications are reliable. Stores other than AWS notify by webhook, if
    /// at all, and their notifications may be late or lost.
    pub fn landing_notifies(&self) -> Result<bool, ConfigError> {
        let landing = self.stores()?.with_role(Role::Landing);
        Ok(landing.is_none_or(|(store, _)| store.definition.kind == StoreKind::Aws))
    }

    /// How long objects remain after their packs were moved: longer than any presigned URL for them is valid.
    pub fn grace(&self) -> Result<Duration, ConfigError> {
        let grace = self.seconds(GRACE)?;
        let url_life = self.seconds(URL_LIFE)?;
        if grace > url_life { Ok(grace) } else { Err(ConfigError::GraceTooShort) }
    }

    /// The migration rules; each names a store with a cold bucket.
    pub fn migration_rules(&self) -> Result<Vec<Rule>, ConfigError> {
        let Ok(value) = self.text(RULES) else { return Ok(Vec::new()) };
        let rules: Option<Vec<Rule>> = serde_json::from_str(&value).ok();
        let stores = self.stores()?;
        let known =
            |rule: &Rule| stores.get(&rule.to).is_some_and(|store| store.bucket(Role::Cold).is_some());
        let expected = "a JSON list of rules, each to a store with a cold bucket (docs/OPERATIONS.md)";
        rules.filter(|rules| rules.iter().all(known)).ok_or(ConfigError::Invalid {
            name: RULES,
            value,
            expected,
        })
    }

    /// The seed of the key that signs receipts. The setting refers to 32 bytes in hex.
    pub async fn receipt_seed(&self) -> Result<Option<[u8; 32]>, ConfigError> {
        let Ok(reference) = self.text(RECEIPT_KEY) else { return Ok(None) };
        let text = match reference.split_once(':') {
            Some(("env", name)) => self.settings.get(name).cloned(),
            Some(("secretsmanager", name)) => {
                let read = self.clients.secret(name).await;
                Some(read.map_err(|error| ConfigError::Secret { name: RECEIPT_KEY, error })?)
            }
            _ => None,
        };
        let seed = text.and_then(|text| text.trim().parse::<Sha256>().ok());
        let expected = "env:NAME or secretsmanager:NAME of 64 hex digits";
        let invalid = ConfigError::Invalid { name: RECEIPT_KEY, value: reference, expected };
        seed.map(|seed| Some(*seed.as_bytes())).ok_or(invalid)
    }

    /// A mover without receipts and without a speed limit.
    pub fn mover(&self) -> Result<Mover, ConfigError> {
        Ok(Mover {
            tables: self.tables()?,
            buckets: self.pack_buckets()?,
            grace: self.grace()?,
            signer: None,
            pace: Pace::default(),
            now: crate::clock::now,
        })
    }

    /// How many bytes per second one invocation of migrate-pack may move; none is no limit.
    pub fn migration_bytes_per_second(&self) -> Result<Option<u64>, ConfigError> {
        let limit: u64 = self.number("SLUICE_MIGRATION_BYTES_PER_SECOND")?;
        Ok(Some(limit).filter(|limit| *limit > 0))
    }

    /// How many packs one invocation of migrate-pack moves at once.
    pub fn migration_packs_in_flight(&self) -> Result<usize, ConfigError> {
        Ok(self.number::<usize>("SLUICE_MIGRATION_PACKS_IN_FLIGHT")?.max(1))
    }

    pub fn compress_queue(&self) -> Result<Queue, ConfigError> {
        Ok(Queue::new(&self.clients, self.text("SLUICE_COMPRESS_QUEUE_URL")?))
    }

    pub fn compress_acknowledger(&self) -> Result<Acknowledger, ConfigError> {
        self.acknowledger(self.compress_queue()?, "SLUICE_COMPRESS_DEAD_LETTER_QUEUE_URL")
    }

    pub fn migrate_queue(&self) -> Result<Queue, ConfigError> {
        Ok(Queue::new(&self.clients, self.text("SLUICE_MIGRATE_QUEUE_URL")?))
    }

    pub fn migrate_acknowledger(&self) -> Result<Acknowledger, ConfigError> {
        self.acknowledger(self.migrate_queue()?, "SLUICE_MIGRATE_DEAD_LETTER_QUEUE_URL")
    }

    /// How long a materialized blob is used. The bucket keeps it longer.
    pub fn cache_life(&self) -> Result<Duration, ConfigError> {
        self.seconds("SLUICE_CACHED_BLOB_TTL_SECONDS")
    }

    pub fn materialize_queue(&self) -> Result<Queue, ConfigError> {
        Ok(Queue::new(&self.clients, self.text("SLUICE_MATERIALIZE_QUEUE_URL")?))
    }

    /// The queue of new objects in the landing bucket, and of uploads to process.
    pub fn landing_queue(&self) -> Result<Queue, ConfigError> {
        Ok(Queue::new(&self.clients, self.text("SLUICE_LANDING_QUEUE_URL")?))
    }

    pub fn landing_acknowledger(&self) -> Result<Acknowledger, ConfigError> {
        self.acknowledger(self.landing_queue()?, "SLUICE_LANDING_DEAD_LETTER_QUEUE_URL")
    }

    pub fn materialize_acknowledger(&self) -> Result<Acknowledger, ConfigError> {
        self.acknowledger(self.materialize_queue()?, "SLUICE_MATERIALIZE_DEAD_LETTER_QUEUE_URL")
    }

    fn acknowledger(&self, queue: Queue, dead_letters: &'static str) -> Result<Acknowledger, ConfigError> {
        Ok(Acknowledger {
            queue,
            dead_letters: Queue::new(&self.clients, self.text(dead_letters)?),
            max_receive_count: self.number("SLUICE_QUEUE_MAX_RECEIVE_COUNT")?,
        })
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

    fn log_level(&self) -> Result<LevelFilter, ConfigError> {
        const NAME: &str = "SLUICE_LOG_LEVEL";
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

/// All settings in the environment: the variables with the prefix `SLUICE_`.
#[expect(clippy::disallowed_methods, reason = "settings are read here only")]
pub fn environment() -> BTreeMap<String, String> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter(|(name, _)| name.starts_with(PREFIX))
        .collect()
}
