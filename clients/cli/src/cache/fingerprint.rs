//! Recognises that a file is unchanged since it was hashed, without reading it.

use serde::{Deserialize, Serialize};
use sluice_domain::time::Timestamp;
use std::fs::{self, Metadata};
use std::io;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

/// File system times may be as coarse as two seconds. If a file was written to this shortly before it was
/// hashed, a second write after the hashing may leave the same modification time.
const RACY: Duration = Duration::from_secs(2);

/// What the file system says about a file. `changed_nanoseconds` and `inode` are 0 on systems that do not
/// have them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint {
    pub size_bytes: u64,
    /// When the file was last written to, in nanoseconds since 1970.
    pub modified_nanoseconds: i64,
    /// When the status of the file last changed, in nanoseconds since 1970. Programs cannot set it.
    pub changed_nanoseconds: i64,
    pub inode: u64,
}

impl Fingerprint {
    /// The present state of the file.
    pub fn of(path: &Path) -> io::Result<Self> {
        let metadata = fs::metadata(path)?;
        // No later write can get a time that is out of range, so clamping it is safe.
        let modified = metadata.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
        let modified_nanoseconds = i64::try_from(modified.as_nanos()).unwrap_or(i64::MAX);
        let (changed_nanoseconds, inode) = platform(&metadata);
        Ok(Self { size_bytes: metadata.len(), modified_nanoseconds, changed_nanoseconds, inode })
    }

    /// Whether a later write would change the fingerprint, if hashing started at `began`.
    pub fn reveals_later_writes(&self, began: Timestamp) -> bool {
        let modified = Duration::from_nanos(u64::try_from(self.modified_nanoseconds).unwrap_or(0));
        modified + RACY <= Duration::from_millis(began.unix_milliseconds())
    }
}

#[cfg(unix)]
fn platform(metadata: &Metadata) -> (i64, u64) {
    use std::os::unix::fs::MetadataExt as _;
    let changed = metadata.ctime().saturating_mul(1_000_000_000).saturating_add(metadata.ctime_nsec());
    (changed, metadata.ino())
}

#[cfg(not(unix))]
fn platform(_: &Metadata) -> (i64, u64) {
    (0, 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;

    #[test]
    fn a_file_hashed_just_after_a_write_is_not_trusted() {
        let second = 1_000_000_000;
        let written = |at: i64| Fingerprint {
            size_bytes: 1,
            modified_nanoseconds: at * second,
            changed_nanoseconds: 0,
            inode: 0,
        };
        let began = Timestamp::from_unix_milliseconds(100_000);
        assert!(written(98).reveals_later_writes(began));
        assert!(!written(99).reveals_later_writes(began) && !written(1000).reveals_later_writes(began));
    }

    #[test]
    fn a_write_shows_even_if_the_modification_time_is_set_back() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a");
        fs::write(&path, "12345").expect("written");
        let before = Fingerprint::of(&path).expect("there");
        assert_eq!(Fingerprint::of(&path).expect("there"), before);
        std::thread::sleep(Duration::from_millis(50));
        let modified = fs::metadata(&path).and_then(|metadata| metadata.modified()).expect("a time");
        fs::write(&path, "54321").expect("written");
        File::options().write(true).open(&path).and_then(|file| file.set_modified(modified)).expect("set");
        assert_eq!(Fingerprint::of(&path).expect("there") == before, cfg!(not(unix)));
    }
}
