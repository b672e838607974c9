//! Installs peers that are Python packages.

use std::path::PathBuf;
use tokio::task::spawn_blocking;

use crate::{Failure, builds};

/// Installs what `requirements.txt` pins, and returns the folder of the commands and of their Python.
pub async fn install() -> Result<PathBuf, Failure> {
    let requirements = builds::workspace_dir().join("tests/benchmarks/requirements.txt");
    let environments = builds::workspace_dir().join("target/venv");
    let report = |step: &str| eprintln!("· {step}");
    let install = move || sluice_localstack::python::ensure_environment(&requirements, &environments, report);
    let python = spawn_blocking(install).await??;
    Ok(python.parent().ok_or("a Python without a folder")?.to_owned())
}
