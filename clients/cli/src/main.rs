//! Reads the command line, runs the command, and turns the outcome into an exit code.

use clap::Parser as _;
use sluice::arguments::Arguments;
use sluice::error::Error;
use sluice::output::Output;
use std::io::ErrorKind;
use std::process::ExitCode;
use tokio::runtime::Runtime;

fn main() -> ExitCode {
    let runtime = Runtime::new().expect("threads can be started");
    let code = runtime.block_on(run());
    // A thread may still hash a large file, or wait for a pipe.
    runtime.shutdown_background();
    code
}

async fn run() -> ExitCode {
    let arguments = Arguments::parse();
    let output = Output::new(arguments.global.format());
    match sluice::commands::run(arguments, output.clone()).await {
        Ok(()) => ExitCode::SUCCESS,
        // The reader of our output closed it, as `head` does.
        Err(Error::Output(error)) if error.kind() == ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        // Each failure has been reported.
        Err(error @ Error::Several { .. }) => ExitCode::from(error.kind() as u8),
        Err(error) => {
            output.failure("", &error);
            output.failure_document(&error);
            ExitCode::from(error.kind() as u8)
        }
    }
}
