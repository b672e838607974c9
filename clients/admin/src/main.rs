//! Reads the command line, runs the command, and turns the outcome into an exit code.

use clap::Parser as _;
use sluice_admin::arguments::Arguments;
use sluice_admin::error::{Error, Result};
use sluice_admin::output::Output;
use sluice_admin::settings::DeploymentAccess;
use sluice_deployment::log::is_ours;
use std::io::ErrorKind;
use std::process::ExitCode;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::{LevelFilter, filter_fn};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let output = Output::new(arguments.global.format(), Box::new(std::io::stdout()));
    start_log();
    match run(arguments, &output).await {
        Ok(()) => ExitCode::SUCCESS,
        // The reader of our output closed it, as `head` does.
        Err(Error::Output(error)) if error.kind() == ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            output.failure(&error);
            ExitCode::from(error.kind() as u8)
        }
    }
}

/// Logs to standard error: warnings of the functions' code, and errors of everything else.
fn start_log() {
    let filter = filter_fn(|event| {
        let level = if is_ours(event) { LevelFilter::WARN } else { LevelFilter::ERROR };
        *event.level() <= level
    })
    .with_max_level_hint(LevelFilter::WARN);
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    tracing_subscriber::registry().with(lines.with_filter(filter)).init();
}

async fn run(arguments: Arguments, output: &Output) -> Result<()> {
    let access = DeploymentAccess::connect(arguments.global.settings.as_deref()).await?;
    sluice_admin::run(arguments.command, &access, output).await
}
