//! The process of a function.

use rustix::process::{Pid, Signal, kill_process};
use std::env::current_exe;
use std::io;
use std::path::Path;
use std::process::{ExitStatus, exit, id};
use tokio::process::{Child, Command};

/// What a shell reports of a killed process.
pub const EXIT_KILLED: i32 = 137;

/// A running function. Its child handle is elsewhere, with whoever waits for its end.
#[derive(Debug, Clone, Copy)]
pub struct Sandbox(Pid);

impl Sandbox {
    /// Starts a function that talks to the Runtime API at this address, by way of [`crate::become_bound`].
    pub fn start(executable: &Path, runtime_api: &str) -> io::Result<(Self, Child)> {
        let mut command = Command::new(current_exe()?);
        command.args(["bound", "--parent", &id().to_string()]).arg(executable);
        let child = command.env("AWS_LAMBDA_RUNTIME_API", runtime_api).kill_on_drop(true).spawn()?;
        let pid = child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
        let pid = pid.ok_or_else(|| io::Error::other("the function has ended"))?;
        Ok((Self(pid), child))
    }

    /// Stops the process until it is thawed.
    pub fn freeze(self) -> io::Result<()> {
        Ok(kill_process(self.0, Signal::STOP)?)
    }

    pub fn thaw(self) -> io::Result<()> {
        Ok(kill_process(self.0, Signal::CONT)?)
    }

    /// Kills the function, and this process, whose end the emulator takes for that of the function.
    pub fn kill(self) -> ! {
        // It may have ended by itself.
        let _ = kill_process(self.0, Signal::KILL);
        exit(EXIT_KILLED)
    }
}

/// Ends this process as the function has ended.
pub fn end_with(status: ExitStatus) -> ! {
    exit(status.code().unwrap_or(EXIT_KILLED))
}
