//! Reads the settings of a deployment, and opens its tables, queues and stores.

use sluice_deployment::{Deployment, environment};
use sluice_domain::blob::VAULT;
use sluice_packs::Signer;
use sluice_storage::presign::Credentials;
use sluice_storage::stores::Store;
use sluice_storage::{Bucket, Clients};
use std::collections::BTreeMap;
use std::path::Path;

use crate::error::{Error, Result};

/// A deployment and the clients that reach it.
#[derive(Debug)]
pub struct DeploymentAccess {
    pub deployment: Deployment,
    clients: Clients,
}

/// A store, and the credentials to reach it.
#[derive(Debug, Clone)]
pub enum StoreAccess<'a> {
    /// Everything that the operator's own AWS credentials can reach.
    Own(&'a Clients),
    /// A store of `SLUICE_STORES`.
    Store(&'a Store),
}

impl DeploymentAccess {
    /// Reads the settings from `file`, a JSON object, and what it lacks from the environment. The AWS SDK
    /// finds region, credentials and endpoint as usual.
    pub async fn connect(file: Option<&Path>) -> Result<Self> {
        let mut settings = environment();
        if let Some(file) = file {
            settings.extend(read(file)?);
        }
        let (clients, credentials) = Clients::from_environment().await;
        Ok(Self::new(clients, credentials, settings))
    }

    pub fn new(clients: Clients, credentials: Credentials, settings: BTreeMap<String, String>) -> Self {
        let deployment = Deployment::new(clients.clone(), credentials, settings);
        Self { deployment, clients }
    }

    /// The store of this name. `vault` stands for the operator's own credentials.
    pub fn store(&self, name: &str) -> Result<StoreAccess<'_>> {
        if name == VAULT {
            return Ok(StoreAccess::Own(&self.clients));
        }
        let stores = self.deployment.stores()?;
        let names = || stores.iter().map(|(name, _)| name).chain([VAULT]).collect::<Vec<_>>().join(", ");
        let unknown = || Error::Usage(format!("there is no store {name}; the stores are {}", names()));
        stores.get(name).map(StoreAccess::Store).ok_or_else(unknown)
    }

    /// The signer of receipts. None if the deployment has no signing key.
    pub async fn signer(&self) -> Result<Option<Signer>> {
        Ok(self.deployment.receipt_seed().await?.as_ref().map(Signer::new))
    }
}

impl StoreAccess<'_> {
    pub fn bucket(&self, name: &str) -> Bucket {
        match self {
            Self::Own(clients) => Bucket::new(clients, name),
            Self::Store(store) => store.bucket_called(name),
        }
    }
}

fn read(file: &Path) -> Result<BTreeMap<String, String>> {
    let text = std::fs::read_to_string(file).map_err(Error::local(file))?;
    parse(&text).map_err(|error| {
        // Do not quote the file: it may hold secrets.
        Error::Usage(format!("{} is not a JSON object of strings (line {})", file.display(), error.line()))
    })
}

fn parse(text: &str) -> serde_json::Result<BTreeMap<String, String>> {
    serde_json::from_str(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_strings() {
        assert_eq!(parse(r#"{"SLUICE_A":"1"}"#).expect("settings")["SLUICE_A"], "1");
        for text in ["", "[]", r#"{"SLUICE_A":1}"#, r#"{"SLUICE_A":{}}"#] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
