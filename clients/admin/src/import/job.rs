//! The parameters of an import: source, target, limits and the signer.

use sluice_domain::key::ObjectKey;
use sluice_packs::{Pace, Signer};
use sluice_storage::stores::{Capability, Role, StoreKind};
use sluice_storage::{Bucket, Tables};
use tokio::sync::Semaphore;

use crate::arguments::ImportArguments;
use crate::error::{Error, Result};
use crate::receipts::IMPORT_SCOPE;
use crate::settings::{DeploymentAccess, StoreAccess};

/// How many MiB of objects may be in memory at once.
pub(super) const MEMORY_MIB: u32 = 128;

pub(super) struct Job {
    /// The name of the source store.
    pub from: String,
    /// The name of the target store.
    pub to: String,
    pub source: Bucket,
    pub prefix: String,
    pub target: Bucket,
    /// The target, read by calls that nothing else repeats.
    pub written: Bucket,
    pub target_kind: StoreKind,
    pub to_prefix: String,
    /// Whether the source honours `If-Match`, so that a read gets the listed object or fails.
    pub reads_conditionally: bool,
    pub tables: Tables,
    pub signer: Option<Signer>,
    pub pace: Pace,
    pub memory: Semaphore,
    pub jobs: usize,
    /// Larger objects are copied in parts. In bytes.
    pub parts_above: u64,
    pub dry_run: bool,
}

impl Job {
    pub async fn new(arguments: &ImportArguments, access: &DeploymentAccess) -> Result<Self> {
        let ImportArguments { source, from, to, .. } = arguments;
        let source_store = access.store(from)?;
        let StoreAccess::Store(target_store) = access.store(to)? else {
            return Err(Error::Usage("--to must be a store of SLUICE_STORES".to_owned()));
        };
        let no_cold = || Error::Usage(format!("the store {to} has no cold bucket"));
        let target = target_store.bucket(Role::Cold).ok_or_else(no_cold)?;
        if from == to && source.bucket == target.name() {
            return Err(Error::Usage("source and target are the same bucket".to_owned()));
        }
        let reads_conditionally = match &source_store {
            StoreAccess::Own(_) => true,
            StoreAccess::Store(store) => store.definition.can(Capability::ConditionalRead),
        };
        Ok(Self {
            source: source_store.bucket(&source.bucket).without_retries(),
            prefix: source.prefix.clone(),
            target_kind: target_store.definition.kind,
            target: target.without_retries(),
            written: target,
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

    /// Identifies the import in its state file.
    pub fn name(&self) -> String {
        let source = self.source.name();
        let target = self.target.name();
        format!("{}/{source}/{} to {}/{target}/{}", self.from, self.prefix, self.to, self.to_prefix)
    }

    /// The scope of the import's receipts.
    pub fn scope(&self) -> String {
        format!("{IMPORT_SCOPE}{}/{}", self.from, self.source.name())
    }

    /// The key of an object at the target.
    pub fn target_key(&self, key: &str) -> ObjectKey {
        ObjectKey::from_stored(format!("{}{key}", self.to_prefix))
    }
}
