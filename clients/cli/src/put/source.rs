//! Walks the local files and decides the remote path of each.

use sluice_domain::path::FilePath;
use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};
use walkdir::{DirEntry, WalkDir};

use crate::error::{Error, Result};
use crate::partial_file;

/// Something that the walk over the local files finds.
#[derive(Debug)]
pub enum SourceEntry {
    /// A file to upload.
    File { local: PathBuf, remote: FilePath },
    /// A link or special file that is not uploaded.
    Skipped { local: PathBuf, why: &'static str },
    /// A file that cannot be uploaded.
    Failed { local: PathBuf, error: Error },
}

/// A file or folder from the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Root {
    local: PathBuf,
    /// The remote path of the file, or of the folder.
    remote: String,
}

/// Finds the files in `locals`, one at a time, so that memory does not grow with the size of a folder.
///
/// A single file or folder gets the name `to`; if `to` ends in `/`, a file keeps its name and goes into that
/// folder. Several files and folders keep their names and go into the folder `to`. Without `to`, they go to
/// the top.
pub fn find(
    locals: &[PathBuf],
    to: Option<&str>,
    follow_links: bool,
) -> Result<impl Iterator<Item = SourceEntry> + use<>> {
    let roots = roots(locals, to)?;
    Ok(roots.into_iter().flat_map(move |root| walk(root, follow_links)))
}

fn roots(locals: &[PathBuf], to: Option<&str>) -> Result<Vec<Root>> {
    let alone = locals.len() == 1;
    let root = |local: &PathBuf| {
        let is_folder = std::fs::metadata(local).map_err(Error::local(local))?.is_dir();
        let remote = match to {
            Some(name) if alone && (is_folder || !name.ends_with('/')) => {
                name.trim_end_matches('/').to_owned()
            }
            Some(folder) => join(folder.trim_end_matches('/'), &own_name(local)?),
            None => own_name(local)?,
        };
        Ok(Root { local: local.clone(), remote })
    };
    locals.iter().map(root).collect()
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
    Error::Usage(format!("the name of {} is not UTF-8", local.display()))
}

fn walk(root: Root, follow_links: bool) -> impl Iterator<Item = SourceEntry> {
    // The user named this link, so follow it. Links inside a folder may lead anywhere.
    let is_file = std::fs::metadata(&root.local).is_ok_and(|metadata| metadata.is_file());
    let entries = WalkDir::new(&root.local).follow_links(follow_links || is_file).sort_by_file_name();
    entries.into_iter().filter_map(move |entry| match entry {
        Ok(entry) => classify(&root, &entry),
        Err(error) => {
            let local = error.path().unwrap_or(&root.local).to_owned();
            let error = Error::local(&local)(error.into());
            Some(SourceEntry::Failed { local, error })
        }
    })
}

fn classify(root: &Root, entry: &DirEntry) -> Option<SourceEntry> {
    let local = entry.path().to_owned();
    let kind = entry.file_type();
    if kind.is_dir() {
        return None;
    }
    if kind.is_symlink() {
        return Some(SourceEntry::Skipped {
            local,
            why: "a symbolic link (--follow-links uploads what it points to)",
        });
    }
    if !kind.is_file() {
        return Some(SourceEntry::Skipped { local, why: "neither a file nor a folder" });
    }
    // A file that the user names is uploaded whatever its name.
    if entry.depth() > 0 && partial_file::is_partial(entry.file_name()) {
        return Some(SourceEntry::Skipped { local, why: "an unfinished download of `sluice get`" });
    }
    Some(match remote_path(root, entry.path()) {
        Ok(remote) => SourceEntry::File { local, remote },
        Err(error) => SourceEntry::Failed { local, error },
    })
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
