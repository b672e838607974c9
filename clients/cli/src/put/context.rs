//! What all files of one `put` share: clients, limits and the options of the command line.

use sluice_contracts::files::{Lookup, LookupAnswer};
use sluice_contracts::uploads::UploadRequest;
use sluice_domain::hash::Sha256;
use sluice_domain::id::{AccountId, VersionId};
use sluice_domain::path::FilePath;
use sluice_domain::version::Metadata;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use tokio::sync::Semaphore;

use super::copy::copy;
use super::earlier::EarlierUploads;
use super::interrupt::OpenUploads;
use super::item::{Item, LocalBlob};
use super::twins::Twins;
use super::wait::Waiter;
use crate::api::Api;
use crate::arguments::PutArguments;
use crate::bucket::Bucket;
use crate::cache::Cache;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::output::Output;
use crate::progress::Progress;

/// Small files spend most of their time waiting for answers, so more files than parts may be in flight.
pub const FILES_PER_JOB: usize = 4;
/// How many files may wait for verification before no further ones are started.
pub const WAITING_MAX: usize = 1000;
/// How many files may wait for an equal one: fewer, so that the file that they wait for always goes on.
const TWINS_WAITING_MAX: usize = WAITING_MAX / 2;

pub struct PutContext {
    pub api: Api,
    pub bucket: Bucket,
    pub account_id: AccountId,
    pub uploads_folder: PathBuf,
    pub cache: Cache,
    pub output: Output,
    pub progress: Progress,
    /// Waits for verification; none with `--no-wait`.
    pub waiter: Option<Waiter>,
    /// One slot for each part or pack that may be in flight, of any file.
    pub part_slots: Semaphore,
    /// One slot for each file that is sent whole after it has waited.
    pub file_slots: Semaphore,
    pub open_uploads: OpenUploads,
    pub earlier_uploads: EarlierUploads,
    pub twins: Twins,
    pub jobs: usize,
    pub part_size_bytes: Option<u64>,
    pub content_type: Option<String>,
    pub if_match: Option<VersionId>,
}

impl PutContext {
    pub fn new(arguments: &PutArguments, context: &Context) -> Result<Self> {
        let (api, session) = context.connect()?;
        let api = api.persistent();
        let cache = context.cache(&api, &session, arguments.no_cache);
        Ok(Self {
            bucket: Bucket::new(api.url())?,
            account_id: session.account_id,
            uploads_folder: context.home.uploads_folder(),
            cache,
            output: context.output.clone(),
            progress: Progress::new(context.output.bars()),
            waiter: (!arguments.no_wait).then(|| Waiter::start(api.clone())),
            part_slots: Semaphore::new(arguments.jobs.get()),
            file_slots: Semaphore::new(arguments.jobs.get() * FILES_PER_JOB),
            open_uploads: OpenUploads::default(),
            earlier_uploads: EarlierUploads::find(&context.home.uploads_folder()),
            twins: Twins::new(TWINS_WAITING_MAX),
            jobs: arguments.jobs.get(),
            part_size_bytes: arguments.part_size,
            content_type: arguments.content_type.clone(),
            if_match: arguments.if_match,
            api,
        })
    }

    /// Starts to track a local file, or a stream, which is read to its end. Fails if it cannot be read.
    pub async fn item(&self, local: PathBuf, remote: FilePath) -> Result<Item> {
        let copy = copy(&local).await.map_err(Error::local(&local))?;
        let source = copy.as_deref().unwrap_or(&local);
        let found_bytes = std::fs::metadata(source).map_err(Error::local(&local))?.len();
        Ok(Item {
            api: self.api.metered(),
            progress: Arc::new(self.progress.file(remote.as_str(), found_bytes)),
            local,
            remote,
            copy,
            found_bytes,
            blob: OnceLock::new(),
            fingerprint: OnceLock::new(),
            turn: OnceLock::new(),
        })
    }

    /// Asks the server to make a version from a blob that the account may already have.
    pub async fn look_up(&self, item: &Item, blob: LocalBlob) -> Result<LookupAnswer> {
        let lookup = Lookup {
            sha256: blob.sha256,
            size: blob.size_bytes,
            path: item.remote.clone(),
            content_type: self.content_type(item),
            metadata: Metadata::new(),
        };
        item.api.look_up(&lookup, self.if_match).await
    }

    /// The fields that every kind of upload has in common.
    pub fn request(&self, item: &Item, size_bytes: u64, sha256: Sha256) -> UploadRequest {
        UploadRequest {
            path: item.remote.clone(),
            size: size_bytes,
            sha256: Some(sha256),
            sha1: None,
            content_type: self.content_type(item),
            metadata: Metadata::new(),
            part_size: self.part_size_bytes,
            packs: None,
            part_sha256: false,
        }
    }

    /// Tells the user that a delta upload has become a whole upload.
    pub fn note_whole(&self, item: &Item, reason: &str) {
        self.output.note(&format!(
            "{}: the server did not accept the delta ({reason}): sending the whole file",
            item.remote
        ));
    }

    /// Tells the user that an interruption of this upload would lose what was sent.
    pub fn warn_not_resumable(&self, item: &Item, error: &Error) {
        self.output
            .warning(&format!("{}: if interrupted, the upload cannot be continued: {error}", item.remote));
    }

    fn content_type(&self, item: &Item) -> Option<String> {
        let guessed = || mime_guess::from_path(item.remote.as_str()).first_raw().map(str::to_owned);
        self.content_type.clone().or_else(guessed)
    }
}
