//! Names the S3 stores and says what each can do.

use std::fmt;
use std::str::FromStr;

use crate::Error;

/// An S3 store that can run on this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StoreKind {
    /// One node of Ceph from the system's packages: a monitor, an OSD that keeps its data in memory, and the
    /// gateway.
    Ceph,
    /// `SeaweedFS`: master, volume server, filer and S3 gateway in one process.
    SeaweedFs,
    /// The S3 gateway of `JuiceFS`, which embeds a fork of MinIO of February 2021. MinIO itself is no longer
    /// available for download. Results on this store describe that fork, not MinIO's last release.
    Minio,
}

impl StoreKind {
    pub const ALL: [Self; 3] = [Self::Ceph, Self::SeaweedFs, Self::Minio];

    /// The name and version for reports.
    pub fn label(self) -> &'static str {
        match self {
            Self::Ceph => "Ceph RGW (the system's packages)",
            Self::SeaweedFs => "SeaweedFS 4.48",
            Self::Minio => "MinIO-derived gateway (JuiceFS 1.4.2)",
        }
    }

    /// Whether the store can notify a webhook of new objects.
    pub fn has_notifications(self) -> bool {
        !matches!(self, Self::SeaweedFs)
    }

    /// Whether buckets have CORS and lifecycle rules. The MinIO fork answers 501 to them, and allows every
    /// origin.
    pub fn has_bucket_rules(self) -> bool {
        !matches!(self, Self::Minio)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Ceph => "ceph",
            Self::SeaweedFs => "seaweedfs",
            Self::Minio => "minio",
        }
    }
}

impl fmt::Display for StoreKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for StoreKind {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        let known = Self::ALL.into_iter().find(|kind| kind.name() == name);
        known.ok_or_else(|| Error::StoreUnknown { name: name.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_displayed_name_parses_to_the_same_kind() {
        for kind in StoreKind::ALL {
            assert_eq!(kind.to_string().parse::<StoreKind>().unwrap(), kind);
        }
        assert!("s3".parse::<StoreKind>().is_err());
    }
}
