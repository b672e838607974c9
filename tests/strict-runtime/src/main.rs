//! Starts a function by strict rules. An emulator starts this program as the function's `bootstrap`.

use clap::Parser;
use sluice_strict_runtime::{Rules, RunError, run};
use std::path::PathBuf;

#[derive(Parser)]
struct Arguments {
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

#[tokio::main]
async fn main() -> Result<(), RunError> {
    let Arguments { seed, deaths, counts, runtime_api, executable } = Arguments::parse();
    run(&executable, runtime_api, Rules { seed, deaths }, counts).await
}
