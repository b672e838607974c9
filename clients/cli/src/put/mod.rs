//! `sluice put`: hash, find what the account has, send the rest, wait.

mod body;
mod delta;
mod item;
mod multipart;
mod part;
mod report;
mod resume;
mod settle;
mod single;
mod source;
mod stamp;
mod urls;
mod wait;
mod whole;

use futures::{Stream, StreamExt as _, stream};
use sluice_contracts::files::{Lookup, LookupAnswer, VersionView};
use sluice_contracts::uploads::UploadRequest;
use sluice_domain::hash::Sha256;
use sluice_domain::id::{AccountId, VersionId};
use sluice_domain::path::FilePath;
use sluice_domain::version::Metadata;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use tokio::sync::Semaphore;

use crate::api::Api;
use crate::arguments::PutArguments;
use crate::bucket::Bucket;
use crate::cache::{Cache, Fingerprint};
use crate::commands::{Context, Tally};
use crate::error::{Error, Result};
use crate::output::Output;
use crate::progress::Progress;
use item::Item;
use report::Report;
use settle::{Arrived, Settled, Stage};
use source::Found;
use wait::Waiter;
use whole::Whole;

/// Small files spend their time waiting for answers: so many are under way for each part that is.
const FILES_PER_JOB: usize = 4;
/// How many files may wait for verification before no further ones are begun.
const WAITING_MAX: usize = 1000;

/// Everything the files of one command share.
pub struct Put {
    api: Api,
    bucket: Bucket,
    account_id: AccountId,
    uploads_folder: PathBuf,
    cache: Cache,
    output: Output,
    progress: Progress,
    waiter: Option<Waiter>,
    part_slots: Semaphore,
    jobs: usize,
    part_size_bytes: Option<u64>,
    content_type: Option<String>,
    if_match: Option<VersionId>,
}

/// Uploads what the command line names. Files are independent: one that fails does not keep the others.
pub async fn run(arguments: &PutArguments, context: &Context) -> Result<()> {
    if arguments.if_match.is_some() && !matches!(&*arguments.local, [local] if !local.is_dir()) {
        return Err(Error::Usage("--if-match is for one file".to_owned()));
    }
    let found = source::find(&arguments.local, arguments.to.as_deref(), arguments.follow_links)?;
    let put = Put::new(arguments, context)?;
    let mut tally = Tally::default();
    let mut settled = std::pin::pin!(put.settle_all(found));
    while let Some((report, outcome)) = settled.next().await {
        if let Err(error) = &outcome {
            context.output.failure(&format!("{}: ", report.local), error);
        }
        context.output.result(&report, || report.text())?;
        tally.add(&outcome);
    }
    put.progress.finish();
    put.cache.prune();
    tally.finish(&context.output, "uploaded")
}

impl Put {
    fn new(arguments: &PutArguments, context: &Context) -> Result<Self> {
        let (api, session) = context.connect()?;
        let api = api.patient();
        let cache = context.cache(&api, &session, arguments.no_cache);
        Ok(Self {
            bucket: Bucket::new(api.url())?,
            account_id: session.account_id,
            uploads_folder: context.home.uploads_folder(),
            cache,
            output: context.output.clone(),
            progress: Progress::new(context.output.bars(), "all"),
            waiter: (!arguments.no_wait).then(|| Waiter::start(api.clone())),
            part_slots: Semaphore::new(arguments.jobs.get()),
            jobs: arguments.jobs.get(),
            part_size_bytes: arguments.part_size,
            content_type: arguments.content_type.clone(),
            if_match: arguments.if_match,
            api,
        })
    }

    /// The stages overlap: while some files wait for verification, the next ones are sent.
    fn settle_all<'a>(&'a self, found: impl Iterator<Item = Found> + 'a) -> impl Stream<Item = Settled> + 'a {
        stream::iter(found)
            .filter_map(|found| std::future::ready(self.admit(found)))
            .map(|admitted| self.send(admitted))
            .buffer_unordered(self.jobs * FILES_PER_JOB)
            .map(|sent| self.settle(sent))
            .buffer_unordered(WAITING_MAX)
    }

    fn admit(&self, found: Found) -> Option<Result<Item, Box<Settled>>> {
        let (local, remote) = match found {
            Found::File { local, remote } => (local, remote),
            Found::Failed { local, error } => {
                return Some(Err(Box::new((Report::not_begun(&local, None, &error), Err(error)))));
            }
            Found::Skipped { local, why } => {
                self.output.note(&format!("skipped {}: {why}", local.display()));
                return None;
            }
        };
        Some(
            self.item(local.clone(), remote.clone())
                .map_err(|error| Box::new((Report::not_begun(&local, Some(remote), &error), Err(error)))),
        )
    }

    fn item(&self, local: PathBuf, remote: FilePath) -> Result<Item> {
        let size_bytes = std::fs::metadata(&local).map_err(Error::local(&local))?.len();
        let progress = Arc::new(self.progress.file(remote.as_str(), size_bytes));
        let (api, sha256, fingerprint) = (self.api.metered(), OnceLock::new(), OnceLock::new());
        Ok(Item { local, remote, size_bytes, api, progress, sha256, fingerprint })
    }

    async fn send(
        &self,
        admitted: Result<Item, Box<Settled>>,
    ) -> Result<(Item, Result<Stage>), Box<Settled>> {
        let item = admitted?;
        let stage = self.send_item(&item).await;
        Ok((item, stage))
    }

    async fn send_item(&self, item: &Item) -> Result<Stage> {
        if let Some(version) = self.link_unchanged(item).await? {
            return Ok(Stage::Instant(version));
        }
        let (whole, chunks) = Whole::prepare(self, item).await?;
        let sha256 = whole.sha256();
        let stage = match delta::send(self, item, &whole, &chunks).await? {
            Some(Stage::Arrived(arrived)) => {
                Stage::Arrived(Arrived { delta_of: Some(Box::new(whole)), ..arrived })
            }
            Some(instant) => instant,
            None => whole.send(self, item).await?,
        };
        if !chunks.is_empty() {
            self.cache.remember_blob(&sha256, item.size_bytes, &chunks);
        }
        Ok(stage)
    }

    /// Makes a version of a file that was hashed by an earlier run, without reading it. Nothing comes of it if it was
    /// written to since, or if the account does not have its content any more.
    async fn link_unchanged(&self, item: &Item) -> Result<Option<Box<VersionView>>> {
        let fingerprint = Fingerprint::of(&item.local).map_err(Error::local(&item.local))?;
        let Some(sha256) = self.cache.unchanged(&item.local, &fingerprint) else { return Ok(None) };
        match self.look_up(item, sha256).await? {
            LookupAnswer::Instant { version } => {
                item.sha256.set(sha256).ok();
                item.fingerprint.set(fingerprint).ok();
                Ok(Some(version))
            }
            LookupAnswer::Unknown => Ok(None),
        }
    }

    async fn look_up(&self, item: &Item, sha256: Sha256) -> Result<LookupAnswer> {
        let lookup = Lookup {
            sha256,
            size: item.size_bytes,
            path: item.remote.clone(),
            content_type: self.content_type(item),
            metadata: Metadata::new(),
        };
        item.api.look_up(&lookup, self.if_match).await
    }

    fn content_type(&self, item: &Item) -> Option<String> {
        let guessed = || mime_guess::from_path(item.remote.as_str()).first_raw().map(str::to_owned);
        self.content_type.clone().or_else(guessed)
    }

    /// What every upload of the file asks for.
    fn request(&self, item: &Item, size_bytes: u64, sha256: Sha256) -> UploadRequest {
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
}
