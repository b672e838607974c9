//! A stand-in for Alibaba Cloud OSS's S3-compatible API, for tests.
//!
//! An HTTP server on loopback that enforces OSS's documented rules and forwards valid requests to a real S3
//! store, in path style and with a new signature. The store keeps the objects, lists and uploads. The double
//! adds what differs on OSS: virtual hosts, names, signatures, `ETag`s, `x-oss-hash-crc64ecma`,
//! `x-oss-forbid-overwrite` and limits.
//!
//! Clients reach buckets as `http://{bucket}.{host_suffix}:{port}` and must resolve these names to loopback
//! themselves.
//!
//! It does not support TLS, session tokens, `PostObject` or restoring archived objects. It keeps storage
//! classes in memory, and lists every object as `STANDARD`. The store behind it may be stricter: most refuse
//! parts below 5 MiB, while OSS accepts 100 KiB.

mod answer;
mod backing;
mod buckets;
mod chunked;
mod clock;
mod copies;
mod crc;
mod etag;
mod failure;
mod faults;
mod forward;
mod front;
mod memory;
mod multipart;
mod objects;
mod operation;
mod request;
mod rules;
mod server;
mod sigv4;
mod uri;
mod verify;
mod xml;

pub use faults::{Faults, Scope};
pub use operation::Operation;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use backing::Backing;
use clock::Clock;
use front::Front;
use memory::Memory;
use verify::Account;

/// The settings of a double.
#[derive(Clone)]
pub struct Settings {
    /// The address to listen on. Port 0 means any free port.
    pub listen: SocketAddr,
    /// The store behind the double, such as `http://127.0.0.1:8333`, without a path.
    pub backing_endpoint: String,
    /// The region in signatures for that store.
    pub backing_region: String,
    /// The access key for that store.
    pub backing_access_key: String,
    /// The secret key for that store.
    pub backing_secret_key: String,
    /// The only access key that clients may sign with.
    pub access_key: String,
    /// The secret of that access key.
    pub secret_key: String,
    /// The region that clients must sign for.
    pub region: String,
    /// The host names' suffix after the bucket and a dot, in lower case and without the port.
    pub host_suffix: String,
    /// The number of seconds that the double's clock is ahead of the real one.
    pub clock_skew_seconds: i64,
    /// The largest object that `CopyObject` copies, in bytes; 1 GB on OSS.
    pub copy_object_max_bytes: u64,
}

/// A double that serves until it is dropped.
pub struct OssDouble {
    front: Arc<Front>,
    region: String,
    address: SocketAddr,
    /// `None` after the drop.
    runtime: Option<tokio::runtime::Runtime>,
}

/// Why a double did not start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The port is in use, or the system has no sockets or threads left.
    #[error("cannot listen on {address}: {source}")]
    Listen { address: SocketAddr, source: std::io::Error },
    /// The endpoint of the store is invalid.
    #[error("{0:?} is not an endpoint such as http://127.0.0.1:8333")]
    Endpoint(String),
}

impl Settings {
    /// The settings of a double on any free port in front of a store that knows `backing_access_key`. Clients
    /// sign as `oss-test` with `oss-test-secret`, for the region `oss-test-1`.
    pub fn in_front_of(backing_endpoint: &str, backing_access_key: &str, backing_secret_key: &str) -> Self {
        Self {
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            backing_endpoint: backing_endpoint.to_owned(),
            backing_region: "us-east-1".to_owned(),
            backing_access_key: backing_access_key.to_owned(),
            backing_secret_key: backing_secret_key.to_owned(),
            access_key: "oss-test".to_owned(),
            secret_key: "oss-test-secret".to_owned(),
            region: "oss-test-1".to_owned(),
            host_suffix: "s3.oss-test-1.localhost".to_owned(),
            clock_skew_seconds: 0,
            copy_object_max_bytes: 1 << 30,
        }
    }
}

/// Shows the address but no secret.
impl std::fmt::Debug for OssDouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OssDouble").field("endpoint", &self.endpoint()).finish_non_exhaustive()
    }
}

impl OssDouble {
    /// Starts a double on threads of its own. It does not check whether the store answers.
    pub fn start(settings: Settings) -> Result<Self, Error> {
        let backing_account = Account {
            access_key: settings.backing_access_key,
            secret_key: settings.backing_secret_key,
            region: settings.backing_region,
        };
        let region = settings.region.clone();
        let Some(backing) = Backing::new(&settings.backing_endpoint, backing_account) else {
            return Err(Error::Endpoint(settings.backing_endpoint));
        };
        let front = Arc::new(Front {
            host_suffix: settings.host_suffix,
            copy_object_max_bytes: settings.copy_object_max_bytes,
            account: Account {
                access_key: settings.access_key,
                secret_key: settings.secret_key,
                region: settings.region,
            },
            clock: Clock::new(settings.clock_skew_seconds),
            backing,
            memory: Memory::new(),
            faults: Faults::new(),
            requests: Mutex::default(),
            refusals: Mutex::default(),
            next_request: 1.into(),
        });
        let address = settings.listen;
        let (runtime, address) =
            server::start(address, Arc::clone(&front)).map_err(|source| Error::Listen { address, source })?;
        Ok(Self { front, region, address, runtime: Some(runtime) })
    }

    /// The endpoint for clients: `http://s3.oss-test-1.localhost:PORT`. The bucket's name goes in front of
    /// the host.
    pub fn endpoint(&self) -> String {
        format!("http://{}:{}", self.front.host_suffix, self.address.port())
    }

    /// The address that all of the double's host names must resolve to.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The region that clients must sign for.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// A handle to plan faults of writes, or of other requests with [`Faults::on`].
    pub fn faults(&self) -> Faults {
        self.front.faults.clone()
    }

    /// The number of requests of an operation, including refused and failed ones.
    pub fn requests(&self, operation: Operation) -> u64 {
        self.all_requests().get(&operation).copied().unwrap_or(0)
    }

    /// The number of requests by operation.
    pub fn all_requests(&self) -> BTreeMap<Operation, u64> {
        self.front.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The number of error answers by S3's or OSS's code, without injected faults.
    pub fn refusals(&self) -> BTreeMap<String, u64> {
        self.front.refusals.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Sets the double's clock ahead of the real one by this many seconds.
    pub fn set_clock_skew(&self, seconds: i64) {
        self.front.clock.set_skew(seconds);
    }
}

impl Drop for OssDouble {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
