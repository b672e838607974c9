//! Ends a function with the program that started it.

use rustix::process::{Pid, getppid};
use std::io;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, exit};

use crate::sandbox::EXIT_KILLED;

/// Becomes the function, which the kernel kills once `parent` has died, whatever it died of: a stopped
/// function would otherwise stay for ever. Only Linux can do so.
///
/// # Errors
///
/// If the function cannot be executed.
pub fn become_bound(executable: &Path, parent: i32) -> io::Error {
    if let Err(error) = die_with_parent() {
        return error;
    }
    // A parent that died before is followed by another, whose death comes too late or never.
    if getppid().map(Pid::as_raw_pid) != Some(parent) {
        exit(EXIT_KILLED);
    }
    Command::new(executable).exec()
}

#[cfg(target_os = "linux")]
fn die_with_parent() -> io::Result<()> {
    use rustix::process::{Signal, set_parent_process_death_signal};
    Ok(set_parent_process_death_signal(Some(Signal::KILL))?)
}

#[cfg(not(target_os = "linux"))]
fn die_with_parent() -> io::Result<()> {
    Ok(())
}
