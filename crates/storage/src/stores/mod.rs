//! Opens the registry of stores: a configuration and a client for each.

mod capability;
mod credentials;
mod definition;
mod error;
mod kind;
mod localhost;
mod rules;

pub use capability::Capability;
pub use credentials::{CredentialsReference, InvalidReference};
pub use definition::{Addressing, Role, StoreDefinition, Tls};
pub use error::StoresError;
pub use kind::StoreKind;

use aws_credential_types::Credentials as StaticCredentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_s3::config::{Region, RequestChecksumCalculation, ResponseChecksumValidation};
use sluice_domain::blob::VAULT;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::bucket::Bucket;
use crate::clients::Clients;
use crate::dialect::Dialect;
use crate::error::{ErrorKind, StorageError};
use credentials::SecretCredentials;

/// All configured stores. The own buckets of a deployment need no configuration.
#[derive(Debug, Clone, Default)]
pub struct Stores {
    stores: Arc<BTreeMap<String, Store>>,
}

/// A store and its client.
#[derive(Debug, Clone)]
pub struct Store {
    pub definition: StoreDefinition,
    client: aws_sdk_s3::Client,
    signer: aws_sdk_s3::Client,
    credentials: Option<SharedCredentialsProvider>,
}

/// Looks up an environment variable. The caller passes it in, because only edges may read the environment.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

impl Stores {
    /// Reads a registry, a JSON object of [`StoreDefinition`]s by name. Sends no request to any store.
    ///
    /// # Errors
    /// If the configuration is incomplete or breaks a rule that keeps blobs safe (`docs/stores/README.md`).
    pub fn open(
        clients: &Clients,
        json: &str,
        environment: Environment<'_>,
        tls: Tls,
    ) -> Result<Self, StoresError> {
        let definitions: BTreeMap<String, StoreDefinition> = serde_json::from_str(json)?;
        rules::check(&definitions, tls)?;
        let open = |(name, definition): (String, StoreDefinition)| {
            let store = Store::open(clients, &name, definition, environment)?;
            Ok((name, store))
        };
        let stores = definitions.into_iter().map(open).collect::<Result<_, StoresError>>()?;
        Ok(Self { stores: Arc::new(stores) })
    }

    pub fn get(&self, name: &str) -> Option<&Store> {
        self.stores.get(name)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &Store)> {
        self.stores.iter().map(|(name, store)| (&**name, store))
    }

    /// The store with this role, and its bucket for it. Only [`Role::Cold`] may belong to several stores.
    pub fn with_role(&self, role: Role) -> Option<(&Store, Bucket)> {
        self.stores.values().find_map(|store| Some((store, store.bucket(role)?)))
    }

    /// The buckets that may hold packs: `vault`, and the cold bucket of each store.
    pub fn pack_buckets(&self, vault: Bucket) -> PackBuckets {
        let cold = self.iter().filter_map(|(name, store)| Some((name.to_owned(), store.bucket(Role::Cold)?)));
        PackBuckets(Arc::new(cold.chain([(VAULT.to_owned(), vault)]).collect()))
    }
}

impl Store {
    fn open(
        clients: &Clients,
        name: &str,
        definition: StoreDefinition,
        environment: Environment<'_>,
    ) -> Result<Self, StoresError> {
        let credentials = match &definition.credentials {
            CredentialsReference::Own => None,
            CredentialsReference::Environment(prefix) => Some(from_environment(name, prefix, environment)?),
            CredentialsReference::Secret(secret) => {
                let credentials = SecretCredentials { client: clients.secrets.clone(), name: secret.clone() };
                Some(SharedCredentialsProvider::new(credentials))
            }
        };
        let open = |client: &aws_sdk_s3::Client| {
            aws_sdk_s3::Client::from_conf(configured(client, &definition, credentials.as_ref()))
        };
        let client = open(&clients.s3);
        let signer = if credentials.is_some() { client.clone() } else { open(&clients.s3_signer) };
        Ok(Self { definition, client, signer, credentials })
    }

    pub fn bucket(&self, role: Role) -> Option<Bucket> {
        let name = self.definition.buckets.get(&role)?;
        Some(self.bucket_called(name))
    }

    /// The bucket of this name, whatever its role.
    pub fn bucket_called(&self, name: &str) -> Bucket {
        Bucket {
            client: self.client.clone(),
            signer: self.signer.clone(),
            name: name.to_owned(),
            dialect: Dialect {
                forbid_overwrite_header: self.definition.can(Capability::ForbidOverwrite),
                verifies_sha256: self.definition.can(Capability::VerifiedChecksums),
                copy_if_match_header: self.definition.kind == StoreKind::Ceph,
                obeys_unsigned_headers: matches!(self.definition.kind, StoreKind::Ceph | StoreKind::Minio),
                part_sha256: self.definition.kind == StoreKind::Aws,
            },
            time_limits: self.definition.time_limits,
        }
    }

    /// The credentials that sign for it; none if they are those of the process.
    pub fn credentials(&self) -> Option<SharedCredentialsProvider> {
        self.credentials.clone()
    }
}

/// The configuration of a client for this store.
fn configured(
    own: &aws_sdk_s3::Client,
    definition: &StoreDefinition,
    credentials: Option<&SharedCredentialsProvider>,
) -> aws_sdk_s3::Config {
    let mut config = own
        .config()
        .to_builder()
        .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
        .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
        .force_path_style(definition.addressing() == Addressing::Path);
    config = definition.time_limits.apply_to(config);
    if let Some(credentials) = credentials {
        config = config.credentials_provider(credentials.clone());
    }
    if let Some(region) = &definition.region {
        config = config.region(Region::new(region.clone()));
    }
    if let Some(endpoint) = &definition.endpoint {
        config = config.endpoint_url(endpoint);
        if endpoint.contains("localhost") {
            config = config.http_client(localhost::http_client());
        }
    }
    config.build()
}

fn from_environment(
    store: &str,
    prefix: &str,
    environment: Environment<'_>,
) -> Result<SharedCredentialsProvider, StoresError> {
    let read = |suffix: &str| {
        let name = format!("{prefix}_{suffix}");
        let value = environment(&name).filter(|value| !value.is_empty());
        let problem = format!("the environment variable {name} is not set");
        value.ok_or_else(|| StoresError::Store { store: store.to_owned(), problem })
    };
    let key = read("ACCESS_KEY_ID")?;
    let secret = read("SECRET_ACCESS_KEY")?;
    Ok(SharedCredentialsProvider::new(StaticCredentials::new(key, secret, None, None, "environment")))
}

/// The buckets that may hold packs, by the store name in placements.
#[derive(Debug, Clone)]
pub struct PackBuckets(Arc<BTreeMap<String, Bucket>>);

impl PackBuckets {
    /// # Errors
    /// `Fault` if no store of this name is configured.
    pub fn get(&self, store: &str) -> Result<&Bucket, StorageError> {
        let unknown =
            || StorageError::new(ErrorKind::Fault, "find a store", format!("no store is called {store}"));
        self.0.get(store).ok_or_else(unknown)
    }

    /// The same buckets for a caller that repeats requests itself.
    #[must_use]
    pub fn without_retries(&self) -> Self {
        Self(Arc::new(self.0.iter().map(|(name, bucket)| (name.clone(), bucket.without_retries())).collect()))
    }

    /// The vault of the deployment.
    pub fn vault(&self) -> &Bucket {
        &self.0[VAULT]
    }
}
