//! Writes and reads `stack.json`, which tells this user's other programs the addresses and keys of the
//! running stack.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sluice_localstack::Stack;

/// The addresses and keys of a running stack.
#[derive(Serialize, Deserialize)]
pub struct StackReport {
    /// The address of the API, without a trailing slash.
    pub api: String,
    /// The address of the web page.
    pub page: String,
    /// The address of the emulated AWS.
    pub aws_endpoint: String,
    /// The keys of its administrator.
    pub access_key: String,
    pub secret_key: String,
    /// Whether everything answers. The file exists only then.
    pub ready: bool,
}

/// Writes the report atomically, so that nobody who waits for the file reads half of it.
pub fn publish(state_dir: &Path, stack: &Stack) -> io::Result<()> {
    let report = StackReport {
        api: stack.api_url().to_owned(),
        page: stack.api_url().to_owned(),
        aws_endpoint: stack.aws_endpoint(),
        access_key: stack.keys().access_key.clone(),
        secret_key: stack.keys().secret_key.clone(),
        ready: true,
    };
    let unfinished = path(state_dir).with_extension("json.tmp");
    // A new file, because an old one would keep its mode.
    let _ = fs::remove_file(&unfinished);
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unfinished)?;
    serde_json::to_writer(&mut file, &report)?;
    file.write_all(b"\n")?;
    fs::rename(unfinished, path(state_dir))
}

/// Removes the report if it exists.
pub fn withdraw(state_dir: &Path) {
    let _ = fs::remove_file(path(state_dir));
}

/// Reads the report of the stack that runs in `state_dir`.
pub fn read(state_dir: &Path) -> io::Result<StackReport> {
    Ok(serde_json::from_slice(&fs::read(path(state_dir))?)?)
}

fn path(state_dir: &Path) -> PathBuf {
    state_dir.join("stack.json")
}
