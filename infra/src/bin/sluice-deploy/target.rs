//! What every command needs: the stage, the workspace and the type of its result.

use std::error::Error;
use std::path::{Path, PathBuf};

use clap::Args;

pub(crate) type Outcome<T = ()> = Result<T, Box<dyn Error>>;

#[derive(Args)]
pub(crate) struct Target {
    /// Stage to deploy: the name of infra/stages/STAGE.json, or the path of a file
    pub(crate) stage: String,
    /// Do not ask for confirmation
    #[arg(long)]
    pub(crate) yes: bool,
    /// Another address for all AWS services
    #[arg(long, env = "AWS_ENDPOINT_URL", hide = true)]
    pub(crate) endpoint: Option<String>,
}

pub(crate) fn workspace_dir() -> PathBuf {
    let crate_dir = Path::new(env!("CARGO_MANIFEST_DIR"));
    crate_dir.parent().unwrap_or(crate_dir).to_owned()
}
