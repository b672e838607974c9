//! What every emulator is started with: its address, its credentials and the paths of its logs.

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

use crate::Settings;

pub(crate) const REGION: &str = "us-east-1";

pub(super) struct Launch<'a> {
    pub(super) python: &'a Path,
    pub(super) settings: &'a Settings,
    pub(super) state_dir: &'a Path,
    pub(super) port: u16,
    pub(super) function_environment: &'a [(String, String)],
    /// The origins of the pages that may use presigned URLs.
    pub(super) origins: &'a [String],
}

/// The log of the emulator itself.
pub(super) fn log_path(state_dir: &Path) -> PathBuf {
    state_dir.join("emulator.log")
}

/// The log of all functions, written line by line while they run.
pub(crate) fn functions_log_path(state_dir: &Path) -> PathBuf {
    state_dir.join("functions.log")
}

pub(super) fn endpoint(port: u16) -> String {
    format!("http://{}:{port}", Ipv4Addr::LOCALHOST)
}
