//! Opens the buckets and the registered stores.

use sluice_storage::Bucket;
use sluice_storage::stores::{PackBuckets, Role, StoreKind, Stores, Tls};

use crate::deployment::Deployment;
use crate::error::ConfigError;
use crate::setting::Setting;
use crate::settings;

impl Deployment {
    /// The bucket that presigned uploads write to.
    pub fn landing(&self) -> Result<Bucket, ConfigError> {
        self.bucket(Role::Landing, &settings::LANDING_BUCKET)
    }

    /// The bucket for verified bytes.
    pub fn vault(&self) -> Result<Bucket, ConfigError> {
        self.bucket(Role::Vault, &settings::VAULT_BUCKET)
    }

    /// The bucket of blobs that were materialized for plain HTTP readers.
    pub fn cache(&self) -> Result<Bucket, ConfigError> {
        self.bucket(Role::Cache, &settings::CACHE_BUCKET)
    }

    /// The bucket of the store with this role, or the bucket of the template.
    fn bucket(&self, role: Role, name: &Setting<String>) -> Result<Bucket, ConfigError> {
        match self.stores()?.with_role(role) {
            Some((_, bucket)) => Ok(bucket),
            None => Ok(Bucket::new(&self.clients, self.get(name)?)),
        }
    }

    /// The stores besides the template's own buckets.
    pub fn stores(&self) -> Result<&Stores, ConfigError> {
        if let Some(stores) = self.stores.get() {
            return Ok(stores);
        }
        let json = self.get(&settings::STORES)?;
        let tls = if self.get(&settings::REQUIRE_TLS)? { Tls::Required } else { Tls::Optional };
        let environment = |name: &str| self.settings.get(name).cloned();
        let opened = Stores::open(&self.clients, &json, &environment, tls)?;
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
}
