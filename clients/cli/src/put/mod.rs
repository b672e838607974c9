//! `sluice put`: hash, begin, send, wait.

mod item;
mod multipart;
mod part;
mod report;
mod resume;
mod single;
mod source;
mod stamp;
mod urls;
mod wait;

use futures::{Stream, StreamExt as _, stream};
use sluice_contracts::files::VersionView;
use sluice_contracts::uploads::{UploadRequest, UploadView};
use sluice_domain::hash::Sha256;
use sluice_domain::id::{AccountId, FileId, UploadId, VersionId};
use sluice_domain::part_plan::{PartPlan, UploadMethod};
use sluice_domain::path::FilePath;
use sluice_domain::version::{Metadata, VersionState};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use tokio::sync::Semaphore;

use crate::api::Api;
use crate::arguments::PutArguments;
use crate::bucket::Bucket;
use crate::commands::{Context, Tally};
use crate::error::{Error, Result};
use crate::output::Output;
use crate::progress::Progress;
use item::Item;
use report::{Outcome, Report};
use resume::Memory;
use source::Found;
use wait::Waiter;

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
    output: Output,
    progress: Progress,
    waiter: Option<Waiter>,
    part_slots: Semaphore,
    jobs: usize,
    part_size_bytes: Option<u64>,
    content_type: Option<String>,
    if_match: Option<VersionId>,
}

/// How far a file has come.
enum Stage {
    /// The account had the bytes.
    Instant(Box<VersionView>),
    /// The bytes are there and have to be verified.
    Arrived(Arrived),
}

struct Arrived {
    upload_id: UploadId,
    version_id: Option<VersionId>,
    file_id: Option<FileId>,
    /// Forgotten once the version is settled.
    memory: Option<Memory>,
}

impl Stage {
    fn arrived(view: &UploadView) -> Self {
        let version = view.version.as_ref();
        Self::Arrived(Arrived {
            upload_id: view.upload_id,
            version_id: version.map(|version| version.version_id),
            file_id: version.map(|version| version.file_id),
            memory: None,
        })
    }

    fn completed(upload_id: UploadId, version: &VersionView) -> Self {
        let (version_id, file_id) = (Some(version.version_id), Some(version.file_id));
        Self::Arrived(Arrived { upload_id, version_id, file_id, memory: None })
    }
}

/// What is left to report of a file, and why it failed if it did.
type Settled = (Report, Result<()>);

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
    tally.finish(&context.output, "uploaded")
}

impl Put {
    fn new(arguments: &PutArguments, context: &Context) -> Result<Self> {
        let (api, session) = context.connect()?;
        let api = api.patient();
        Ok(Self {
            bucket: Bucket::new(api.url())?,
            account_id: session.account_id,
            uploads_folder: context.home.uploads_folder(),
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
        Ok(Item { local, remote, size_bytes, api: self.api.metered(), progress, sha256: OnceLock::new() })
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
        let stamp = item.stamp()?;
        let plan = PartPlan::new(stamp.size_bytes, self.part_size_bytes)
            .map_err(|error| Error::Usage(error.to_string()))?;
        match plan.method() {
            UploadMethod::Packs | UploadMethod::Put => single::send(self, item, &stamp, plan).await,
            UploadMethod::Multipart => multipart::send(self, item, stamp, plan).await,
        }
    }

    async fn settle(&self, sent: Result<(Item, Result<Stage>), Box<Settled>>) -> Settled {
        let (item, stage) = match sent {
            Ok(sent) => sent,
            Err(settled) => return *settled,
        };
        let settled = match stage {
            Ok(Stage::Instant(version)) => {
                return (Report::new(&item, Outcome::Instant).with_version(&version), Ok(()));
            }
            Ok(Stage::Arrived(arrived)) => self.verify(&item, &arrived).await,
            Err(error) => Err(error),
        };
        match settled {
            Ok(report) => (report, Ok(())),
            Err(error) => {
                let report = Report { error: Some((&error).into()), ..Report::new(&item, Outcome::Failed) };
                (report, Err(error))
            }
        }
    }

    /// Waits for the server's verdict, unless nobody wants to know.
    async fn verify(&self, item: &Item, arrived: &Arrived) -> Result<Report> {
        let mut state = VersionState::Pending;
        let (mut version_id, mut file_id) = (arrived.version_id, arrived.file_id);
        if let Some(waiter) = &self.waiter {
            item.progress.begin_verification();
            let verdict = waiter.wait(arrived.upload_id, item.api.meter()).await;
            if let Some(memory) = arrived.memory.as_ref().filter(|_| is_verdict(&verdict)) {
                memory.forget();
            }
            let view = verdict?;
            state = VersionState::Available;
            (version_id, file_id) = (Some(view.version_id), Some(view.file_id));
        } else if let Some(memory) = &arrived.memory {
            memory.forget();
        }
        Ok(Report { state: Some(state), version_id, file_id, ..Report::new(item, Outcome::Uploaded) })
    }

    /// What every upload of the file asks for.
    fn request(&self, item: &Item, size_bytes: u64, sha256: Sha256) -> UploadRequest {
        let guessed = || mime_guess::from_path(item.remote.as_str()).first_raw().map(str::to_owned);
        UploadRequest {
            path: item.remote.clone(),
            size: size_bytes,
            sha256: Some(sha256),
            sha1: None,
            content_type: self.content_type.clone().or_else(guessed),
            metadata: Metadata::new(),
            part_size: self.part_size_bytes,
            part_sha256: false,
            packs: None,
        }
    }
}

/// Whether the upload has ended; a question that got no answer leaves it open.
fn is_verdict(verdict: &Result<UploadView>) -> bool {
    matches!(verdict, Ok(_) | Err(Error::Rejected(_) | Error::UploadEnded(_)))
}
