//! What is to be brought, and with what.

use sluice_domain::key::ObjectKey;
use sluice_packs::{Pace, Signer};
use sluice_storage::stores::{Capability, Role, StoreKind};
use sluice_storage::{Bucket, Tables};
use tokio::sync::Semaphore;

use crate::arguments::ImportArguments;
use crate::error::{Error, Result};
use crate::receipts::IMPORT;
use crate::settings::{DeploymentAccess, StoreAccess};

/// How many MiB of objects are held in memory at once.
pub(super) const MEMORY_MIB: u32 = 128;

/// An import.
pub(super) struct Job {
    /// The names of the stores.
    pub from: String,
    pub to: String,
    pub source: Bucket,
    pub prefix: String,
    pub target: Bucket,
    pub target_kind: StoreKind,
    pub to_prefix: String,
    /// Whether the source may be relied on to read the object that was listed and no other.
    pub reads_conditionally: bool,
    pub tables: Tables,
    pub signer: Option<Signer>,
    pub pace: Pace,
    pub memory: Semaphore,
    pub jobs: usize,
    /// Larger objects go in parts, in bytes.
    pub parts_above: u64,
    pub dry_run: bool,
}

impl Job {
    /// What the command line says.
    pub async fn new(arguments: &ImportArguments, access: &DeploymentAccess) -> Result<Self> {
        let ImportArguments { source, from, to, .. } = arguments;
        let place = access.store(from)?;
        let StoreAccess::Store(target_store) = access.store(to)? else {
            return Err(Error::Usage("objects are imported to a store of SLUICE_STORES".to_owned()));
        };
        let no_cold = || Error::Usage(format!("the store {to} has no cold bucket"));
        let target = target_store.bucket(Role::Cold).ok_or_else(no_cold)?;
        if from == to && source.bucket == target.name() {
            return Err(Error::Usage("source and target are the same bucket".to_owned()));
        }
        let reads_conditionally = match &place {
            StoreAccess::Own(_) => true,
            StoreAccess::Store(store) => store.definition.can(Capability::ConditionalRead),
        };
        Ok(Self {
            source: place.bucket(&source.bucket),
            prefix: source.prefix.clone(),
            target_kind: target_store.definition.kind,
            target,
            to_prefix: arguments.to_prefix.clone(),
            reads_conditionally,
            tables: access.deployment.tables()?,
            signer: access.signer().await?,
            pace: Pace::new(arguments.bandwidth),
            memory: Semaphore::new(MEMORY_MIB as usize),
            jobs: arguments.jobs.into(),
            parts_above: arguments.parts_above,
            dry_run: arguments.dry_run,
            from: from.clone(),
            to: to.clone(),
        })
    }

    /// Names the import among others.
    pub fn name(&self) -> String {
        let (source, target) = (self.source.name(), self.target.name());
        format!("{}/{source}/{} to {}/{target}/{}", self.from, self.prefix, self.to, self.to_prefix)
    }

    /// The scope of its receipts.
    pub fn scope(&self) -> String {
        format!("{IMPORT}{}/{}", self.from, self.source.name())
    }

    /// Where an object goes.
    pub fn target_key(&self, key: &str) -> ObjectKey {
        ObjectKey::from_stored(format!("{}{key}", self.to_prefix))
    }
}
