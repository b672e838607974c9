//! The configuration of stores.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use super::capability::Capability;
use super::credentials::CredentialsReference;
use super::kind::StoreKind;
use crate::time_limits::TimeLimits;

/// Where a request names its bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Addressing {
    /// In the host name: AWS prefers it, OSS requires it.
    Virtual,
    /// At the start of the path.
    Path,
}

/// Whether stores must be reached by TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tls {
    Required,
    Optional,
}

/// The purpose of a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Receives what clients upload by presigned URLs.
    Landing,
    /// Keeps verified blobs and packs.
    Vault,
    /// Keeps blobs that were materialized for plain HTTP readers.
    Cache,
    /// Keeps packs that were moved out of the vault.
    Cold,
}

/// A store of the registry.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoreDefinition {
    pub kind: StoreKind,
    /// The endpoint, with `http://` or `https://` and without a path. Only AWS has a default.
    #[serde(default)]
    pub endpoint: Option<String>,
    /// The region that requests are signed for. Only AWS has a default: the region of the function.
    #[serde(default)]
    pub region: Option<String>,
    /// How buckets are addressed; by default, as stores of this kind prefer.
    #[serde(default)]
    pub addressing: Option<Addressing>,
    /// The credentials, by default those of the process, which only AWS accepts.
    #[serde(default)]
    pub credentials: CredentialsReference,
    /// The buckets, by role.
    pub buckets: BTreeMap<Role, String>,
    /// Capabilities in which this store differs from its kind.
    #[serde(default)]
    pub capabilities: BTreeMap<Capability, bool>,
    /// How long it may keep a caller waiting.
    #[serde(default)]
    pub time_limits: TimeLimits,
}

impl StoreDefinition {
    pub fn can(&self, capability: Capability) -> bool {
        let configured = self.capabilities.get(&capability).copied();
        configured.unwrap_or_else(|| capability.is_known_of(self.kind))
    }

    pub fn addressing(&self) -> Addressing {
        let of_kind = match self.kind {
            StoreKind::Aws | StoreKind::Oss => Addressing::Virtual,
            StoreKind::Ceph | StoreKind::Minio | StoreKind::Seaweedfs => Addressing::Path,
        };
        self.addressing.unwrap_or(of_kind)
    }

    /// Whether connections to the store use TLS.
    pub fn is_encrypted(&self) -> bool {
        self.endpoint.as_deref().is_none_or(|endpoint| endpoint.starts_with("https://"))
    }
}
