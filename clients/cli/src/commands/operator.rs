//! Starts `sluice-admin` for the operator's commands. It is a separate program, so that `sluice` needs no AWS
//! SDK.

use std::ffi::OsStr;
use std::os::unix::process::CommandExt as _;
use std::process;

use crate::arguments::{Arguments, Command};
use crate::error::Error;

const PROGRAM: &str = "sluice-admin";

/// Replaces this process by `sluice-admin` if the command is one of its own. Returns `None` for all other
/// commands, and the error if the program cannot be started.
pub fn run(arguments: &Arguments) -> Option<Error> {
    let (command, forwarded) = match &arguments.command {
        Command::Admin(forwarded) => (None, forwarded),
        Command::Doctor(forwarded) => (Some("doctor"), forwarded),
        _ => return None,
    };
    let beside = std::env::current_exe().ok().map(|own| own.with_file_name(PROGRAM));
    let program = beside.filter(|path| path.is_file());
    let mut operator =
        process::Command::new(program.as_deref().map_or(OsStr::new(PROGRAM), |path| path.as_os_str()));
    // Options before the command were parsed here, but they are meant for the other program.
    let switches = [("--json", arguments.global.json), ("--quiet", arguments.global.quiet)];
    operator.args(switches.iter().filter(|(_, given)| *given).map(|(name, _)| name));
    let source = operator.args(command).args(&forwarded.arguments).exec();
    Some(Error::OperatorMissing { command: command.unwrap_or("admin"), source })
}
