//! Builds the functions' executables.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::str::FromStr;

use serde::Deserialize;
use tokio::process::Command;

use crate::Error;

/// How to build or find the functions' executables.
#[derive(Debug, Clone)]
pub enum Build {
    /// `cargo build --bins`, with the same flags as a build by hand, so that nothing is compiled twice.
    Cargo {
        /// The profile, usually `dev`.
        profile: String,
        /// Features to enable, each as `package/feature`.
        features: Vec<String>,
    },
    /// A build optimised for Lambda. Uses cargo-zigbuild if it is installed, which can link for other
    /// processors and for Lambda's older glibc, and cargo if not.
    Lambda(Architecture),
    /// A folder with one executable for each function, named after it.
    Ready(PathBuf),
}

/// A processor architecture of Lambda.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Architecture {
    Arm64,
    X86_64,
}

impl FromStr for Architecture {
    type Err = String;

    /// Parses Lambda's name of the architecture.
    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "arm64" => Ok(Self::Arm64),
            "x86_64" => Ok(Self::X86_64),
            _ => Err(format!("Architecture is arm64 or x86_64, not {name}")),
        }
    }
}

impl Architecture {
    /// The compiler's target triple.
    fn target(self) -> &'static str {
        match self {
            Self::Arm64 => "aarch64-unknown-linux-gnu",
            Self::X86_64 => "x86_64-unknown-linux-gnu",
        }
    }
}

/// The minor version of Amazon Linux 2023's glibc 2.
const LAMBDA_GLIBC: u32 = 34;

impl Default for Build {
    fn default() -> Self {
        Self::Cargo { profile: "dev".to_owned(), features: Vec::new() }
    }
}

impl Build {
    /// Returns the executable of each function under `functions/`, after building it if necessary.
    pub async fn executables(&self, workspace_dir: &Path) -> Result<BTreeMap<String, PathBuf>, Error> {
        let names = function_names(workspace_dir)?;
        let built = match self {
            Self::Cargo { profile, features } => {
                let mut options = words(&["build", "--bins", "--profile", profile]);
                if !features.is_empty() {
                    options.extend(["--features".to_owned(), features.join(",")]);
                }
                cargo(workspace_dir, &options).await?
            }
            Self::Lambda(architecture) => build_for_lambda(workspace_dir, &names, *architecture).await?,
            Self::Ready(dir) => names.iter().map(|name| (name.clone(), dir.join(name))).collect(),
        };
        let executable = |name: String| match built.get(&name) {
            Some(path) if path.exists() => Ok((name, path.clone())),
            _ => Err(Error::FunctionMissing { name }),
        };
        names.into_iter().map(executable).collect()
    }
}

/// The functions' names, sorted. A function is a folder `functions/{trigger}/{name}` with a `Cargo.toml`.
pub fn function_names(workspace_dir: &Path) -> Result<Vec<String>, Error> {
    let mut names = Vec::new();
    for trigger in folders(&workspace_dir.join("functions"))? {
        let functions = folders(&trigger)?.into_iter().filter(|folder| folder.join("Cargo.toml").exists());
        names.extend(functions.filter_map(|folder| Some(folder.file_name()?.to_str()?.to_owned())));
    }
    names.sort();
    Ok(names)
}

fn folders(parent: &Path) -> Result<Vec<PathBuf>, Error> {
    let listing = || Error::io(format!("listing {}", parent.display()));
    let mut folders = Vec::new();
    for entry in fs::read_dir(parent).map_err(listing())? {
        let path = entry.map_err(listing())?.path();
        if path.is_dir() {
            folders.push(path);
        }
    }
    Ok(folders)
}

/// One line of `cargo build --message-format json`.
#[derive(Deserialize)]
struct CargoMessage {
    executable: Option<PathBuf>,
    target: Option<CargoTarget>,
}

#[derive(Deserialize)]
struct CargoTarget {
    name: String,
}

async fn build_for_lambda(
    workspace_dir: &Path,
    names: &[String],
    architecture: Architecture,
) -> Result<BTreeMap<String, PathBuf>, Error> {
    let links_for_lambda = succeeds("cargo-zigbuild", "--version").await;
    let (command, target) = if links_for_lambda {
        ("zigbuild", format!("{}.2.{LAMBDA_GLIBC}", architecture.target()))
    } else {
        ("build", architecture.target().to_owned())
    };
    let mut options = words(&[command, "--profile", "lambda", "--target", &target]);
    for name in names {
        options.extend(["--package".to_owned(), name.clone()]);
    }
    let executables = cargo(workspace_dir, &options).await?;
    executables.values().try_for_each(|executable| check_glibc(executable))?;
    Ok(executables)
}

/// Refuses an executable that needs a newer glibc than Lambda has, because it would not start there.
fn check_glibc(executable: &Path) -> Result<(), Error> {
    let bytes = fs::read(executable).map_err(Error::io(format!("reading {}", executable.display())))?;
    match newest_glibc(&bytes) {
        Some(minor) if minor > LAMBDA_GLIBC => {
            Err(Error::GlibcTooNew { executable: executable.to_owned(), minor, available: LAMBDA_GLIBC })
        }
        _ => Ok(()),
    }
}

/// The highest `x` among the `GLIBC_2.x` versions of the symbols that an executable imports.
fn newest_glibc(executable: &[u8]) -> Option<u32> {
    const VERSION: &[u8] = b"GLIBC_2.";
    let versions = executable.windows(VERSION.len()).enumerate().filter(|(_, window)| *window == VERSION);
    let minor = |(start, _): (usize, &[u8])| {
        let digits = executable[start + VERSION.len()..].iter().take_while(|byte| byte.is_ascii_digit());
        digits.map(|byte| char::from(*byte)).collect::<String>().parse::<u32>().ok()
    };
    versions.filter_map(minor).max()
}

async fn succeeds(command: &str, option: &str) -> bool {
    let status = Command::new(command).arg(option).stdout(Stdio::null()).stderr(Stdio::null()).status().await;
    status.is_ok_and(|status| status.success())
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// Runs a build of `cargo` with these options and returns its executables by name. The compiler's messages go
/// to standard error.
pub async fn cargo(workspace_dir: &Path, options: &[String]) -> Result<BTreeMap<String, PathBuf>, Error> {
    let output = Command::new("cargo")
        .args(options)
        .args(["--locked", "--message-format", "json-render-diagnostics"])
        .current_dir(workspace_dir)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .kill_on_drop(true)
        .output()
        .await
        .map_err(Error::io("running cargo"))?;
    if !output.status.success() {
        return Err(Error::Build);
    }
    let messages = output.stdout.split(|byte| *byte == b'\n');
    let artifacts = messages.filter_map(|line| serde_json::from_slice::<CargoMessage>(line).ok());
    Ok(artifacts.filter_map(|message| Some((message.target?.name, message.executable?))).collect())
}

#[cfg(test)]
mod tests {
    use super::newest_glibc;

    #[test]
    fn the_newest_glibc_version_is_found() {
        assert_eq!(newest_glibc(b"\0GLIBC_2.2.5\0GLIBC_2.34\0GLIBC_2.9\0"), Some(34));
        assert_eq!(newest_glibc(b"#!/bin/sh\n"), None);
        assert_eq!(newest_glibc(b"GLIBC_2."), None);
    }
}
