//! `sluice-deploy`: Sluice into an AWS account, and out of it again.

mod aws;
mod changes;
mod deploy;
mod packages;
mod page;
mod progress;
mod prompt;
mod stage;
mod undeploy;

use clap::{Args, Parser, Subcommand};
use std::{
    error::Error,
    path::{Path, PathBuf},
    process::ExitCode,
};

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// Deploys Sluice to AWS, by the AWS command line and its credentials.
#[derive(Parser)]
#[command(version, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build, upload, show what would change, ask, deploy
    Up(deploy::Options),
    /// Delete the stack; tables, landing and vault stay unless asked for twice
    Down(undeploy::Options),
    /// Print the template, put together from its parts
    Template,
}

/// Where to.
#[derive(Args)]
struct Target {
    /// The stage: infra/stages/STAGE.json, or a file
    stage: String,
    /// Do not ask whether to go on
    #[arg(long)]
    yes: bool,
    /// Another address for all of AWS
    #[arg(long, env = "AWS_ENDPOINT_URL", hide = true)]
    endpoint: Option<String>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Up(options) => deploy::run(&options).await,
        Command::Down(options) => undeploy::run(&options),
        Command::Template => sluice_infra::template::assemble(&workspace_dir())
            .map(|template| print!("{template}"))
            .map_err(Into::into),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn workspace_dir() -> PathBuf {
    let crate_dir = Path::new(env!("CARGO_MANIFEST_DIR"));
    crate_dir.parent().unwrap_or(crate_dir).to_owned()
}
