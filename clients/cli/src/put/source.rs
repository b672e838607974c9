//! Walks the local files and decides the remote path of each.

use sluice_domain::path::FilePath;
use std::collections::HashMap;
use std::ffi::OsStr;
use std::io;
use std::path::{Component, Path, PathBuf};
use walkdir::{DirEntry, WalkDir};

use super::copy::is_standard_input;
use crate::error::{Error, Result};
use crate::partial_file;

/// Something that the walk over the local files finds.
#[derive(Debug)]
pub enum SourceEntry {
    /// A file or stream to upload.
    File { local: PathBuf, remote: FilePath },
    /// Something in a folder that is not uploaded.
    Skipped { local: PathBuf, why: &'static str },
    /// A file that cannot be uploaded.
    Failed { local: PathBuf, error: Error },
}

/// A file, folder or stream from the command line.
#[derive(Debug)]
struct Root {
    local: PathBuf,
    /// The remote path of the file, or of the folder.
    remote: String,
}

/// Finds the files in `locals`, one at a time, so that memory does not grow with the size of a folder.
///
/// A single file or folder gets the name `to`; if `to` ends in `/`, a file keeps its name and goes into that
/// folder. Several files and folders keep their names and go into the folder `to`. Without `to`, they go to
/// the top. Fails if two of them would get the same name, or if a stream would get none.
pub fn find(
    locals: &[PathBuf],
    to: Option<&str>,
    follow_links: bool,
) -> Result<impl Iterator<Item = SourceEntry> + use<>> {
    let to = to.map(Target::parse).transpose()?;
    let mut roots = Vec::new();
    let mut failed = Vec::new();
    for local in locals {
        match root(local, to.as_ref(), locals.len() == 1) {
            Ok(root) => roots.push(root),
            Err(error @ Error::Usage(_)) => return Err(error),
            Err(error) => failed.push(SourceEntry::Failed { local: local.clone(), error }),
        }
    }
    let roots = distinct(roots)?;
    Ok(failed.into_iter().chain(roots.into_iter().flat_map(move |root| walk(root, follow_links))))
}

/// What `--to` says.
struct Target {
    /// Empty for the top.
    path: String,
    is_folder: bool,
}

impl Target {
    fn parse(to: &str) -> Result<Self> {
        if to.is_empty() {
            return Err(Error::Usage("--to is empty: `/` is the top".to_owned()));
        }
        let path = to.trim_end_matches('/');
        match FilePath::parse(path) {
            Err(why) if !path.is_empty() => {
                Err(Error::Usage(format!("--to {to:?} is no remote path: {why}")))
            }
            _ => Ok(Self { path: path.to_owned(), is_folder: to.ends_with('/') }),
        }
    }
}

fn root(local: &Path, to: Option<&Target>, is_alone: bool) -> Result<Root> {
    // Without an answer the walk tells why.
    let kind = std::fs::metadata(local).map(|metadata| metadata.file_type());
    let is_folder = kind.as_ref().is_ok_and(std::fs::FileType::is_dir);
    let is_stream = is_standard_input(local) || kind.is_ok_and(|kind| !kind.is_dir() && !kind.is_file());
    let remote = match to {
        Some(to) if is_alone && (is_folder || !to.is_folder) => to.path.clone(),
        _ if is_stream => {
            let why = "it is a stream without a name: put it alone, with --to NAME";
            let is_asked_for = is_alone || is_standard_input(local);
            return Err(if is_asked_for {
                Error::Usage(format!("{}: {why}", local.display()))
            } else {
                // A pattern such as `*` may have named it.
                Error::local(local)(io::Error::new(io::ErrorKind::InvalidInput, why))
            });
        }
        Some(to) => join(&to.path, &own_name(local)?),
        None => own_name(local)?,
    };
    Ok(Root { local: local.to_owned(), remote })
}

/// Leaves out repeated spellings of one root. Fails if two different ones would get the same name.
fn distinct(roots: Vec<Root>) -> Result<Vec<Root>> {
    let mut by_remote: HashMap<String, PathBuf> = HashMap::new();
    let mut kept = Vec::new();
    for root in roots {
        let Some(other) = by_remote.get(&root.remote) else {
            by_remote.insert(root.remote.clone(), root.local.clone());
            kept.push(root);
            continue;
        };
        let are_same = matches!((other.canonicalize(), root.local.canonicalize()), (Ok(a), Ok(b)) if a == b);
        if !are_same {
            return Err(Error::Usage(format!(
                "{} and {} would both become {}: put one of them elsewhere with --to",
                other.display(),
                root.local.display(),
                root.remote
            )));
        }
    }
    Ok(kept)
}

/// The name of a file or folder; `.` and `..` are resolved.
fn own_name(local: &Path) -> Result<String> {
    let named = match local.components().next_back() {
        Some(Component::Normal(name)) => Some(name.to_owned()),
        _ => local.canonicalize().map_err(Error::local(local))?.file_name().map(OsStr::to_owned),
    };
    let name = named.ok_or_else(|| Error::Usage(format!("{} has no name: pass --to", local.display())))?;
    name.into_string().map_err(|_| not_utf8(local))
}

fn not_utf8(local: &Path) -> Error {
    Error::local(local)(io::Error::new(io::ErrorKind::InvalidFilename, "the name is not UTF-8"))
}

fn walk(root: Root, follow_links: bool) -> impl Iterator<Item = SourceEntry> {
    // The user named this link, so follow it. Links inside a folder may lead anywhere.
    let follow_links = follow_links || !root.local.is_dir();
    let tree = (!is_standard_input(&root.local))
        .then(|| WalkDir::new(&root.local).follow_links(follow_links).sort_by_file_name());
    let stream = tree.is_none().then(|| file(&root, &root.local));
    let entries = tree.into_iter().flatten().filter_map(move |entry| match entry {
        Ok(entry) => classify(&root, &entry),
        Err(error) => {
            let local = error.path().unwrap_or(&root.local).to_owned();
            let error = Error::local(&local)(error.into());
            Some(SourceEntry::Failed { local, error })
        }
    });
    stream.into_iter().chain(entries)
}

fn classify(root: &Root, entry: &DirEntry) -> Option<SourceEntry> {
    let kind = entry.file_type();
    // The root may be a link to a folder.
    let why = if kind.is_dir() || entry.depth() == 0 && entry.path().is_dir() {
        if !std::fs::read_dir(entry.path()).is_ok_and(|mut entries| entries.next().is_none()) {
            return None;
        }
        "an empty folder (only files are stored)"
    } else if kind.is_symlink() {
        "a symbolic link (--follow-links uploads what it points to)"
    } else if !kind.is_file() && entry.depth() > 0 {
        "neither a file nor a folder"
    } else if entry.depth() > 0 && partial_file::is_partial(entry.file_name()) {
        // One that the user names is uploaded whatever its name.
        "an unfinished download of `sluice get`"
    } else {
        return Some(file(root, entry.path()));
    };
    Some(SourceEntry::Skipped { local: entry.path().to_owned(), why })
}

fn file(root: &Root, local: &Path) -> SourceEntry {
    match remote_path(root, local) {
        Ok(remote) => SourceEntry::File { local: local.to_owned(), remote },
        Err(error) => SourceEntry::Failed { local: local.to_owned(), error },
    }
}

fn remote_path(root: &Root, local: &Path) -> Result<FilePath> {
    let mut path = root.remote.clone();
    for component in local.strip_prefix(&root.local).unwrap_or(Path::new("")).components() {
        path = join(&path, component.as_os_str().to_str().ok_or_else(|| not_utf8(local))?);
    }
    FilePath::parse(&path).map_err(|why| Error::InvalidPath { path, why })
}

fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn tree() -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir_all(folder.path().join("photos/älter")).expect("made");
        for name in ["photos/b 1.jpg", "photos/a.jpg", "photos/älter/c%.jpg", "notes.txt"] {
            fs::write(folder.path().join(name), name).expect("written");
        }
        folder
    }

    fn remotes(folder: &tempfile::TempDir, locals: &[&str], to: Option<&str>) -> Vec<String> {
        let locals: Vec<_> = locals.iter().map(|name| folder.path().join(name)).collect();
        let found = find(&locals, to, false).expect("they exist");
        found
            .filter_map(
                |found| if let SourceEntry::File { remote, .. } = found { Some(remote.into()) } else { None },
            )
            .collect()
    }

    #[test]
    fn one_file_gets_the_name_it_is_given() {
        let folder = tree();
        assert_eq!(remotes(&folder, &["notes.txt"], None), ["notes.txt"]);
        assert_eq!(remotes(&folder, &["notes.txt"], Some("a/b.txt")), ["a/b.txt"]);
        assert_eq!(remotes(&folder, &["notes.txt"], Some("a/")), ["a/notes.txt"]);
        assert_eq!(remotes(&folder, &["notes.txt"], Some("/")), ["notes.txt"]);
    }

    #[test]
    fn one_folder_gets_the_name_it_is_given_and_several_keep_their_names() {
        let folder = tree();
        let below = |prefix: &str| {
            ["a.jpg", "b 1.jpg", "älter/c%.jpg"].map(|name| format!("{prefix}{name}")).to_vec()
        };
        assert_eq!(remotes(&folder, &["photos"], None), below("photos/"));
        assert_eq!(remotes(&folder, &["photos/älter/.."], None), below("photos/"));
        assert_eq!(remotes(&folder, &["photos/"], Some("x/y")), below("x/y/"));
        assert_eq!(remotes(&folder, &["photos"], Some("x/y/")), below("x/y/"));
        assert_eq!(remotes(&folder, &["photos"], Some("/")), below(""));
        let both = [below("x/photos/"), vec!["x/notes.txt".to_owned()]].concat();
        assert_eq!(remotes(&folder, &["photos", "notes.txt"], Some("x/")), both);
    }

    #[cfg(unix)]
    #[test]
    fn links_and_special_files_are_skipped_with_a_note() {
        let folder = tree();
        let photos = folder.path().join("photos");
        std::os::unix::fs::symlink("/etc/passwd", photos.join("link")).expect("linked");
        let _socket = std::os::unix::net::UnixListener::bind(photos.join("socket")).expect("bound");
        let skipped = |follow| {
            let found = find(std::slice::from_ref(&photos), None, follow).expect("it exists");
            found.filter(|found| matches!(found, SourceEntry::Skipped { .. })).count()
        };
        assert_eq!((skipped(false), skipped(true)), (2, 1));
        assert_eq!(remotes(&folder, &["photos/link"], None), ["link"]);
    }

    #[test]
    fn an_invalid_name_fails_only_its_own_file() {
        let folder = tree();
        fs::write(folder.path().join("photos/new\nline"), "").expect("written");
        let found: Vec<_> = find(&[folder.path().join("photos")], None, false).expect("it exists").collect();
        let failed = found.iter().filter(|found| matches!(found, SourceEntry::Failed { .. })).count();
        assert_eq!((found.len(), failed), (4, 1));
    }
}
