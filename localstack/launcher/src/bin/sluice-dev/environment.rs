//! `sluice-dev env`: prints variables that point tools at the running stack.

use std::error::Error;
use std::path::PathBuf;

use clap::Args;

use crate::report;

#[derive(Debug, Args)]
pub struct Options {
    /// Folder that holds the state of the running stack
    #[arg(long, env = "SLUICE_DEV_STATE", default_value = "target/dev", value_name = "FOLDER")]
    state: PathBuf,
}

/// Prints the variables as lines for a shell.
pub fn print(options: &Options) -> Result<(), Box<dyn Error>> {
    let Ok(stack) = report::read(&options.state) else {
        return Err(format!("no stack runs in {}; start one with `make dev`", options.state.display()).into());
    };
    println!("export SLUICE_API_URL={}", stack.api);
    println!("export AWS_ENDPOINT_URL={}", stack.aws_endpoint);
    println!("export AWS_ACCESS_KEY_ID={} AWS_SECRET_ACCESS_KEY={}", stack.access_key, stack.secret_key);
    println!("export AWS_DEFAULT_REGION=us-east-1");
    Ok(())
}
