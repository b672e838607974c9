//! The kinds of stores.

use serde::{Deserialize, Serialize};

/// The kind of a store that speaks the protocol of S3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StoreKind {
    Aws,
    Ceph,
    /// MinIO, and gateways that derive from it.
    Minio,
    Seaweedfs,
    Oss,
}
