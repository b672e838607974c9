//! `sluice-dev`: all of Sluice on this machine.

mod demo;
mod environment;
mod report;
mod up;
mod watch;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Runs all of Sluice on this machine: an AWS emulator, the functions and the API, with nothing outside touched.
#[derive(Parser)]
#[command(version, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// Options of `up`, which is the default.
    #[command(flatten)]
    up: up::Options,
}

#[derive(Subcommand)]
enum Command {
    /// Bring the stack up, run a first upload, and stay until Ctrl-C.
    Up(up::Options),
    /// Print the variables that point the AWS command line at the running stack, as in `eval "$(sluice-dev env)"`.
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
