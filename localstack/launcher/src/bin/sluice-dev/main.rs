//! `sluice-dev` runs all of Sluice on this machine.

mod demo;
mod environment;
mod narrator;
mod report;
mod up;
mod watch;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Run all of Sluice on this machine: an AWS emulator, the functions, the API and the web page
#[derive(Parser)]
#[command(version, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// Options of `up`, which is the default
    #[command(flatten)]
    up: up::Options,
}

#[derive(Subcommand)]
enum Command {
    /// Start the stack, run a first upload, and keep running until Ctrl-C
    Up(up::Options),
    /// Print variables that point the AWS command line at the running stack, for `eval "$(sluice-dev env)"`
    Env(environment::Options),
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = match arguments.command.unwrap_or(Command::Up(arguments.up)) {
        Command::Up(options) => up::run(options).await,
        Command::Env(options) => environment::print(&options),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
