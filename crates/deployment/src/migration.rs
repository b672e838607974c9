//! Reads what moves packs: rules, limits, and the key that signs receipts.

use sluice_domain::hash::Sha256;
use sluice_domain::migration::Rule;
use sluice_packs::migration::{Migrator, MigratorOptions};
use sluice_packs::{Mover, Pace, Signer};
use sluice_storage::stores::Role;
use std::time::Duration;

use crate::clock;
use crate::deployment::Deployment;
use crate::error::ConfigError;
use crate::settings::{self, MIGRATION_RULES, RECEIPT_SIGNING_KEY};

impl Deployment {
    /// How long objects remain after their packs were moved: longer than any presigned URL for them is valid.
    pub fn grace(&self) -> Result<Duration, ConfigError> {
        let grace = self.get(&settings::RETIRED_OBJECT_GRACE_SECONDS)?;
        let url_life = self.get(&settings::PRESIGNED_URL_TTL_SECONDS)?;
        if grace > url_life { Ok(grace) } else { Err(ConfigError::GraceTooShort) }
    }

    /// The migration rules; each names a store with a cold bucket.
    pub fn migration_rules(&self) -> Result<Vec<Rule>, ConfigError> {
        let Some(rules) = self.find(&MIGRATION_RULES)? else { return Ok(Vec::new()) };
        let stores = self.stores()?;
        let known =
            |rule: &Rule| stores.get(&rule.to).is_some_and(|store| store.bucket(Role::Cold).is_some());
        if rules.iter().all(known) {
            return Ok(rules);
        }
        Err(ConfigError::invalid(&MIGRATION_RULES.about, &self.settings[MIGRATION_RULES.about.name]))
    }

    /// The seed of the key that signs receipts. The setting refers to 32 bytes in hex.
    pub async fn receipt_seed(&self) -> Result<Option<[u8; 32]>, ConfigError> {
        let Some(reference) = self.find(&RECEIPT_SIGNING_KEY)? else { return Ok(None) };
        let text =
            match reference.split_once(':') {
                Some(("env", name)) => self.settings.get(name).cloned(),
                Some(("secretsmanager", name)) => {
                    let read = self.clients.secret(name).await;
                    Some(read.map_err(|error| ConfigError::Secret {
                        name: RECEIPT_SIGNING_KEY.about.name,
                        error,
                    })?)
                }
                _ => None,
            };
        let seed = text.and_then(|text| text.trim().parse::<Sha256>().ok());
        let invalid = || ConfigError::invalid(&RECEIPT_SIGNING_KEY.about, &reference);
        seed.map(|seed| Some(*seed.as_bytes())).ok_or_else(invalid)
    }

    /// The migrator of the worker and of the operator. `on_moved` is called with the stored bytes of each
    /// pack that was moved.
    pub async fn migrator(&self, on_moved: fn(u64)) -> Result<Migrator, ConfigError> {
        let seed = self.receipt_seed().await?;
        let mover = Mover {
            signer: seed.as_ref().map(Signer::new),
            pace: Pace::new(self.migration_bytes_per_second()?),
            ..self.mover()?
        };
        let options = MigratorOptions { packs_in_flight: self.migration_packs_in_flight()?, on_moved };
        Ok(Migrator::new(mover, self.migration_rules()?, options))
    }

    /// A mover without receipts and without a speed limit.
    pub fn mover(&self) -> Result<Mover, ConfigError> {
        Ok(Mover {
            tables: self.tables()?,
            buckets: self.pack_buckets()?,
            grace: self.grace()?,
            signer: None,
            pace: Pace::default(),
            now: clock::now,
        })
    }

    /// How many bytes per second one invocation of migrate-pack may move; none is no limit.
    fn migration_bytes_per_second(&self) -> Result<Option<u64>, ConfigError> {
        let limit = self.get(&settings::MIGRATION_BYTES_PER_SECOND)?;
        Ok(Some(limit).filter(|limit| *limit > 0))
    }

    /// How many packs one invocation of migrate-pack moves at once.
    fn migration_packs_in_flight(&self) -> Result<usize, ConfigError> {
        Ok(self.get(&settings::MIGRATION_PACKS_IN_FLIGHT)?.max(1))
    }
}
