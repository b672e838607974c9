//! Which deployment is meant: what its functions are told.

use sluice_domain::blob::VAULT;
use sluice_lambda::{Deployment, config};
use sluice_packs::Signer;
use sluice_storage::presign::Credentials;
use sluice_storage::stores::Store;
use sluice_storage::{Bucket, Clients};
use std::collections::BTreeMap;
use std::path::Path;

use crate::error::{Error, Result};

/// A deployment, and the clients to reach it with.
#[derive(Debug)]
pub struct DeploymentAccess {
    /// The deployment as its functions see it.
    pub deployment: Deployment,
    clients: Clients,
}

/// A store that packs or foreign objects may lie in.
#[derive(Debug, Clone)]
pub enum StoreAccess<'a> {
    /// Whatever the operator's own AWS credentials open.
    Own(&'a Clients),
    /// A store of the registry.
    Store(&'a Store),
}

impl DeploymentAccess {
    /// The deployment of `file`, a JSON object of settings; what it leaves out comes from the environment. Region,
    /// credentials and endpoint are the AWS SDK's defaults.
    pub async fn connect(file: Option<&Path>) -> Result<Self> {
        let mut settings = config::environment();
        if let Some(file) = file {
            settings.extend(read(file)?);
        }
        let (clients, credentials) = Clients::from_environment().await;
        Ok(Self::new(clients, credentials, settings))
    }

    /// A deployment with these settings.
    pub fn new(clients: Clients, credentials: Credentials, settings: BTreeMap<String, String>) -> Self {
        let deployment = Deployment::new(clients.clone(), credentials, settings);
        Self { deployment, clients }
    }

    /// The store of this name; `vault` is what the operator's own credentials open.
    pub fn store(&self, name: &str) -> Result<StoreAccess<'_>> {
        if name == VAULT {
            return Ok(StoreAccess::Own(&self.clients));
        }
        let stores = self.deployment.stores()?;
        let names = || stores.iter().map(|(name, _)| name).chain([VAULT]).collect::<Vec<_>>().join(", ");
        let unknown = || Error::Usage(format!("no store is called {name}; there are {}", names()));
        stores.get(name).map(StoreAccess::Store).ok_or_else(unknown)
    }

    /// Who signs receipts, if the deployment has a key.
    pub async fn signer(&self) -> Result<Option<Signer>> {
        Ok(self.deployment.receipt_seed().await?.as_ref().map(Signer::new))
    }
}

impl StoreAccess<'_> {
    /// A bucket by its name.
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
        // Not what was read: it may hold secrets.
        Error::Usage(format!("{} is no JSON object of strings (line {})", file.display(), error.line()))
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
