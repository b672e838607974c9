//! Installs `dynoxide` from crates.io. It is the `DynamoDB` of the `LocalStack` emulator.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::Error;

const CRATE: &str = "dynoxide-rs";
const VERSION: &str = "3.2.0";
const FEATURES: &str = "native-sqlite,http-server,cli";

pub(super) fn executable(cache_dir: &Path) -> PathBuf {
    root(cache_dir).join("bin/dynoxide")
}

/// Compiles `dynoxide` unless the cache has it. Blocks.
pub(super) fn ensure(cache_dir: &Path, report: fn(&str)) -> Result<(), Error> {
    let root = root(cache_dir);
    let preparing = || Error::io(format!("preparing {}", root.display()));
    fs::create_dir_all(&root).map_err(preparing())?;
    let lock = File::create(root.join("lock")).map_err(preparing())?;
    lock.lock().map_err(preparing())?;
    if executable(cache_dir).exists() {
        return Ok(());
    }
    report("compiling dynoxide (only the first time)");
    let version = format!("={VERSION}");
    let installed = Command::new("cargo")
        .args(["install", CRATE, "--version", &version, "--locked", "--quiet"])
        .args(["--no-default-features", "--features", FEATURES])
        // The crate's own release profile takes twice as long to compile.
        .args(["--config", "profile.release.lto=false", "--config", "profile.release.codegen-units=16"])
        .arg("--root")
        .arg(&root)
        .stdin(Stdio::null())
        .output()
        .map_err(Error::io("running cargo"))?;
    if installed.status.success() {
        return Ok(());
    }
    let messages = String::from_utf8_lossy(&installed.stderr);
    let reason = messages.lines().find(|line| line.starts_with("error")).unwrap_or("cargo failed").to_owned();
    Err(Error::Call { action: "installing dynoxide", reason })
}

fn root(cache_dir: &Path) -> PathBuf {
    cache_dir.join("tools").join(format!("{CRATE}-{VERSION}"))
}
