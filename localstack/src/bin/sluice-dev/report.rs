//! `stack.json`: tells other programs where the running stack is.

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use sluice_localstack::Stack;

/// What `stack.json` holds while the stack runs.
#[derive(Debug, Serialize, Deserialize)]
pub struct StackReport {
    /// The API, without a trailing slash.
    pub api: String,
    /// The web page.
    pub page: String,
    /// The emulated AWS.
    pub aws_endpoint: String,
    /// Whether all of it answers.
    pub ready: bool,
}

/// Writes the report whole or not at all: who waits for the file must not read half of it.
pub fn publish(state_dir: &Path, stack: &Stack) -> io::Result<()> {
    let report = StackReport {
        api: stack.api_url().to_owned(),
        page: stack.api_url().to_owned(),
        aws_endpoint: stack.aws_endpoint(),
        ready: true,
    };
    let unfinished = path(state_dir).with_extension("json.tmp");
    let mut file = fs::File::create(&unfinished)?;
    serde_json::to_writer(&mut file, &report)?;
    file.write_all(b"\n")?;
    fs::rename(unfinished, path(state_dir))
}

/// Removes the report, if there is one.
pub fn withdraw(state_dir: &Path) {
    let _ = fs::remove_file(path(state_dir));
}

/// Reads the report of the stack that runs on `state_dir`.
pub fn read(state_dir: &Path) -> io::Result<StackReport> {
    Ok(serde_json::from_slice(&fs::read(path(state_dir))?)?)
}

fn path(state_dir: &Path) -> PathBuf {
    state_dir.join("stack.json")
}
