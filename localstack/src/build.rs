//! The functions' executables.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Stdio,
};

use serde::Deserialize;
use tokio::process::Command;

use crate::Error;

/// How the functions' executables are come by.
#[derive(Debug, Clone)]
pub enum Build {
    /// `cargo build --workspace --bins`: with the same flags as by hand, so that nothing is compiled twice.
    Cargo {
        /// The profile, `dev` as a rule.
        profile: String,
        /// Features to switch on, each as `package/feature`.
        features: Vec<String>,
    },
    /// A folder with one executable per function, named like it.
    Ready(PathBuf),
}

impl Default for Build {
    fn default() -> Self {
        Self::Cargo { profile: "dev".to_owned(), features: Vec::new() }
    }
}

impl Build {
    /// Returns the executable of each function under `functions/`.
    pub(crate) async fn executables(&self, workspace_dir: &Path) -> Result<BTreeMap<String, PathBuf>, Error> {
        let names = function_names(workspace_dir)?;
        let built = match self {
            Self::Cargo { profile, features } => cargo_build(workspace_dir, profile, features).await?,
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

async fn cargo_build(
    workspace_dir: &Path,
    profile: &str,
    features: &[String],
) -> Result<BTreeMap<String, PathBuf>, Error> {
    let mut command = Command::new("cargo");
    command.args(["build", "--workspace", "--bins", "--locked", "--profile", profile]);
    command.args(["--message-format", "json-render-diagnostics"]);
    if !features.is_empty() {
        command.args(["--features", &features.join(",")]);
    }
    let output = command
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
