//! What is measured, built the way it is deployed.

use clap::Args;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tokio::process::Command;

use crate::Failure;

/// How the measured programs are built.
#[derive(Debug, Args)]
pub struct BuildOptions {
    /// Cargo profile of the functions; figures count with `lambda` only, which is what is deployed
    #[arg(long, default_value = "lambda", value_name = "PROFILE")]
    pub functions_profile: String,
    /// Cargo profile of the sluice command; figures count with `release` only
    #[arg(long, default_value = "release", value_name = "PROFILE")]
    pub command_profile: String,
}

/// Executables by name.
pub type Executables = BTreeMap<String, PathBuf>;

/// The function that the others are compared with.
pub const MINIMAL_FUNCTION: &str = "minimal-function";

impl BuildOptions {
    /// Builds all functions.
    pub async fn functions(&self) -> Result<Executables, Failure> {
        build(&sluice_localstack::function_names(workspace_dir())?, &self.functions_profile).await
    }

    /// Builds the minimal function.
    pub async fn minimal_function(&self) -> Result<PathBuf, Failure> {
        build_one(MINIMAL_FUNCTION, &self.functions_profile).await
    }

    /// Builds the `sluice` command.
    pub async fn sluice(&self) -> Result<PathBuf, Failure> {
        build_one("sluice", &self.command_profile).await
    }
}

/// The root of the workspace.
pub fn workspace_dir() -> &'static Path {
    let crate_dir = Path::new(env!("CARGO_MANIFEST_DIR"));
    crate_dir.ancestors().nth(2).unwrap_or(crate_dir)
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

async fn build_one(package: &str, profile: &str) -> Result<PathBuf, Failure> {
    let mut built = build(&[package.to_owned()], profile).await?;
    built.remove(package).ok_or_else(|| format!("the package {package} has no executable of its name").into())
}

async fn build(packages: &[String], profile: &str) -> Result<Executables, Failure> {
    eprintln!("· building {} ({profile})", packages.join(", "));
    let mut command = Command::new("cargo");
    command.args(["build", "--bins", "--locked", "--profile", profile]);
    command.args(["--message-format", "json-render-diagnostics"]);
    command.args(packages.iter().flat_map(|package| ["--package", package]));
    command.current_dir(workspace_dir()).stdin(Stdio::null()).stderr(Stdio::inherit()).kill_on_drop(true);
    let output = command.output().await?;
    if !output.status.success() {
        return Err("building failed; the compiler's messages are above".into());
    }
    let lines = output.stdout.split(|byte| *byte == b'\n');
    let messages = lines.filter_map(|line| serde_json::from_slice::<CargoMessage>(line).ok());
    Ok(messages.filter_map(|message| Some((message.target?.name, message.executable?))).collect())
}
