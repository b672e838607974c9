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
mod compatible;
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
mod request;
mod rules;
mod settings;
mod sigv4;
mod verify;

pub use faults::{Faults, Hold, Scope};
pub use settings::{Account, Settings};
pub use sluice_s3_protocol::Operation;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, PoisonError};

use axum::extract::Request;
use front::Front;
use sluice_s3_protocol::{ListenError, Server};

/// A double that serves until it is dropped.
pub struct OssDouble {
    front: Arc<Front>,
    server: Server,
}

/// Why a double did not start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// The endpoint of the store is invalid.
    #[error("{0:?} is not an endpoint such as http://127.0.0.1:8333")]
    Endpoint(String),
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
        let listen = settings.listen;
        let endpoint = settings.backing_endpoint.clone();
        let front = Arc::new(Front::new(settings).ok_or(Error::Endpoint(endpoint))?);
        let answering = Arc::clone(&front);
        let answer = |request: Request| async move { answering.answer(request).await };
        let server = Server::start(listen, answer)?;
        Ok(Self { front, server })
    }

    /// The endpoint for clients: `http://s3.oss-test-1.localhost:PORT`. The bucket's name goes in front of
    /// the host.
    pub fn endpoint(&self) -> String {
        format!("http://{}:{}", self.front.settings.host_suffix, self.address().port())
    }

    /// The address that all of the double's host names must resolve to.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// The region that clients must sign for.
    pub fn region(&self) -> &str {
        &self.front.settings.account.region
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
