//! Finds what the command line names on the server, and where each goes.

use futures::{Stream, StreamExt as _, TryStreamExt as _, future, stream};
use sluice_contracts::files::VersionView;
use sluice_domain::id::VersionId;
use std::path::{Path, PathBuf};

use crate::api::{Api, Selection};
use crate::arguments::{FileReference, GetArguments, Remote};
use crate::error::{Error, Result};
use crate::lookup::find;

/// How many files are looked up at once.
const LOOKUPS_IN_FLIGHT: usize = 8;

/// A version and the path to write it to.
pub struct FileToGet {
    pub version: VersionView,
    pub folder: PathBuf,
    /// Path below the folder, with `/` between names. It comes from the server and must not be trusted.
    pub name: String,
}

/// A path or prefix that was not found, and the error.
pub type Missing = (String, Error);

/// A file or folder that the command line names.
pub enum Source<'a> {
    File(Result<Box<FileToGet>, Missing>),
    /// The files whose paths begin with `prefix` go into `folder`.
    Folder {
        prefix: &'a str,
        folder: PathBuf,
    },
}

/// Looks up all files. Fails if one would hide another.
pub async fn find_all<'a>(api: &Api, arguments: &'a GetArguments) -> Result<Vec<Source<'a>>> {
    let sources = stream::iter(&arguments.remote).map(async |remote| match remote {
        Remote::File(reference) => {
            let file = find_file(api, arguments, reference).await.map(Box::new);
            Source::File(file.map_err(|error| (reference.to_string(), error)))
        }
        Remote::Folder(prefix) => Source::Folder { prefix, folder: target_of_folder(prefix, arguments) },
    });
    let sources: Vec<_> = sources.buffered(LOOKUPS_IN_FLIGHT).collect().await;
    check_targets(&sources)?;
    Ok(sources)
}

/// Looks up one file.
pub async fn find_file(api: &Api, arguments: &GetArguments, reference: &FileReference) -> Result<FileToGet> {
    let current = find(api, reference).await?;
    let version = match arguments.version_id {
        Some(version_id) => earlier(api, &current, version_id).await?,
        None => current,
    };
    let (folder, name) = target_of_file(version.path.file_name(), arguments)?;
    Ok(FileToGet { version, folder, name })
}

async fn earlier(api: &Api, current: &VersionView, version_id: VersionId) -> Result<VersionView> {
    let versions = api.all_versions(current.file_id);
    let found = versions.try_filter(|version| future::ready(version.version_id == version_id));
    let found = std::pin::pin!(found).try_next().await?;
    found.ok_or_else(|| Error::NotFound(format!("version {version_id} of {}", current.path)))
}

/// `--to` names a folder if that folder exists, if it ends in `/`, or if there are several files; otherwise a
/// file.
fn target_of_file(name: &str, arguments: &GetArguments) -> Result<(PathBuf, String)> {
    let Some(to) = &arguments.to else { return Ok((PathBuf::from("."), name.to_owned())) };
    let ends_as_folder = to.as_os_str().to_string_lossy().ends_with(std::path::is_separator);
    if to.is_dir() || ends_as_folder || arguments.remote.len() > 1 {
        return Ok((to.clone(), name.to_owned()));
    }
    let own_name = to.file_name().and_then(|name| name.to_str());
    let own_name = own_name.ok_or_else(|| Error::Usage(format!("{} names no file", to.display())))?;
    let folder = to.parent().filter(|parent| *parent != Path::new("")).unwrap_or(Path::new("."));
    Ok((folder.to_owned(), own_name.to_owned()))
}

fn target_of_folder(prefix: &str, arguments: &GetArguments) -> PathBuf {
    let own_name = prefix.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    match &arguments.to {
        Some(to) if arguments.remote.len() > 1 => to.join(own_name),
        Some(to) => to.clone(),
        None => Path::new(".").join(own_name),
    }
}

/// Fails if two sources have the same target, or one's target is inside the other's.
fn check_targets(sources: &[Source<'_>]) -> Result<()> {
    let target = |source: &Source<'_>| match source {
        Source::File(Ok(file)) => Some((file.folder.join(&file.name), file.version.path.to_string())),
        Source::File(Err(_)) => None,
        Source::Folder { prefix: "", folder } => Some((folder.clone(), "/".to_owned())),
        Source::Folder { prefix, folder } => Some((folder.clone(), (*prefix).to_owned())),
    };
    let mut targets: Vec<_> = sources.iter().filter_map(target).collect();
    // What is inside another target then follows it.
    targets.sort();
    match targets.windows(2).find(|pair| pair[1].0.starts_with(&pair[0].0)) {
        Some(pair) => Err(Error::Usage(format!(
            "{} and {} would both be written to {}: get one of them to another place",
            pair[0].1,
            pair[1].1,
            pair[1].0.display()
        ))),
        None => Ok(()),
    }
}

/// The files of the sources, in the order of the command line.
pub fn files<'a>(
    api: &'a Api,
    sources: Vec<Source<'a>>,
) -> impl Stream<Item = Result<FileToGet, Missing>> + 'a {
    stream::iter(sources).flat_map(move |source| match source {
        Source::File(file) => stream::iter([file.map(|file| *file)]).left_stream(),
        Source::Folder { prefix, folder } => below(api, prefix, folder).right_stream(),
    })
}

fn below<'a>(
    api: &'a Api,
    prefix: &'a str,
    folder: PathBuf,
) -> impl Stream<Item = Result<FileToGet, Missing>> + 'a {
    let pages = api.file_pages(Selection { prefix: prefix.to_owned(), folded: false });
    let pages = pages.map_err(move |error| (prefix.to_owned(), error));
    let versions = pages.map_ok(|page| stream::iter(page.files.into_iter().map(Ok))).try_flatten();
    versions.and_then(move |version| future::ready(file_below(version, prefix, folder.clone())))
}

/// A file of the list. Fails if the server listed a file outside the folder.
fn file_below(version: VersionView, prefix: &str, folder: PathBuf) -> Result<FileToGet, Missing> {
    let Some(name) = version.path.as_str().strip_prefix(prefix) else {
        let error = Error::UnexpectedAnswer("the server listed a file outside the folder".to_owned());
        return Err((version.path.to_string(), error));
    };
    Ok(FileToGet { name: name.to_owned(), version, folder })
}
