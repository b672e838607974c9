//! Holds the settings of a deployment and the clients that are made from them.

use sluice_domain::hash::Sha256;
use sluice_domain::invitation::Registration;
use sluice_domain::work::WorkLimits;
use sluice_storage::presign::{Credentials, UrlLife};
use sluice_storage::stores::Role;
use sluice_storage::stores::Stores;
use sluice_storage::{Clients, TableNames, Tables};
use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::time::Duration;
use tracing::level_filters::LevelFilter;

use crate::environment::environment;
use crate::error::ConfigError;
use crate::setting::{Absent, Setting};
use crate::settings;

/// The settings of a deployment, and the clients that are made from them.
#[derive(Debug)]
pub struct Deployment {
    pub(crate) clients: Clients,
    credentials: Credentials,
    pub(crate) settings: BTreeMap<String, String>,
    pub(crate) stores: OnceLock<Stores>,
    table_names: Option<TableNames>,
}

impl Deployment {
    /// Reads region, credentials, endpoint and settings from the environment.
    pub async fn from_environment() -> Self {
        let (clients, credentials) = Clients::from_environment().await;
        Self::new(clients, credentials, environment())
    }

    pub fn new(clients: Clients, credentials: Credentials, settings: BTreeMap<String, String>) -> Self {
        let role = settings.get(settings::URL_SIGNING_ROLE_ARN.about.name).filter(|arn| !arn.is_empty());
        let (clients, credentials) = match role {
            Some(arn) => clients.signing_as(arn),
            None => (clients, credentials),
        };
        Self { clients, credentials, settings, stores: OnceLock::new(), table_names: None }
    }

    /// Uses these tables rather than those with the prefix of the settings.
    #[must_use]
    pub fn with_table_names(self, names: TableNames) -> Self {
        Self { table_names: Some(names), ..self }
    }

    /// The settings as they were given, including secrets.
    pub fn settings(&self) -> &BTreeMap<String, String> {
        &self.settings
    }

    pub fn tables(&self) -> Result<Tables, ConfigError> {
        let names = match &self.table_names {
            Some(names) => names.clone(),
            None => TableNames::with_prefix(&self.get(&settings::TABLE_PREFIX)?),
        };
        Ok(Tables::new(&self.clients, names))
    }

    /// How long a materialized blob is used. The bucket keeps it longer.
    pub fn cache_life(&self) -> Result<Duration, ConfigError> {
        self.get(&settings::CACHED_BLOB_TTL_SECONDS)
    }

    /// The maximum validity of a presigned URL.
    pub fn url_life(&self) -> Result<UrlLife, ConfigError> {
        // The clients have it already; here a wrong one is refused.
        self.find(&settings::URL_SIGNING_ROLE_ARN)?;
        let store = self.stores()?.with_role(Role::Vault).and_then(|(store, _)| store.credentials());
        let credentials = store.map_or_else(|| self.credentials.clone(), Credentials::given);
        Ok(UrlLife::new(credentials, self.get(&settings::PRESIGNED_URL_TTL_SECONDS)?))
    }

    pub fn upload_life(&self) -> Result<Duration, ConfigError> {
        self.get(&settings::UPLOAD_TTL_SECONDS)
    }

    pub fn session_life(&self) -> Result<Duration, ConfigError> {
        self.get(&settings::SESSION_TTL_SECONDS)
    }

    /// Who may register.
    pub fn registration(&self) -> Result<Registration, ConfigError> {
        self.get(&settings::REGISTRATION)
    }

    /// The secret by which functions know the distribution in front of the API, if it has one.
    pub fn origin_secret(&self) -> Result<Option<String>, ConfigError> {
        self.find(&settings::ORIGIN_SECRET)
    }

    /// Whether functions refuse calls that did not come through the distribution.
    pub fn refuses_direct_calls(&self) -> Result<bool, ConfigError> {
        self.get(&settings::REFUSE_DIRECT_CALLS)
    }

    /// What workers do for one account at most.
    pub fn work_limits(&self) -> Result<WorkLimits, ConfigError> {
        Ok(WorkLimits {
            workers: self.get(&settings::ACCOUNT_WORKERS)?,
            daily_bytes: self.get(&settings::DAILY_WORK_BYTES)?,
        })
    }

    /// The quota of a new account, in bytes.
    pub fn default_quota_bytes(&self) -> Result<u64, ConfigError> {
        self.get(&settings::DEFAULT_QUOTA_BYTES)
    }

    /// SHA-256 of the secret that stores send to the webhook; without it the webhook is closed.
    pub fn webhook_secret_sha256(&self) -> Result<Option<Sha256>, ConfigError> {
        self.find(&settings::WEBHOOK_SECRET_SHA256)
    }

    /// The name of the stack; none if metrics are not wanted.
    pub fn stack_name(&self) -> Result<Option<String>, ConfigError> {
        self.find(&settings::STACK_NAME)
    }

    pub fn log_level(&self) -> Result<LevelFilter, ConfigError> {
        self.get(&settings::LOG_LEVEL)
    }

    /// The value of a setting that a function cannot do without, or that has a default.
    pub(crate) fn get<T>(&self, setting: &Setting<T>) -> Result<T, ConfigError> {
        self.find(setting)?.ok_or(ConfigError::Missing(setting.about.name))
    }

    /// The value of a setting, or its default.
    pub(crate) fn find<T>(&self, setting: &Setting<T>) -> Result<Option<T>, ConfigError> {
        let about = &setting.about;
        let given = self.settings.get(about.name).map(String::as_str).filter(|value| !value.is_empty());
        let default = match about.absent {
            Absent::Default(value) => Some(value),
            Absent::Refused | Absent::Means(_) => None,
        };
        let Some(value) = given.or(default) else { return Ok(None) };
        (setting.parse)(value).map(Some).ok_or_else(|| ConfigError::invalid(about, value))
    }
}
