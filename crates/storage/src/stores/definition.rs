//! How stores are configured.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use super::capability::Capability;
use super::credentials::CredentialsReference;

/// What kind of store speaks S3's protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StoreKind {
    /// Amazon S3.
    Aws,
    /// Ceph's RADOS Gateway.
    Ceph,
    /// MinIO, and gateways that derive from it.
    Minio,
    /// SeaweedFS.
    Seaweedfs,
    /// Alibaba Cloud OSS.
    Oss,
}

/// How a bucket is addressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Addressing {
    /// As part of the host name: what AWS prefers and OSS demands.
    Virtual,
    /// As the beginning of the path.
    Path,
}

/// What a bucket of a store is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Where presigned uploads arrive.
    Landing,
    /// What has been verified.
    Vault,
    /// Blobs rebuilt for plain HTTP readers.
    Cache,
    /// Where packs are migrated to.
    Cold,
}

/// One store of the registry.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoreDefinition {
    /// What it is.
    pub kind: StoreKind,
    /// Where it answers, with `http://` or `https://` and without a path. Only AWS has a default.
    #[serde(default)]
    pub endpoint: Option<String>,
    /// The region that requests are signed for. Only AWS has a default: the function's own.
    #[serde(default)]
    pub region: Option<String>,
    /// How buckets are addressed; by default as the kind wants it.
    #[serde(default)]
    pub addressing: Option<Addressing>,
    /// Where the credentials come from; by default the function's own, which only AWS understands.
    #[serde(default)]
    pub credentials: CredentialsReference,
    /// The bucket for each role that the store has.
    pub buckets: BTreeMap<Role, String>,
    /// What is known of this store otherwise than of its kind.
    #[serde(default)]
    pub capabilities: BTreeMap<Capability, bool>,
}

impl StoreDefinition {
    /// Whether the store can do it.
    pub fn can(&self, capability: Capability) -> bool {
        let configured = self.capabilities.get(&capability).copied();
        configured.unwrap_or_else(|| capability.is_known_of(self.kind))
    }

    /// How its buckets are addressed.
    pub fn addressing(&self) -> Addressing {
        let of_kind = match self.kind {
            StoreKind::Aws | StoreKind::Oss => Addressing::Virtual,
            StoreKind::Ceph | StoreKind::Minio | StoreKind::Seaweedfs => Addressing::Path,
        };
        self.addressing.unwrap_or(of_kind)
    }

    /// Whether it is reached over TLS.
    pub fn is_encrypted(&self) -> bool {
        !self.endpoint.as_deref().is_some_and(|endpoint| endpoint.starts_with("http://"))
    }
}
