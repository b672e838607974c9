//! The files of the repository.

use std::path::{Path, PathBuf};
use walkdir::{DirEntry, WalkDir};

/// Folders that hold what tools made.
const MADE: [&str; 6] = ["target", "node_modules", "dist", ".git", "__pycache__", "venv"];

pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the repository")
}

/// The files below `folder` of the repository that have one of these extensions, sorted.
pub fn files(folder: &str, extensions: &[&str]) -> Vec<PathBuf> {
    let is_source = |entry: &DirEntry| !MADE.iter().any(|made| entry.file_name() == *made);
    let mut files: Vec<PathBuf> = WalkDir::new(root().join(folder))
        .into_iter()
        .filter_entry(is_source)
        .map(|entry| entry.expect("a readable folder").into_path())
        .filter(|path| path.extension().is_some_and(|found| extensions.iter().any(|wanted| found == *wanted)))
        .collect();
    files.sort();
    files
}

pub fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The path as it is named within the repository.
pub fn name(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}
