//! A server in this process that fails on command: what a client does about trouble is hard to provoke on a real stack.
//! It keeps uploads and files in memory and plays both the API and the bucket.

#![allow(dead_code, reason = "each test uses its own part of it")]

mod bucket;
mod command;
mod server;

pub use command::Sluice;
use sluice_contracts::uploads::UploadRequest;
use sluice_domain::hash::Sha256;
use sluice_domain::id::{AccountId, FileId, UploadId, VersionId};
use sluice_domain::part_plan::PartPlan;
use sluice_domain::time::Timestamp;
use sluice_domain::upload::UploadState;
use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};

/// What happens to a request instead of what should.
#[derive(Debug, Clone)]
pub enum Fault {
    /// Nothing: the request is served. Fills a place in the queue.
    None,
    /// The answer is this status, with this S3 error code.
    Status(u16, &'static str),
    /// There is never an answer.
    Hang,
    /// The bytes end after so many.
    Cut(usize),
    /// The local file is written to, and the answer is 503.
    Change(PathBuf),
    /// The bytes are rebuilt first: 202.
    Rebuild,
}

/// An upload.
pub struct Upload {
    pub request: UploadRequest,
    pub plan: PartPlan,
    pub received: BTreeMap<u32, Vec<u8>>,
    pub state: UploadState,
}

/// A file.
#[derive(Clone)]
pub struct Stored {
    pub file_id: FileId,
    pub version_id: VersionId,
    /// Not checked: a hostile server sends what it likes.
    pub path: String,
    pub sha256: Sha256,
    pub content: Vec<u8>,
}

/// All the server knows and does.
#[derive(Default)]
pub struct World {
    pub uploads: BTreeMap<UploadId, Upload>,
    pub files: Vec<Stored>,
    /// For the next requests to the bucket.
    pub bucket_faults: VecDeque<Fault>,
    /// For the next requests to the API that begin an upload or ask for content.
    pub api_faults: VecDeque<Fault>,
    /// One line for each request: method and path.
    pub log: Vec<String>,
    pub idempotency_keys: Vec<String>,
    /// How often part URLs were signed; older ones are refused once this is raised by hand.
    pub url_generation: u32,
    /// Paths whose versions are rejected.
    pub rejected_paths: Vec<String>,
    serial: u32,
    url: String,
}

impl World {
    /// How many requests began like this.
    pub fn count(&self, beginning: &str) -> usize {
        self.log.iter().filter(|line| line.starts_with(beginning)).count()
    }

    fn next_bytes(&mut self) -> [u8; 16] {
        self.serial += 1;
        let mut bytes = [0; 16];
        bytes[12..].copy_from_slice(&self.serial.to_be_bytes());
        bytes
    }

    /// Adds a file whose content has another hash than it claims if `sha256` is given.
    pub fn add_file(&mut self, path: &str, content: &[u8], sha256: Option<Sha256>) -> Stored {
        let stored = Stored {
            file_id: FileId::from_bytes(self.next_bytes()),
            version_id: VersionId::from_bytes(self.next_bytes()),
            path: path.to_owned(),
            sha256: sha256.unwrap_or_else(|| Sha256::of(content)),
            content: content.to_vec(),
        };
        self.files.push(stored.clone());
        stored
    }

    /// All parts are there: what the worker would do.
    fn settle(&mut self, upload_id: UploadId) {
        let Some(upload) = self.uploads.get_mut(&upload_id) else { return };
        let content: Vec<u8> = upload.received.values().flatten().copied().collect();
        let path = upload.request.path.to_string();
        let right =
            upload.request.sha256 == Some(Sha256::of(&content)) && !self.rejected_paths.contains(&path);
        upload.state = if right { UploadState::Available } else { UploadState::Rejected };
        if right {
            self.add_file(&path, &content, None);
        }
    }
}

/// The running server.
#[derive(Clone)]
pub struct Double {
    world: Arc<Mutex<World>>,
}

impl Double {
    /// Starts it on a free port.
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("bound"));
        let double = Self { world: Arc::new(Mutex::new(World { url, ..World::default() })) };
        let router = axum::Router::new().fallback(server::answer).with_state(double.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        double
    }

    /// Looks into it, or changes what it does.
    pub fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().expect("no test thread panicked in here")
    }

    /// Its address.
    pub fn url(&self) -> String {
        self.world().url.clone()
    }
}

/// The account everybody has.
pub fn account_id() -> AccountId {
    AccountId::from_bytes([7; 16])
}

/// Far enough off.
pub fn never() -> Timestamp {
    Timestamp::from_unix_milliseconds(4_000_000_000_000)
}

/// Bytes that do not repeat.
pub fn noise(size_bytes: usize) -> Vec<u8> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    let mut bytes: Vec<u8> =
        std::iter::repeat_with(&mut next).take(size_bytes.div_ceil(8)).flatten().collect();
    bytes.truncate(size_bytes);
    bytes
}
