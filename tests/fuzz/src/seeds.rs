//! Reads inputs from the repository: test vectors, sample messages and the corpus.

use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A test vector of the binary formats.
pub(crate) fn vector(name: &str) -> Vec<u8> {
    read(&root().join("crates/domain/tests/vectors").join(name))
}

/// The sample messages in these folders of `events/samples`.
pub(crate) fn samples(folders: &[&str]) -> Vec<Vec<u8>> {
    let folder = root().join("events/samples");
    folders.iter().flat_map(|name| read_folder(&folder.join(name))).collect()
}

/// The inputs stored for a target.
pub(crate) fn corpus(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
    if folder.exists() { read_folder(&folder) } else { Vec::new() }
}

pub(crate) fn texts(texts: &[&str]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

fn read_folder(folder: &Path) -> Vec<Vec<u8>> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("a readable folder").path()).collect();
    paths.sort();
    assert!(!paths.is_empty(), "{} is empty", folder.display());
    paths.iter().map(|path| read(path)).collect()
}

/// A `.hex` file is decoded; line breaks in it do not count.
fn read(path: &Path) -> Vec<u8> {
    let bytes = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    if path.extension().is_none_or(|extension| extension != "hex") {
        return bytes;
    }
    let digits: Vec<u8> = bytes.into_iter().filter(|byte| !byte.is_ascii_whitespace()).collect();
    hex::decode(digits).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
