//! A stand-in for Alibaba Cloud OSS's S3-compatible API, for tests.
//!
//! An HTTP front on loopback that enforces OSS's documented rules and passes what keeps them on to a real S3
//! store, path style and signed anew. It knows nothing a store does: objects, lists and uploads are the
//! store's. Of its own it adds what differs: virtual hosts, names, signatures, `ETag`s,
//! `x-oss-hash-crc64ecma`, `x-oss-forbid-overwrite`, bounds.
//!
//! Clients reach buckets as `http://{bucket}.{host_suffix}:{port}` and must resolve these names to loopback
//! themselves.
//!
//! What it does not do: TLS, session tokens, `PostObject`, restoring of archived objects. Storage classes are
//! kept in memory, and lists call every object `STANDARD`. The store behind may be stricter: most refuse
//! parts below 5 MiB, where OSS takes 100 KiB.

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

/// What a double is started with.
#[derive(Clone)]
pub struct Settings {
    /// Where to listen; port 0 is any that is free.
    pub listen: SocketAddr,
    /// The store to pass requests on to: `http://127.0.0.1:8333`, without a path.
    pub backing_endpoint: String,
    /// The region in signatures to that store.
    pub backing_region: String,
    /// Whom that store knows.
    pub backing_access_key: String,
    /// That one's secret.
    pub backing_secret_key: String,
    /// Whom the double knows: the one access key clients may sign with.
    pub access_key: String,
    /// That one's secret.
    pub secret_key: String,
    /// The region clients must sign for.
    pub region: String,
    /// What follows the bucket and a dot in hosts, without the port; lower case.
    pub host_suffix: String,
    /// By how many seconds the double's clock is ahead of the real one.
    pub clock_skew_seconds: i64,
    /// The largest object `CopyObject` copies, in bytes; on OSS 1 GB.
    pub copy_object_max_bytes: u64,
}

/// A double that serves until it is dropped.
pub struct OssDouble {
    front: Arc<Front>,
    region: String,
    address: SocketAddr,
    /// `None` once dropped.
    runtime: Option<tokio::runtime::Runtime>,
}

/// Why a double did not start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The port is taken, or the system gives no sockets or threads.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address that was asked for.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// The endpoint of the store is not one.
    #[error("{0:?} is not an endpoint such as http://127.0.0.1:8333")]
    Endpoint(String),
}

impl Settings {
    /// A double on any free port in front of a store, which is to know `backing_access_key`. Clients sign as
    /// `oss-test` with `oss-test-secret`, for the region `oss-test-1`.
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

/// Says where it is, and no secret.
impl std::fmt::Debug for OssDouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OssDouble").field("endpoint", &self.endpoint()).finish_non_exhaustive()
    }
}

impl OssDouble {
    /// Starts a double, on threads of its own.
    ///
    /// # Errors
    ///
    /// [`Error::Listen`] and [`Error::Endpoint`]. Whether the store answers is not tried.
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

    /// What clients are configured with: `http://s3.oss-test-1.localhost:PORT`. The bucket goes before the
    /// host.
    pub fn endpoint(&self) -> String {
        format!("http://{}:{}", self.front.host_suffix, self.address.port())
    }

    /// The address all of the double's hosts are to resolve to.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The region clients sign for.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// Faults to order; orders are for writes, unless [`Faults::on`] says otherwise.
    pub fn faults(&self) -> Faults {
        self.front.faults.clone()
    }

    /// How many requests came for an operation, refused and failed ones too.
    pub fn requests(&self, operation: Operation) -> u64 {
        self.all_requests().get(&operation).copied().unwrap_or(0)
    }

    /// How many requests came, by operation.
    pub fn all_requests(&self) -> BTreeMap<Operation, u64> {
        self.front.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How many requests were answered with an error, by S3's or OSS's code; without ordered faults.
    pub fn refusals(&self) -> BTreeMap<String, u64> {
        self.front.refusals.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Puts the double's clock ahead of the real one by this many seconds.
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
