//! The operator's commands, which are a program of their own: this one stays free of what it needs.

use std::ffi::OsStr;
use std::os::unix::process::CommandExt as _;
use std::process;

use crate::arguments::{Arguments, Command};
use crate::error::Error;

/// The program.
const PROGRAM: &str = "sluice-admin";

/// Becomes the operator's program if it is meant. Comes back if it is not, or with the reason why that is impossible.
pub fn run(arguments: &Arguments) -> Option<Error> {
    let (command, passed_on) = match &arguments.command {
        Command::Admin(passed_on) => (None, passed_on),
        Command::Doctor(passed_on) => (Some("doctor"), passed_on),
        _ => return None,
    };
    let beside = std::env::current_exe().ok().map(|own| own.with_file_name(PROGRAM));
    let program = beside.filter(|path| path.is_file());
    let mut operator =
        process::Command::new(program.as_deref().map_or(OsStr::new(PROGRAM), |path| path.as_os_str()));
    // What stood before the command is known here, and meant for it.
    let switches = [("--json", arguments.global.json), ("--quiet", arguments.global.quiet)];
    operator.args(switches.iter().filter(|(_, given)| *given).map(|(name, _)| name));
    let source = operator.args(command).args(&passed_on.arguments).exec();
    Some(Error::OperatorMissing { command: command.unwrap_or("admin"), source })
}
