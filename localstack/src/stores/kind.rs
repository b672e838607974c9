use std::{fmt, str::FromStr};

use crate::Error;

/// Which S3 store to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StoreKind {
    /// One node of Ceph, from the system's packages: a monitor, an OSD that keeps all in memory, and the gateway.
    Ceph,
    /// `SeaweedFS`: master, volume server, filer and S3 gateway in one process.
    SeaweedFs,
    /// The S3 gateway of `JuiceFS`, which embeds a fork of MinIO of February 2021. MinIO itself has no downloads any
    /// more; what is measured on this store says how that fork behaves, not how MinIO's last release did.
    Minio,
}

impl StoreKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Ceph, Self::SeaweedFs, Self::Minio];

    /// What is run, in the words a report should use.
    pub fn label(self) -> &'static str {
        match self {
            Self::Ceph => "Ceph RGW (the system's packages)",
            Self::SeaweedFs => "SeaweedFS 4.48",
            Self::Minio => "MinIO-derived gateway (JuiceFS 1.4.2)",
        }
    }

    /// Whether the store tells a webhook of new objects.
    pub fn has_notifications(self) -> bool {
        !matches!(self, Self::SeaweedFs)
    }

    /// Whether buckets have rules of their own for CORS and lifecycle. The MinIO fork answers 501, and allows every
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
    fn a_name_is_read_as_it_is_written() {
        for kind in StoreKind::ALL {
            assert_eq!(kind.to_string().parse::<StoreKind>().unwrap(), kind);
        }
        assert!("s3".parse::<StoreKind>().is_err());
    }
}
