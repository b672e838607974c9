//! `sluice-deploy` deploys Sluice to an AWS account, and removes it again.

mod aws;
mod bucket;
mod changes;
mod deploy;
mod packages;
mod page;
mod poll;
mod preflight;
mod prepare;
mod progress;
mod prompt;
mod proposal;
mod stack;
mod stage;
mod target;
mod undeploy;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

use crate::target::workspace_dir;

/// Deploy Sluice to AWS
#[derive(Parser)]
#[command(version, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build and upload, show what would change, ask, then deploy
    Up(deploy::Options),
    /// Build what a stage deploys, for `up` on another machine
    Build(prepare::Options),
    /// Delete the stack; tables, landing and vault buckets stay unless --delete-data is given
    Down(undeploy::Options),
    /// Print the template, assembled from its parts
    Template,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Up(options) => deploy::run(&options).await,
        Command::Build(options) => prepare::run(&options).await,
        Command::Down(options) => undeploy::run(&options).await,
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
