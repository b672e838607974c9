//! Resolves remote paths to local paths, and refuses those that lead out of the target folder.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// Which file names the system allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Names {
    Unix,
    Windows,
}

const NAMES: Names = if cfg!(windows) { Names::Windows } else { Names::Unix };

/// Returns the local path below `folder` for the remote path `path`, and makes the folders that lead there.
/// Fails if one of them is a link that leads out of `folder`.
pub fn resolve(folder: &Path, path: &str) -> Result<PathBuf> {
    let unsafe_path = |why| Error::UnsafePath { path: path.to_owned(), why };
    let target = join(folder, path, NAMES).map_err(unsafe_path)?;
    fs::create_dir_all(folder).map_err(Error::local(folder))?;
    let inside = folder.canonicalize().map_err(Error::local(folder))?;
    let parent = target.parent().unwrap_or(folder);
    // It is enough to check the deepest folder that exists: new folders are made inside it.
    let existing = parent.ancestors().find(|ancestor| ancestor.symlink_metadata().is_ok()).unwrap_or(folder);
    let real = existing.canonicalize().map_err(Error::local(existing))?;
    if !real.starts_with(&inside) {
        return Err(unsafe_path("a symbolic link leads out of the target folder"));
    }
    fs::create_dir_all(parent).map_err(Error::local(parent))?;
    Ok(target)
}

/// Joins segment by segment, so that no name can act as a path.
fn join(folder: &Path, path: &str, names: Names) -> Result<PathBuf, &'static str> {
    let mut target = folder.to_owned();
    for name in path.split('/') {
        check(name, names)?;
        target.push(name);
    }
    Ok(target)
}

fn check(name: &str, names: Names) -> Result<(), &'static str> {
    if matches!(name, "" | "." | "..") {
        return Err("it leads out of the target folder");
    }
    if name.contains(['\0', '/']) {
        return Err("a name holds a character that no name may hold");
    }
    if names == Names::Unix {
        return Ok(());
    }
    if name.contains(['\\', ':', '<', '>', '"', '|', '?', '*']) || name.chars().any(|c| c < ' ') {
        return Err("a name holds a character that Windows does not allow");
    }
    if name.ends_with(['.', ' ']) || is_device(name) {
        return Err("Windows does not allow the name");
    }
    Ok(())
}

/// Whether Windows reserves the name for a device, whatever follows the first dot
/// (<https://learn.microsoft.com/windows/win32/fileio/naming-a-file>).
fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or(name).trim_end().to_ascii_uppercase();
    match stem.strip_prefix("COM").or_else(|| stem.strip_prefix("LPT")) {
        Some(number) => {
            matches!(number, "0" | "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9" | "¹" | "²" | "³")
        }
        None => matches!(&*stem, "CON" | "PRN" | "AUX" | "NUL" | "CONIN$" | "CONOUT$"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_paths_are_refused_everywhere() {
        for path in ["", "/etc/passwd", "..", "../x", "a/../../x", "a//b", "a/.", "a/", "a\0b"] {
            for names in [Names::Unix, Names::Windows] {
                assert!(join(Path::new("target"), path, names).is_err(), "{path:?}");
            }
        }
    }

    #[test]
    fn names_that_only_windows_refuses() {
        for path in [
            "C:\\x",
            "c:",
            "a\\..\\b",
            "nul",
            "a/COM1.txt",
            "lpt9",
            "a.",
            "a ",
            "a:stream",
            "what?",
            "CON .x",
        ] {
            assert!(join(Path::new("target"), path, Names::Windows).is_err(), "{path:?}");
            assert!(join(Path::new("target"), path, Names::Unix).is_ok(), "{path:?}");
        }
        for path in ["console.txt", "a/b c/日本語.txt", "com10", "..hidden", ".config"] {
            assert!(join(Path::new("target"), path, Names::Windows).is_ok(), "{path:?}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn links_do_not_lead_outside() {
        let home = tempfile::tempdir().expect("a folder");
        let folder = home.path().join("target");
        let outside = home.path().join("outside");
        fs::create_dir_all(folder.join("real")).expect("made");
        fs::create_dir(&outside).expect("made");
        std::os::unix::fs::symlink(&outside, folder.join("out")).expect("linked");
        std::os::unix::fs::symlink(home.path().join("missing"), folder.join("dangling")).expect("linked");
        std::os::unix::fs::symlink("real", folder.join("in")).expect("linked");
        for path in ["out/a", "out/deep/er/a", "dangling/a"] {
            assert!(resolve(&folder, path).is_err(), "{path}");
        }
        assert_eq!(resolve(&folder, "in/a").expect("inside"), folder.join("in/a"));
        assert_eq!(resolve(&folder, "new/deep/a").expect("inside"), folder.join("new/deep/a"));
        assert!(folder.join("new/deep").is_dir());
        assert_eq!(fs::read_dir(&outside).expect("a folder").count(), 0);
    }
}
