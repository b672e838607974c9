//! The settings of a double.

use std::net::{Ipv4Addr, SocketAddr};

/// Credentials, and the region to sign for.
#[derive(Clone)]
pub struct Account {
    pub access_key: String,
    pub secret_key: String,
    pub region: String,
}

/// The settings of a double.
#[derive(Clone)]
pub struct Settings {
    /// The address to listen on. Port 0 means any free port.
    pub listen: SocketAddr,
    /// The store behind the double, such as `http://127.0.0.1:8333`, without a path.
    pub backing_endpoint: String,
    /// The account of the double at that store.
    pub backing_account: Account,
    /// The only account that clients may sign with.
    pub account: Account,
    /// The host names' suffix after the bucket and a dot, in lower case and without the port.
    pub host_suffix: String,
    /// The number of seconds that the double's clock is ahead of the real one.
    pub clock_skew_seconds: i64,
    /// The largest object that `CopyObject` copies, in bytes; 1 GB on OSS.
    pub copy_object_max_bytes: u64,
}

impl Account {
    fn new(access_key: &str, secret_key: &str, region: &str) -> Self {
        Self {
            access_key: access_key.to_owned(),
            secret_key: secret_key.to_owned(),
            region: region.to_owned(),
        }
    }
}

impl Settings {
    /// The settings of a double on any free port in front of a store that knows `backing_access_key`. Clients
    /// sign as `oss-test` with `oss-test-secret`, for the region `oss-test-1`.
    pub fn in_front_of(backing_endpoint: &str, backing_access_key: &str, backing_secret_key: &str) -> Self {
        Self {
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            backing_endpoint: backing_endpoint.to_owned(),
            backing_account: Account::new(backing_access_key, backing_secret_key, "us-east-1"),
            account: Account::new("oss-test", "oss-test-secret", "oss-test-1"),
            host_suffix: "s3.oss-test-1.localhost".to_owned(),
            clock_skew_seconds: 0,
            copy_object_max_bytes: 1 << 30,
        }
    }
}
