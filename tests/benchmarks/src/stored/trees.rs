//! Fetches the versions of a source tree.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use tokio::process::Command;
use walkdir::WalkDir;

use crate::{Failure, command};

/// A package without dependencies. Its releases change between nine files and half of them.
pub const PACKAGE: &str = "libc";
/// Twenty consecutive releases.
pub const RELEASES: [&str; 20] = [
    "0.2.172", "0.2.173", "0.2.174", "0.2.175", "0.2.176", "0.2.177", "0.2.178", "0.2.179", "0.2.180",
    "0.2.181", "0.2.182", "0.2.183", "0.2.184", "0.2.185", "0.2.186", "0.2.187", "0.2.188", "0.2.189",
    "0.2.190", "0.2.191",
];
/// The date of all files. Some peers store it among the bytes, so an unchanged file must keep its date.
const MODIFIED: Duration = Duration::from_hours(400_000);

/// Fetches the releases into folders below `folder`, and returns these in order.
pub async fn fetch(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    eprintln!("· fetching {} releases of {PACKAGE}", RELEASES.len());
    let mut vendor = Command::new("cargo");
    vendor.current_dir(folder).args(["vendor", "--quiet", "--versioned-dirs"]);
    // Compatible releases cannot be in one workspace, so each gets a workspace of its own.
    for (number, release) in RELEASES.iter().enumerate() {
        let manifest_dir = folder.join(format!("manifest-{release}"));
        fs::create_dir(&manifest_dir)?;
        let manifest = manifest_dir.join("Cargo.toml");
        fs::write(&manifest, manifest_text(release))?;
        vendor.arg(if number == 0 { "--manifest-path" } else { "--sync" }).arg(manifest);
    }
    vendor.arg("trees");
    command::run(vendor).await?;
    let trees = RELEASES.map(|release| folder.join("trees").join(format!("{PACKAGE}-{release}")));
    for tree in &trees {
        // Cargo adds this file; it is not part of the release.
        fs::remove_file(tree.join(".cargo-checksum.json"))?;
        for entry in WalkDir::new(tree) {
            File::open(entry?.path())?.set_modified(SystemTime::UNIX_EPOCH + MODIFIED)?;
        }
    }
    Ok(trees.into())
}

fn manifest_text(release: &str) -> String {
    format!(
        "[package]\nname = \"tree\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[lib]\npath = \"none.rs\"\n\
         [workspace]\n[dependencies]\n{PACKAGE} = \"={release}\"\n"
    )
}

/// The size of all files below a folder.
pub fn size_bytes(folder: &Path) -> Result<u64, Failure> {
    let mut size_bytes = 0;
    for file in files_below(folder)? {
        size_bytes += fs::metadata(file)?.len();
    }
    Ok(size_bytes)
}

/// All files below a folder.
pub fn files_below(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let entries = WalkDir::new(folder).into_iter().collect::<Result<Vec<_>, _>>()?;
    let files = entries.into_iter().filter(|entry| entry.file_type().is_file());
    Ok(files.map(walkdir::DirEntry::into_path).collect())
}
