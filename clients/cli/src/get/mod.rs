//! `sluice get`: finds files on the server, downloads the chunks that are missing locally, and verifies the
//! result.

mod base;
mod download;
mod partial;
mod plan;
mod report;
mod request;
mod target;

use futures::{Stream, StreamExt as _, TryStreamExt as _, future, stream};
use sluice_contracts::files::VersionView;
use sluice_domain::id::VersionId;
use sluice_domain::version::VersionState;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::Semaphore;

use crate::api::{Api, Selection};
use crate::arguments::{FileReference, GetArguments, Remote};
use crate::bucket::Bucket;
use crate::cache::Cache;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::lookup::find;
use crate::progress::Progress;
use crate::tally::Tally;
use base::Bases;
use download::{Download, Fetched};
use report::Report;

struct Get<'a> {
    arguments: &'a GetArguments,
    api: Api,
    bucket: Bucket,
    slots: Semaphore,
    bases: Arc<Bases>,
    progress: Progress,
    cache: Cache,
}

/// A version and the path to write it to.
struct FileToGet {
    version: VersionView,
    folder: PathBuf,
    /// Path below the folder, with `/` between names. It comes from the server and must not be trusted.
    name: String,
}

/// Downloads the files and folders that the command line names. One file that fails does not stop the others.
pub async fn run(arguments: &GetArguments, context: &Context) -> Result<()> {
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
        progress: Progress::new(context.output.bars(), "all"),
        cache: context.cache(&api, &session, arguments.no_cache),
    };
    let mut tally = Tally::default();
    let mut reports =
        std::pin::pin!(get.files().map(|file| get.finish(file)).buffer_unordered(arguments.jobs.get()));
    while let Some((report, outcome)) = reports.next().await {
        if let Err(error) = &outcome {
            context.output.failure(&format!("{}: ", report.path), error);
        }
        context.output.result(&report, || report.text())?;
        tally.add(&outcome);
    }
    get.progress.finish();
    if tally.is_empty() {
        return Err(Error::NotFound("file in any folder asked for".to_owned()));
    }
    tally.finish(&context.output, "downloaded")
}

/// A path or prefix that was not found, and the error.
type Missing = (String, Error);

impl Get<'_> {
    fn files(&self) -> impl Stream<Item = Result<FileToGet, Missing>> {
        stream::iter(&self.arguments.remote).flat_map(|remote| match remote {
            Remote::File(reference) => stream::once(self.file(reference)).left_stream(),
            Remote::Folder(prefix) => self.folder(prefix).right_stream(),
        })
    }

    async fn file(&self, reference: &FileReference) -> Result<FileToGet, Missing> {
        let missing = |error| (reference.to_string(), error);
        let current = find(&self.api, reference).await.map_err(missing)?;
        let version = match self.arguments.version_id {
            Some(version_id) => self.earlier(&current, version_id).await.map_err(missing)?,
            None => current,
        };
        let (folder, name) = self.target_of_file(version.path.file_name()).map_err(missing)?;
        Ok(FileToGet { version, folder, name })
    }

    /// `--to` names a folder if that folder exists, if it ends in `/`, or if there are several files;
    /// otherwise a file.
    fn target_of_file(&self, name: &str) -> Result<(PathBuf, String)> {
        let Some(to) = &self.arguments.to else { return Ok((PathBuf::from("."), name.to_owned())) };
        let ends_as_folder = to.as_os_str().to_string_lossy().ends_with(std::path::is_separator);
        if to.is_dir() || ends_as_folder || self.arguments.remote.len() > 1 {
            return Ok((to.clone(), name.to_owned()));
        }
        let own_name = to.file_name().and_then(|name| name.to_str());
        let own_name = own_name.ok_or_else(|| Error::Usage(format!("{} names no file", to.display())))?;
        let folder = to.parent().filter(|parent| *parent != Path::new("")).unwrap_or(Path::new("."));
        Ok((folder.to_owned(), own_name.to_owned()))
    }

    async fn earlier(&self, current: &VersionView, version_id: VersionId) -> Result<VersionView> {
        let versions = self.api.all_versions(current.file_id);
        let found = versions.try_filter(|version| future::ready(version.version_id == version_id));
        let found = std::pin::pin!(found).try_next().await?;
        found.ok_or_else(|| Error::NotFound(format!("version {version_id} of {}", current.path)))
    }

    fn folder<'a>(&'a self, prefix: &'a str) -> impl Stream<Item = Result<FileToGet, Missing>> + 'a {
        let own_name = prefix.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
        let folder = match &self.arguments.to {
            Some(to) if self.arguments.remote.len() > 1 => to.join(own_name),
            Some(to) => to.clone(),
            None => Path::new(".").join(own_name),
        };
        let missing = move |error| (prefix.to_owned(), error);
        let pages = self.api.file_pages(Selection { prefix: prefix.to_owned(), folded: false });
        let files =
            pages.map_err(missing).map_ok(|page| stream::iter(page.files.into_iter().map(Ok))).try_flatten();
        files.and_then(move |version| future::ready(below(version, prefix, folder.clone())))
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
        match version.state {
            VersionState::Available => {}
            VersionState::Rejected => return Err(Error::Rejected(version.reason)),
            VersionState::Pending => return Err(Error::NotVerified(version.path.to_string())),
            VersionState::Deleted => return Err(Error::NotFound(format!("file {}", version.path))),
        }
        let target = target::resolve(&file.folder, &file.name)?;
        let progress = self.progress.file(version.path.as_str(), version.size);
        let download =
            Download { api, bucket: &self.bucket, slots: &self.slots, cache: &self.cache, version, progress };
        download.fetch(&target, self.arguments.force, &self.bases).await
    }
}

/// A file of the list. Fails if the server listed a file outside the folder.
fn below(version: VersionView, prefix: &str, folder: PathBuf) -> Result<FileToGet, Missing> {
    let Some(name) = version.path.as_str().strip_prefix(prefix) else {
        let error = Error::UnexpectedAnswer("the server listed a file outside the folder".to_owned());
        return Err((version.path.to_string(), error));
    };
    Ok(FileToGet { name: name.to_owned(), version, folder })
}
