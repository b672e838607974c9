//! Runs the AWS emulator as a child process.

mod dynoxide;
mod launch;
pub(crate) mod localstack;
mod ministack;
mod process;

pub(crate) use launch::{REGION, functions_log_path};
pub(crate) use process::{Emulator, choose_port, install, loopback_client};
