//! The registry of stores: which there are, what they can do, and a client for each.

mod capability;
mod credentials;
mod definition;
mod localhost;
mod rules;

pub use capability::Capability;
pub use credentials::{CredentialsReference, InvalidReference};
pub use definition::{Addressing, Role, StoreDefinition, StoreKind};

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

/// A registry that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoresError {
    /// Not JSON, or not of the shape of a registry.
    #[error("the stores are not well configured: {0}")]
    Shape(#[from] serde_json::Error),
    /// A store without what its kind needs.
    #[error("the store {store}: {problem}")]
    Store {
        /// Which one.
        store: String,
        /// What is wrong, and what to do.
        problem: String,
    },
    /// Stores that do not go together.
    #[error("the stores do not go together: {0}")]
    Together(String),
}

/// All stores but the deployment's own buckets, which need no configuration.
#[derive(Debug, Clone, Default)]
pub struct Stores {
    stores: Arc<BTreeMap<String, Store>>,
}

/// One store, ready to be used.
#[derive(Debug, Clone)]
pub struct Store {
    /// What is configured.
    pub definition: StoreDefinition,
    client: aws_sdk_s3::Client,
    credentials: Option<SharedCredentialsProvider>,
}

/// Reads environment variables: the caller's business, since only it may.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

impl Stores {
    /// Reads a registry: a JSON object of [`StoreDefinition`]s by name. Nothing is asked of any store yet.
    ///
    /// # Errors
    /// If the configuration is incomplete, or contradicts a rule that keeps blobs safe (`docs/stores/README.md`).
    pub fn open(
        clients: &Clients,
        json: &str,
        environment: Environment<'_>,
        requires_tls: bool,
    ) -> Result<Self, StoresError> {
        let definitions: BTreeMap<String, StoreDefinition> = serde_json::from_str(json)?;
        rules::check(&definitions, requires_tls)?;
        let open = |(name, definition): (String, StoreDefinition)| {
            let store = Store::open(clients, &name, definition, environment)?;
            Ok((name, store))
        };
        let stores = definitions.into_iter().map(open).collect::<Result<_, StoresError>>()?;
        Ok(Self { stores: Arc::new(stores) })
    }

    /// The store of this name.
    pub fn get(&self, name: &str) -> Option<&Store> {
        self.stores.get(name)
    }

    /// All of them, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Store)> {
        self.stores.iter().map(|(name, store)| (&**name, store))
    }

    /// The store that has this role, and its bucket. At most one has any role but [`Role::Cold`].
    pub fn with_role(&self, role: Role) -> Option<(&Store, Bucket)> {
        self.stores.values().find_map(|store| Some((store, store.bucket(role)?)))
    }

    /// Where packs may lie: in `vault`, and in the cold bucket of each store.
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
                let (client, name) = (clients.secrets.clone(), secret.clone());
                Some(SharedCredentialsProvider::new(SecretCredentials { client, name }))
            }
        };
        let mut config = clients
            .s3
            .config()
            .to_builder()
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
            .force_path_style(definition.addressing() == Addressing::Path);
        if let Some(credentials) = &credentials {
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
        let client = aws_sdk_s3::Client::from_conf(config.build());
        Ok(Self { definition, client, credentials })
    }

    /// The bucket that it has for a role.
    pub fn bucket(&self, role: Role) -> Option<Bucket> {
        let name = self.definition.buckets.get(&role)?;
        Some(self.bucket_called(name))
    }

    /// A bucket by its name, whatever it is for.
    pub fn bucket_called(&self, name: &str) -> Bucket {
        Bucket {
            client: self.client.clone(),
            name: name.to_owned(),
            dialect: Dialect {
                forbid_overwrite_header: self.definition.can(Capability::ForbidOverwrite),
                verifies_sha256: self.definition.can(Capability::VerifiedChecksums),
                copy_if_match_header: self.definition.kind == StoreKind::Ceph,
                obeys_unsigned_headers: matches!(self.definition.kind, StoreKind::Ceph | StoreKind::Minio),
                part_sha256: self.definition.kind == StoreKind::Aws,
            },
        }
    }

    /// The credentials that sign for it, unless they are the function's own.
    pub fn credentials(&self) -> Option<SharedCredentialsProvider> {
        self.credentials.clone()
    }
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
    let (key, secret) = (read("ACCESS_KEY_ID")?, read("SECRET_ACCESS_KEY")?);
    Ok(SharedCredentialsProvider::new(StaticCredentials::new(key, secret, None, None, "environment")))
}

/// The buckets in which packs may lie, by the name that placements call them.
#[derive(Debug, Clone)]
pub struct PackBuckets(Arc<BTreeMap<String, Bucket>>);

impl PackBuckets {
    /// The bucket of a placement's store.
    ///
    /// # Errors
    /// `Fault` if no store of this name is configured (any more).
    pub fn get(&self, store: &str) -> Result<&Bucket, StorageError> {
        let unknown =
            || StorageError::new(ErrorKind::Fault, "find a store", format!("no store is called {store}"));
        self.0.get(store).ok_or_else(unknown)
    }

    /// The deployment's own vault.
    pub fn vault(&self) -> &Bucket {
        &self.0[VAULT]
    }
}
