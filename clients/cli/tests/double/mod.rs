//! A server in the test process that fails on demand, for faults that are hard to provoke on a real stack. It
//! keeps uploads and files in memory, and acts as both the API and the bucket.

#![allow(dead_code, reason = "each test uses a part of it")]

mod bucket;
mod command;
mod packs;
mod server;

pub use command::Sluice;
use packs::Pack;
use sluice_contracts::packs::PackManifest;
use sluice_contracts::uploads::UploadRequest;
use sluice_domain::hash::Sha256;
use sluice_domain::id::{AccountId, FileId, PackId, UploadId, VersionId};
use sluice_domain::manifest::Term;
use sluice_domain::part_plan::PartPlan;
use sluice_domain::time::Timestamp;
use sluice_domain::upload::UploadState;
use sluice_domain::version::RejectReason;
use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// A fault that one request meets.
#[derive(Debug, Clone)]
pub enum Fault {
    /// No fault: the request is served.
    None,
    /// The answer has this status and this S3 error code.
    Status(u16, &'static str),
    /// No answer ever comes.
    Hang,
    /// The answer breaks off after this many bytes.
    Cut(usize),
    /// The byte at this offset of the answer is wrong.
    Damage(usize),
    /// Something is appended to the local file, and the answer is 503.
    Append(PathBuf),
    /// The first bytes of the local file are overwritten, and the answer is 503.
    Overwrite(PathBuf, &'static str),
}

pub struct Upload {
    pub request: UploadRequest,
    pub plan: PartPlan,
    pub received: BTreeMap<u32, Vec<u8>>,
    /// The hash of each part whose URL was signed with one.
    pub signed: BTreeMap<u32, Sha256>,
    pub manifest: Option<PackManifest>,
    pub state: UploadState,
    pub reason: Option<RejectReason>,
}

/// A file with one version.
#[derive(Clone)]
pub struct StoredFile {
    pub file_id: FileId,
    pub version_id: VersionId,
    /// Not validated, because a hostile server could send any path.
    pub path: String,
    pub sha256: Sha256,
    pub content: Vec<u8>,
    pub terms: Vec<Term>,
}

impl Upload {
    pub fn part_count(&self) -> u32 {
        self.request.packs.as_ref().map_or_else(|| self.plan.part_count(), |packs| packs.len() as u32)
    }
}

/// The state of the server, and the faults to come.
#[derive(Default)]
pub struct World {
    pub uploads: BTreeMap<UploadId, Upload>,
    pub files: Vec<StoredFile>,
    pub packs: BTreeMap<PackId, Pack>,
    /// Chunks in a page of a plan; 0 stands for as many as the contract allows.
    pub plan_chunks_max: usize,
    /// Why deltas are rejected; None if they are accepted.
    pub delta_rejection: Option<RejectReason>,
    /// Faults for the next requests to the bucket.
    pub bucket_faults: VecDeque<Fault>,
    /// Faults for the next calls that begin an upload or ask for a plan.
    pub api_faults: VecDeque<Fault>,
    /// One line for each request: method and path.
    pub log: Vec<String>,
    pub idempotency_keys: Vec<String>,
    /// How many of the next changes of files are made but get no answer.
    pub lost_answers: usize,
    /// The answers to changes of files, by idempotency key.
    pub answers: BTreeMap<String, (u16, serde_json::Value)>,
    /// Part of every URL. URLs of other generations are refused.
    pub url_generation: u32,
    /// Uploads to these paths are rejected.
    pub rejected_paths: Vec<String>,
    serial: u32,
    url: String,
}

impl World {
    /// How many requests begin with this text.
    pub fn count(&self, beginning: &str) -> usize {
        self.log.iter().filter(|line| line.starts_with(beginning)).count()
    }

    /// The requests since number `from`, without ids and polls.
    pub fn requests(&self, from: usize) -> Vec<String> {
        let without_ids = |line: &String| {
            let words =
                line.split([' ', '/']).filter(|word| !word.is_empty() && !word.contains(char::is_numeric));
            words.collect::<Vec<_>>().join(" ")
        };
        self.log[from..].iter().map(without_ids).filter(|line| line != "GET uploads").collect()
    }

    fn next_bytes(&mut self) -> [u8; 16] {
        self.serial += 1;
        let mut bytes = [0; 16];
        bytes[12..].copy_from_slice(&self.serial.to_be_bytes());
        bytes
    }

    /// Adds a file. With `sha256`, the file claims that hash instead of its own.
    pub fn add_file(&mut self, path: &str, content: &[u8], sha256: Option<Sha256>) -> StoredFile {
        let file_id = self.next_bytes();
        let version_id = self.next_bytes();
        let terms = self.adopt(content);
        let stored = StoredFile {
            file_id: FileId::from_bytes(file_id),
            version_id: VersionId::from_bytes(version_id),
            path: path.to_owned(),
            sha256: sha256.unwrap_or_else(|| Sha256::of(content)),
            content: content.to_vec(),
            terms,
        };
        self.files.push(stored.clone());
        stored
    }

    /// Does what the worker does when all parts have arrived.
    fn finish_upload(&mut self, upload_id: UploadId) {
        let Some(mut upload) = self.uploads.remove(&upload_id) else { return };
        let (content, terms) = if let Some(manifest) = &upload.manifest {
            self.assemble(manifest, &upload.received)
        } else {
            let content: Vec<u8> = upload.received.values().flatten().copied().collect();
            let terms = self.adopt(&content);
            (content, terms)
        };
        let path = upload.request.path.to_string();
        let right =
            upload.request.sha256 == Some(Sha256::of(&content)) && !self.rejected_paths.contains(&path);
        upload.reason = self.delta_rejection.filter(|_| upload.manifest.is_some());
        upload.state =
            if right && upload.reason.is_none() { UploadState::Available } else { UploadState::Rejected };
        if upload.state == UploadState::Available {
            self.files.push(StoredFile {
                file_id: FileId::from_bytes(*upload_id.as_bytes()),
                version_id: VersionId::from_bytes(*upload_id.as_bytes()),
                path,
                sha256: Sha256::of(&content),
                content,
                terms,
            });
        }
        self.uploads.insert(upload_id, upload);
    }
}

#[derive(Clone)]
pub struct Double {
    world: Arc<Mutex<World>>,
}

impl Double {
    /// Starts the server on a free port.
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("bound"));
        let double = Self { world: Arc::new(Mutex::new(World { url, ..World::default() })) };
        let router = axum::Router::new().fallback(server::answer).with_state(double.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        double
    }

    /// Locks the state, to read or change it.
    pub fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().expect("no test thread panicked in here")
    }

    pub fn url(&self) -> String {
        self.world().url.clone()
    }

    /// Waits until the state is as `done` wants it, for at most two minutes.
    pub async fn wait_for(&self, what: &str, done: impl Fn(&World) -> bool) {
        let polls = async {
            while !done(&self.world()) {
                sleep(Duration::from_millis(10)).await;
            }
        };
        let waited = timeout(Duration::from_mins(2), polls).await;
        waited.unwrap_or_else(|_| panic!("no {what}; the requests were {:?}", self.world().log));
    }
}

/// A number from a line of `--json` output.
pub fn number(line: &serde_json::Value, field: &str) -> usize {
    line[field].as_u64().expect("a number") as usize
}

/// The account of every session.
pub fn account_id() -> AccountId {
    AccountId::from_bytes([7; 16])
}

/// A time far in the future.
pub fn never() -> Timestamp {
    Timestamp::from_unix_milliseconds(4_000_000_000_000)
}

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
