//! Which local files go where.

use sluice_domain::path::FilePath;
use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};
use walkdir::{DirEntry, WalkDir};

use crate::error::{Error, Result};

/// What a walk over the local files comes upon.
#[derive(Debug)]
pub enum Found {
    /// A file to upload.
    File {
        /// Where it lies.
        local: PathBuf,
        /// Where it shall lie.
        remote: FilePath,
    },
    /// Something that is not uploaded.
    Skipped {
        /// Where it lies.
        local: PathBuf,
        /// Why.
        why: &'static str,
    },
    /// Something that cannot be uploaded.
    Failed {
        /// Where it lies.
        local: PathBuf,
        /// Why.
        error: Error,
    },
}

/// One argument: a file, or a folder and all in it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Root {
    local: PathBuf,
    /// The remote path of the file, or what goes before the paths below the folder.
    remote: String,
}

/// Finds the files of `locals`, one at a time, so that a folder may hold any number.
///
/// One local file or folder is called `to` there; if `to` ends in `/`, a file goes into that folder under its own name.
/// Several go into the folder `to` under their own names, and without `to` at the top.
pub fn find(
    locals: &[PathBuf],
    to: Option<&str>,
    follow_links: bool,
) -> Result<impl Iterator<Item = Found> + use<>> {
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

/// The name of a file or folder, also of `.` and `..`.
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

fn walk(root: Root, follow_links: bool) -> impl Iterator<Item = Found> {
    // A link that was named is meant; links come upon inside a folder may lead anywhere.
    let is_file = std::fs::metadata(&root.local).is_ok_and(|metadata| metadata.is_file());
    let entries = WalkDir::new(&root.local).follow_links(follow_links || is_file).sort_by_file_name();
    entries.into_iter().filter_map(move |entry| match entry {
        Ok(entry) => sort(&root, &entry),
        Err(error) => {
            let local = error.path().unwrap_or(&root.local).to_owned();
            let error = Error::local(&local)(error.into());
            Some(Found::Failed { local, error })
        }
    })
}

fn sort(root: &Root, entry: &DirEntry) -> Option<Found> {
    let local = entry.path().to_owned();
    let kind = entry.file_type();
    if kind.is_dir() {
        return None;
    }
    if kind.is_symlink() {
        return Some(Found::Skipped {
            local,
            why: "a symbolic link (--follow-links uploads what it points to)",
        });
    }
    if !kind.is_file() {
        return Some(Found::Skipped { local, why: "neither a file nor a folder" });
    }
    Some(match remote_path(root, entry.path()) {
        Ok(remote) => Found::File { local, remote },
        Err(error) => Found::Failed { local, error },
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
                |found| if let Found::File { remote, .. } = found { Some(remote.into()) } else { None },
            )
            .collect()
    }

    #[test]
    fn one_file_is_called_as_asked() {
        let folder = tree();
        assert_eq!(remotes(&folder, &["notes.txt"], None), ["notes.txt"]);
        assert_eq!(remotes(&folder, &["notes.txt"], Some("a/b.txt")), ["a/b.txt"]);
        assert_eq!(remotes(&folder, &["notes.txt"], Some("a/")), ["a/notes.txt"]);
        assert_eq!(remotes(&folder, &["notes.txt"], Some("/")), ["notes.txt"]);
    }

    #[test]
    fn one_folder_is_called_as_asked_and_several_keep_their_names() {
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
    fn links_and_special_files_are_skipped_with_a_word() {
        let folder = tree();
        let photos = folder.path().join("photos");
        std::os::unix::fs::symlink("/etc/passwd", photos.join("link")).expect("linked");
        let _socket = std::os::unix::net::UnixListener::bind(photos.join("socket")).expect("bound");
        let skipped = |follow| {
            let found = find(std::slice::from_ref(&photos), None, follow).expect("it exists");
            found.filter(|found| matches!(found, Found::Skipped { .. })).count()
        };
        assert_eq!((skipped(false), skipped(true)), (2, 1));
        assert_eq!(remotes(&folder, &["photos/link"], None), ["link"]);
    }

    #[test]
    fn names_the_server_would_refuse_fail_alone() {
        let folder = tree();
        fs::write(folder.path().join("photos/new\nline"), "").expect("written");
        let found: Vec<_> = find(&[folder.path().join("photos")], None, false).expect("it exists").collect();
        let failed = found.iter().filter(|found| matches!(found, Found::Failed { .. })).count();
        assert_eq!((found.len(), failed), (4, 1));
    }
}
