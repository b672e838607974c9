//! `sluice get`: find, keep what is here, read the rest, verify.

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
use crate::commands::{Context, Tally, find};
use crate::error::{Error, Result};
use crate::progress::Progress;
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

/// A version and where it shall be written.
struct Wanted {
    version: VersionView,
    folder: PathBuf,
    /// Below the folder, with `/` between names; comes from the server and is not to be trusted.
    name: String,
}

/// Downloads what the command line names. Files are independent: one that fails does not keep the others.
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
        api: api.patient(),
        progress: Progress::new(context.output.bars(), "all"),
        cache: context.cache(&api, &session, arguments.no_cache),
    };
    let mut tally = Tally::default();
    let mut reports =
        std::pin::pin!(get.wanted().map(|wanted| get.settle(wanted)).buffer_unordered(arguments.jobs.get()));
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

/// What cannot be found, and why.
type Missing = (String, Error);

impl Get<'_> {
    fn wanted(&self) -> impl Stream<Item = Result<Wanted, Missing>> {
        stream::iter(&self.arguments.remote).flat_map(|remote| match remote {
            Remote::File(reference) => stream::once(self.file(reference)).left_stream(),
            Remote::Folder(prefix) => self.folder(prefix).right_stream(),
        })
    }

    async fn file(&self, reference: &FileReference) -> Result<Wanted, Missing> {
        let missing = |error| (reference.to_string(), error);
        let current = find(&self.api, reference).await.map_err(missing)?;
        let version = match self.arguments.version_id {
            Some(version_id) => self.earlier(&current, version_id).await.map_err(missing)?,
            None => current,
        };
        let (folder, name) = self.place_of_file(version.path.file_name()).map_err(missing)?;
        Ok(Wanted { version, folder, name })
    }

    /// `--to` names a folder if one is there, if it ends in `/`, or if it takes several files; else the file.
    fn place_of_file(&self, name: &str) -> Result<(PathBuf, String)> {
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

    fn folder<'a>(&'a self, prefix: &'a str) -> impl Stream<Item = Result<Wanted, Missing>> + 'a {
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

    async fn settle(&self, wanted: Result<Wanted, Missing>) -> (Report, Result<()>) {
        let wanted = match wanted {
            Ok(wanted) => wanted,
            Err((path, error)) => return (Report::not_begun(path, &error), Err(error)),
        };
        let api = self.api.metered();
        let local = wanted.folder.join(&wanted.name);
        match self.fetch(&wanted, &api).await {
            Ok(fetched) => (Report::new(&wanted.version, &local, &api, Ok(fetched)), Ok(())),
            Err(error) => (Report::new(&wanted.version, &local, &api, Err(&error)), Err(error)),
        }
    }

    async fn fetch(&self, wanted: &Wanted, api: &Api) -> Result<Fetched> {
        let version = &wanted.version;
        match version.state {
            VersionState::Available => {}
            VersionState::Rejected => return Err(Error::Rejected(version.reason)),
            VersionState::Pending => return Err(Error::NotVerified(version.path.to_string())),
            VersionState::Deleted => return Err(Error::NotFound(format!("file {}", version.path))),
        }
        let target = target::place(&wanted.folder, &wanted.name)?;
        let progress = self.progress.file(version.path.as_str(), version.size);
        let (bucket, slots, cache) = (&self.bucket, &self.slots, &self.cache);
        let download = Download { api, bucket, slots, cache, version, progress };
        download.fetch(&target, self.arguments.force, &self.bases).await
    }
}

/// A file of the list, unless the server slipped in one that was not asked for.
fn below(version: VersionView, prefix: &str, folder: PathBuf) -> Result<Wanted, Missing> {
    let Some(name) = version.path.as_str().strip_prefix(prefix) else {
        let error = Error::UnexpectedAnswer("a file outside the folder asked for".to_owned());
        return Err((version.path.to_string(), error));
    };
    Ok(Wanted { name: name.to_owned(), version, folder })
}
