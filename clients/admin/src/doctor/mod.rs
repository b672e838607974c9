//! `doctor`: tests what a store can do with small objects, and compares the result with the configuration.

mod conditions;
mod facts;
mod finding;
mod settings;
mod trial;
mod urls;

use sluice_domain::blob::VAULT;
use sluice_storage::stores::{Capability, CredentialsReference, Role, StoreDefinition, StoreKind};
use sluice_storage::{Bucket, StorageError, TimeLimits};
use std::collections::BTreeMap;

use crate::arguments::DoctorArguments;
use crate::error::{Error, Result};
use crate::output::{Output, table};
use crate::settings::{DeploymentAccess, StoreAccess};
use finding::{Finding, corrections};
use trial::Trial;

struct BucketUnderTest {
    store: String,
    role: Role,
    bucket: Bucket,
    definition: StoreDefinition,
}

pub async fn run(arguments: &DoctorArguments, access: &DeploymentAccess, output: &Output) -> Result<()> {
    let names: Vec<String> = match &arguments.store {
        Some(store) => vec![store.clone()],
        None => access.deployment.stores()?.iter().map(|(name, _)| name.to_owned()).collect(),
    };
    let mut buckets = Vec::new();
    for name in &names {
        buckets.extend(buckets_under_test(name, access)?);
    }
    buckets.retain(|bucket| arguments.bucket_role.is_none_or(|role| role == bucket.role));
    if buckets.is_empty() {
        return Err(Error::Usage(
            "there is no such bucket to test; `--store vault` stands for the deployment's own".to_owned(),
        ));
    }
    let mut unsafe_count = 0;
    let mut failure = None;
    for bucket in &buckets {
        match examine(bucket).await {
            Ok(findings) => unsafe_count += report(bucket, &findings, output)?,
            Err(error) => {
                output.warning(&format!("{} could not be tested: {error}", bucket.name()));
                failure = Some(error);
            }
        }
    }
    if unsafe_count > 0 {
        let text =
            format!("functions would be unsafe: {unsafe_count} capabilities are configured but missing");
        return Err(Error::Wrong(text));
    }
    failure.map_or(Ok(()), |error| Err(error.into()))
}

/// The buckets of a store. For `vault`, the deployment's own buckets that its settings name.
fn buckets_under_test(store: &str, access: &DeploymentAccess) -> Result<Vec<BucketUnderTest>> {
    let tested =
        |role, bucket, definition| BucketUnderTest { store: store.to_owned(), role, bucket, definition };
    if let StoreAccess::Store(store) = access.store(store)? {
        let definition = &store.definition;
        let roles = definition.buckets.keys().copied();
        let buckets = roles.filter_map(|role| Some((role, store.bucket(role)?)));
        return Ok(buckets.map(|(role, bucket)| tested(role, bucket, definition.clone())).collect());
    }
    debug_assert_eq!(store, VAULT);
    let deployment = &access.deployment;
    let own = [
        (Role::Landing, deployment.landing().ok()),
        (Role::Vault, deployment.vault().ok()),
        (Role::Cache, deployment.cache().ok()),
    ];
    let buckets = own.into_iter().filter_map(|(role, bucket)| Some((role, bucket?)));
    Ok(buckets.map(|(role, bucket)| tested(role, bucket, own_definition())).collect())
}

fn own_definition() -> StoreDefinition {
    StoreDefinition {
        kind: StoreKind::Aws,
        endpoint: None,
        region: None,
        addressing: None,
        credentials: CredentialsReference::Own,
        buckets: BTreeMap::new(),
        capabilities: BTreeMap::new(),
        time_limits: TimeLimits::default(),
    }
}

/// Runs all trials. Deletes what they have written, even if one of them fails.
async fn examine(tested: &BucketUnderTest) -> Result<Vec<Finding>, StorageError> {
    let mut trial = Trial::new(tested.bucket.clone())?;
    let examined = examine_with(&mut trial, &tested.definition).await;
    let cleaned = trial.clean_up().await;
    let findings = examined?;
    cleaned.map(|()| findings)
}

async fn examine_with(trial: &mut Trial, definition: &StoreDefinition) -> Result<Vec<Finding>, StorageError> {
    trial.prepare().await?;
    let mut findings = Vec::new();
    for capability in Capability::ALL {
        let found = match capability {
            Capability::PresignedUrls => urls::presigned_urls(trial).await,
            Capability::ConditionalRead => conditions::conditional_read(trial).await,
            Capability::ConditionalCopy => conditions::conditional_copy(trial).await,
            Capability::PartCopy => conditions::part_copy(trial).await,
            Capability::VerifiedChecksums => urls::verified_checksums(trial).await,
            Capability::ConditionalPut => conditions::conditional_put(trial).await,
            Capability::ForbidOverwrite => conditions::forbid_overwrite(trial).await,
            Capability::Crc64 => settings::crc64(trial),
            Capability::Md5Etag => settings::md5_etag(trial),
            Capability::Notifications => settings::notifications(trial).await,
            Capability::Cors => settings::cors(trial).await,
        };
        findings.push(Finding::capability(capability, definition.can(capability), found));
    }
    findings.extend(facts::all(trial, definition).await);
    Ok(findings)
}

/// Prints the findings and returns how many are unsafe.
fn report(tested: &BucketUnderTest, findings: &[Finding], output: &Output) -> Result<u64> {
    let name = tested.name();
    output.line(&format!("{name}:"))?;
    let header = ["  capability", "expected", "found", "what to fix"].map(str::to_owned);
    let rows = findings.iter().map(|finding| finding.row(tested.definition.kind));
    let lines = table(&std::iter::once(header).chain(rows).collect::<Vec<_>>());
    output.line(&lines[0])?;
    for (finding, line) in findings.iter().zip(&lines[1..]) {
        let document = finding.document(&tested.store, tested.role, tested.bucket.name());
        output.result(&document, || line.clone())?;
    }
    let corrections = corrections(findings);
    if !corrections.is_empty() {
        let json = serde_json::json!({ "capabilities": corrections });
        output.warning(&format!("{name}: in SLUICE_STORES, set for {}: {json}", tested.store));
    }
    let is_unsafe = findings.iter().filter(|finding| finding.is_unsafe());
    Ok(is_unsafe.inspect(|finding| output.warning(&format!("{name}: {}", finding.danger()))).count() as u64)
}

impl BucketUnderTest {
    fn name(&self) -> String {
        let role = serde_json::to_value(self.role).unwrap_or_default();
        format!("{}, bucket {} ({})", self.store, self.bucket.name(), role.as_str().unwrap_or_default())
    }
}
