//! Starts a function by strict rules. An emulator starts this program as the function's `bootstrap`.

use clap::{Args, Parser};
use sluice_strict_runtime::{Rules, RunError, become_bound, run};
use std::path::PathBuf;

#[derive(Parser)]
enum Command {
    /// Runs a function.
    Run(Run),
    /// Becomes the function; `run` starts it so.
    #[command(hide = true)]
    Bound {
        /// The process with which the function ends.
        #[arg(long)]
        parent: i32,
        executable: PathBuf,
    },
}

#[derive(Args)]
struct Run {
    /// Decides which invocations are killed or repeated.
    #[arg(long)]
    seed: u64,
    /// How many invocations by SQS are killed.
    #[arg(long)]
    deaths: u32,
    /// The file that counts the function's invocations and deaths.
    #[arg(long)]
    counts: PathBuf,
    /// The address of the emulator's Runtime API.
    #[arg(long, env = "AWS_LAMBDA_RUNTIME_API")]
    runtime_api: String,
    /// The function.
    executable: PathBuf,
}

fn main() -> Result<(), RunError> {
    match Command::parse() {
        Command::Run(arguments) => start(arguments),
        Command::Bound { parent, executable } => Err(become_bound(&executable, parent).into()),
    }
}

#[tokio::main]
async fn start(Run { seed, deaths, counts, runtime_api, executable }: Run) -> Result<(), RunError> {
    run(&executable, runtime_api, Rules { seed, deaths }, counts).await
}
