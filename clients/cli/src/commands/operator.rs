//! Starts `sluice-admin` for the operator's commands. It is a separate program, so that `sluice` needs no AWS
//! SDK.

use std::env::{self, consts};
use std::ffi::OsStr;
use std::{io, process};

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
    let own = env::current_exe().ok();
    let beside = own.map(|own| own.with_file_name(PROGRAM).with_extension(consts::EXE_EXTENSION));
    let program = beside.filter(|path| path.is_file());
    let mut operator =
        process::Command::new(program.as_deref().map_or(OsStr::new(PROGRAM), |path| path.as_os_str()));
    // Options before the command were parsed here, but they are meant for the other program.
    let switches = [("--json", arguments.global.json), ("--quiet", arguments.global.quiet)];
    operator.args(switches.iter().filter(|(_, given)| *given).map(|(name, _)| name));
    operator.args(command).args(&forwarded.arguments);
    let source = become_program(operator);
    Some(Error::OperatorMissing { command: command.unwrap_or("admin"), source })
}

/// Ends this process as if it were `program`. Returns only if that cannot be started.
#[cfg(unix)]
fn become_program(mut program: process::Command) -> io::Error {
    std::os::unix::process::CommandExt::exec(&mut program)
}

/// Ends this process as if it were `program`. Returns only if that cannot be started. Windows cannot replace
/// a process, so this one waits and passes the exit code on.
#[cfg(not(unix))]
fn become_program(mut program: process::Command) -> io::Error {
    match program.status() {
        Ok(status) => process::exit(status.code().unwrap_or(1)),
        Err(error) => error,
    }
}
