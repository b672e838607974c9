//! Builds the measured programs the way they are deployed.

use clap::Args;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::Failure;

/// How the measured programs are built.
#[derive(Debug, Args)]
pub struct BuildOptions {
    /// Cargo profile of the functions; only figures with `lambda`, the deployed profile, are meaningful
    #[arg(long, default_value = "lambda", value_name = "PROFILE")]
    pub functions_profile: String,
    /// Cargo profile of the sluice command; only figures with `release` are meaningful
    #[arg(long, default_value = "release", value_name = "PROFILE")]
    pub command_profile: String,
}

pub type Executables = BTreeMap<String, PathBuf>;

/// A function that does nothing, to compare the others with.
pub const MINIMAL_FUNCTION: &str = "minimal-function";

impl BuildOptions {
    pub async fn functions(&self) -> Result<Executables, Failure> {
        build(&sluice_localstack::function_names(workspace_dir())?, &self.functions_profile).await
    }

    pub async fn minimal_function(&self) -> Result<PathBuf, Failure> {
        build_one(MINIMAL_FUNCTION, &self.functions_profile).await
    }

    pub async fn sluice(&self) -> Result<PathBuf, Failure> {
        build_one("sluice", &self.command_profile).await
    }
}

pub fn workspace_dir() -> &'static Path {
    let crate_dir = Path::new(env!("CARGO_MANIFEST_DIR"));
    crate_dir.ancestors().nth(2).unwrap_or(crate_dir)
}

async fn build_one(package: &str, profile: &str) -> Result<PathBuf, Failure> {
    let mut built = build(&[package.to_owned()], profile).await?;
    built.remove(package).ok_or_else(|| format!("the package {package} has no executable of its name").into())
}

async fn build(packages: &[String], profile: &str) -> Result<Executables, Failure> {
    eprintln!("· building {} ({profile})", packages.join(", "));
    let mut options = ["build", "--bins", "--profile", profile].map(str::to_owned).to_vec();
    options.extend(packages.iter().flat_map(|package| ["--package".to_owned(), package.clone()]));
    Ok(sluice_infra::cargo(workspace_dir(), &options).await?)
}
