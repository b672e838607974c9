//! Names the files that hold unfinished downloads, and finds those that were left.

use sluice_domain::id::VersionId;
use sluice_domain::time::Timestamp;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

const PREFIX: &str = ".sluice-partial-";

/// A download that was not continued for this long is told of.
const STALE_AFTER: Duration = Duration::from_hours(24);

/// Where the download of a version to `target` keeps its bytes until they are complete.
pub fn beside(target: &Path, version_id: VersionId) -> PathBuf {
    target.with_file_name(format!("{PREFIX}{version_id}"))
}

/// Whether a file of this name is an unfinished download.
pub fn is_partial(name: &OsStr) -> bool {
    let version_id = name.to_str().and_then(|name| name.strip_prefix(PREFIX));
    version_id.is_some_and(|version_id| version_id.parse::<VersionId>().is_ok())
}

/// The unfinished downloads in the folder that nobody has continued for a day.
pub fn stale_in(folder: &Path, now: Timestamp) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let is_stale = |entry: &fs::DirEntry| {
        let modified = entry.metadata().and_then(|metadata| metadata.modified()).ok();
        let is_old = modified.is_some_and(|modified| Timestamp::from(modified).after(STALE_AFTER) < now);
        is_old && is_partial(&entry.file_name())
    };
    let mut stale: Vec<_> = entries.flatten().filter(is_stale).map(|entry| entry.path()).collect();
    stale.sort();
    stale
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_partial_file_is_known_by_its_name() {
        let version_id = VersionId::from_bytes([7; 16]);
        let path = beside(Path::new("a/movie.mkv"), version_id);
        assert!(path.starts_with("a") && is_partial(path.file_name().expect("a name")));
        for other in [".sluice-partial-", ".sluice-partial-notes", "movie.mkv", "x.sluice-partial-1"] {
            assert!(!is_partial(OsStr::new(other)), "{other}");
        }
    }
}
