//! `sluice get`: finds files on the server, downloads the chunks that are missing locally, and verifies the
//! result.

mod base;
mod download;
mod partial;
mod plan;
mod report;
mod request;
mod source;
mod standard_output;
mod target;

use futures::channel::mpsc::{self, Receiver};
use futures::{SinkExt as _, Stream, StreamExt as _};
use sluice_domain::version::VersionState;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::Semaphore;

use crate::api::Api;
use crate::arguments::{GetArguments, Remote};
use crate::bucket::Bucket;
use crate::cache::Cache;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::mode::Mode;
use crate::output::Format;
use crate::progress::Progress;
use crate::signal::signal;
use crate::tally::Tally;
use crate::{clock, partial_file};
use base::Bases;
use download::{Download, Fetched};
use report::Report;
use source::{FileToGet, Missing};

/// How many files may be listed before the first of them is downloaded, so that memory stays small.
const LISTED_MAX: usize = 10_000;

struct Get<'a> {
    arguments: &'a GetArguments,
    api: Api,
    bucket: Bucket,
    slots: Semaphore,
    bases: Arc<Bases>,
    progress: Progress,
    cache: Cache,
    new_file_mode: Mode,
}

/// Downloads the files and folders that the command line names. One file that fails does not stop the others.
pub async fn run(arguments: &GetArguments, context: &Context) -> Result<()> {
    // Before other threads make files.
    let new_file_mode = Mode::of_new_files();
    if arguments.version_id.is_some() && !matches!(&*arguments.remote, [Remote::File(_)]) {
        return Err(Error::Usage("--version-id is for one file".to_owned()));
    }
    let (api, session) = context.connect()?;
    let get = Get {
        arguments,
        bucket: Bucket::new(api.url())?,
        slots: Semaphore::new(arguments.jobs.get()),
        bases: Arc::new(Bases::read(&arguments.base).await?),
        api: api.persistent(),
        progress: Progress::new(context.output.bars()),
        // What goes to standard output is no local file that could be edited.
        cache: context.cache(&api, &session, arguments.no_cache || arguments.is_to_standard_output()),
        new_file_mode,
    };
    if arguments.is_to_standard_output() {
        // A signal is an error, so that no copy of the file is left behind.
        return tokio::select! {
            outcome = get.to_standard_output(context) => outcome,
            () = signal() => Err(Error::Interrupted { resumable: 0 }),
        };
    }
    let sources = source::find_all(&get.api, arguments).await?;
    let (mut queue, listed) = mpsc::channel(LISTED_MAX);
    // List ahead of the downloads, so that the total is soon that of all files.
    let list = async {
        let mut files = std::pin::pin!(source::files(&get.api, sources));
        while let Some(file) = files.next().await {
            if let Ok(file) = &file {
                get.progress.expect(file.version.size);
            }
            // Nobody receives it if the command has failed.
            let _ = queue.send(file).await;
        }
        drop(queue);
        Ok(())
    };
    futures::try_join!(list, get.finish_all(listed, context)).map(drop)
}

impl Get<'_> {
    /// Writes a file to standard output, once it is verified.
    async fn to_standard_output(&self, context: &Context) -> Result<()> {
        /// The name of the file in a folder of its own.
        const NAME: &str = "download";
        let [Remote::File(reference)] = &*self.arguments.remote else {
            return Err(Error::Usage("--to - is for one file".to_owned()));
        };
        if context.output.format() == Format::Json {
            return Err(Error::Usage("--to - and --json both use standard output".to_owned()));
        }
        let folder = tempfile::tempdir().map_err(Error::local(&std::env::temp_dir()))?;
        let found = source::find_file(&self.api, self.arguments, reference).await?;
        self.progress.expect(found.version.size);
        let file = FileToGet { folder: folder.path().to_owned(), name: NAME.to_owned(), ..found };
        let (report, outcome) = self.finish(Ok(file)).await;
        self.progress.finish();
        outcome?;
        standard_output::copy(folder.path().join(NAME)).await?;
        context.output.note(&report.text());
        Ok(())
    }

    /// Downloads the files as they are listed, and reports on each.
    async fn finish_all(
        &self,
        listed: Receiver<Result<FileToGet, Missing>>,
        context: &Context,
    ) -> Result<()> {
        let mut tally = Tally::default();
        let mut folders = BTreeSet::new();
        let mut reports = std::pin::pin!(self.reports(listed));
        while let Some((report, outcome)) = reports.next().await {
            if let Err(error) = &outcome {
                context.output.failure(&format!("{}: ", report.path), error);
            }
            context.output.result(&report, || report.text())?;
            tally.add(&outcome);
            folders.extend(report.folder());
        }
        self.progress.finish();
        if tally.is_empty() {
            return Err(Error::NotFound("file in any folder asked for".to_owned()));
        }
        tell_of_stale_downloads(&folders, context);
        tally.finish(&context.output, "downloaded")
    }

    fn reports(
        &self,
        listed: Receiver<Result<FileToGet, Missing>>,
    ) -> impl Stream<Item = (Report, Result<()>)> {
        listed.map(|file| self.finish(file)).buffer_unordered(self.arguments.jobs.get())
    }

    async fn finish(&self, file: Result<FileToGet, Missing>) -> (Report, Result<()>) {
        let file = match file {
            Ok(file) => file,
            Err((path, error)) => return (Report::not_begun(path, &error), Err(error)),
        };
        let api = self.api.metered();
        let local = file.folder.join(&file.name);
        match self.fetch(&file, &api).await {
            Ok(fetched) => (Report::new(&file.version, &local, &api, Ok(fetched)), Ok(())),
            Err(error) => (Report::new(&file.version, &local, &api, Err(&error)), Err(error)),
        }
    }

    async fn fetch(&self, file: &FileToGet, api: &Api) -> Result<Fetched> {
        let version = &file.version;
        let progress = self.progress.file(version.path.as_str(), version.size);
        match version.state {
            VersionState::Available => {}
            VersionState::Rejected => return Err(Error::Rejected(version.reason)),
            VersionState::Pending => return Err(Error::NotVerified(version.path.to_string())),
            VersionState::Deleted => return Err(Error::NotFound(format!("file {}", version.path))),
        }
        let target = target::resolve(&file.folder, &file.name)?;
        let download = Download {
            api,
            bucket: &self.bucket,
            slots: &self.slots,
            cache: &self.cache,
            version,
            progress,
            new_file_mode: self.new_file_mode,
        };
        download.fetch(&target, self.arguments.force, &self.bases).await
    }
}

/// Tells of downloads that were given up in the folders that were written to.
fn tell_of_stale_downloads(folders: &BTreeSet<PathBuf>, context: &Context) {
    let now = clock::now();
    for path in folders.iter().flat_map(|folder| partial_file::stale_in(folder, now)) {
        let path = path.display();
        context.output.warning(&format!("{path} is an unfinished download: continue it, or delete the file"));
    }
}
