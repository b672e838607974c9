//! Installs the programs of the stores.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tokio::task::spawn_blocking;

use crate::workspace::workspace_dir;
use crate::{Error, python};

const COMMANDS: [&str; 7] =
    ["ceph", "ceph-authtool", "ceph-mon", "ceph-osd", "monmaptool", "radosgw", "radosgw-admin"];
const INSTALL: &str = "apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=300 \
    ceph-mon ceph-osd radosgw ceph-common";

/// Returns the folder of the stores' executables and of a Python. Installs them if they are missing.
pub(super) async fn ensure_binaries(report: fn(&str)) -> Result<PathBuf, Error> {
    let requirements = workspace_dir().join("localstack/stores/requirements.txt");
    let ensure = move || python::ensure_environment(&requirements, &cache_dir().join("venv"), report);
    let python = spawn_blocking(ensure).await.map_err(Error::call("installing a store"))??;
    Ok(python.parent().map(Path::to_owned).unwrap_or_default())
}

/// Installs Ceph with the system's package manager, unless its commands are on the path.
pub(super) async fn ensure_ceph(store: &'static str, report: fn(&str)) -> Result<(), Error> {
    let ensure = move || ensure_packages(store, report);
    spawn_blocking(ensure).await.map_err(Error::call("installing a store"))?
}

fn ensure_packages(store: &'static str, report: fn(&str)) -> Result<(), Error> {
    fs::create_dir_all(cache_dir()).map_err(Error::io("creating the target folder"))?;
    let lock = File::create(cache_dir().join("packages.lock")).map_err(Error::io("creating a lock"))?;
    lock.lock().map_err(Error::io("waiting for another installation"))?;

    let missing = missing_commands()?;
    if missing.is_empty() {
        return Ok(());
    }
    let failure = |reason: &str| Error::StorePackages {
        store,
        missing: missing.clone(),
        command: INSTALL.to_owned(),
        reason: reason.to_owned(),
    };
    if !rustix::process::geteuid().is_root() {
        return Err(failure("not tried: this is not root"));
    }
    report("installing Ceph's packages");
    // It fails if apt's package lists are missing or out of date.
    if run(INSTALL)?.status.success() {
        return Ok(());
    }
    run("apt-get update")?;
    let output = run(INSTALL)?;
    if output.status.success() {
        return Ok(());
    }
    let messages = String::from_utf8_lossy(&output.stderr);
    Err(failure(messages.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("it failed")))
}

/// The commands that are not on the path, separated by commas.
fn missing_commands() -> Result<String, Error> {
    let script =
        format!("for each in {}; do command -v $each >/dev/null || echo $each; done", COMMANDS.join(" "));
    let output = run(&script)?;
    let missing: Vec<_> = std::str::from_utf8(&output.stdout).unwrap_or_default().lines().collect();
    Ok(missing.join(", "))
}

fn run(script: &str) -> Result<Output, Error> {
    let mut shell = Command::new("sh");
    shell.args(["-c", script]).env("DEBIAN_FRONTEND", "noninteractive").stdin(Stdio::null());
    shell.output().map_err(Error::io("running a shell"))
}

fn cache_dir() -> PathBuf {
    workspace_dir().join("target")
}
