//! Runs commands with a time limit.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;
use tokio::process::{Child, Command};
use tokio::time::{Instant, timeout};

use crate::Failure;

const TIME_LIMIT: Duration = Duration::from_mins(15);

/// A command that has succeeded.
#[derive(Debug)]
pub struct Finished {
    /// The time from before its start until its end.
    pub elapsed: Duration,
    /// What the command wrote to standard output.
    pub output: String,
}

/// A running command. It ends when this is dropped.
#[derive(Debug)]
pub struct Running {
    name: String,
    begin: Instant,
    child: Child,
}

/// A command that inherits no variables which could change its behaviour.
pub fn isolated(program: &Path, home: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin").env("HOME", home);
    command
}

/// Runs a command to its end.
pub async fn run(command: Command) -> Result<Finished, Failure> {
    run_with_input(command, "").await
}

/// Runs a command to its end, with `input` on its standard input.
pub async fn run_with_input(command: Command, input: &str) -> Result<Finished, Failure> {
    start(command)?.finish(input).await
}

pub fn start(mut command: Command) -> Result<Running, Failure> {
    let name = command.as_std().get_program().to_string_lossy().into_owned();
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let begin = Instant::now();
    let child = command.spawn().map_err(|error| format!("{name}: {error}"))?;
    Ok(Running { name, begin, child })
}

impl Running {
    /// The id of its process.
    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Writes `input` to its standard input and waits for its end.
    pub async fn finish(mut self, input: &str) -> Result<Finished, Failure> {
        let name = self.name;
        let pipe = self.child.stdin.take();
        let ended = async {
            if let Some(mut pipe) = pipe {
                // It fails if the command ends without reading. The exit status then says why.
                let _ = pipe.write_all(input.as_bytes()).await;
            }
            self.child.wait_with_output().await
        };
        let output = timeout(TIME_LIMIT, ended).await;
        let output = output.map_err(|_| format!("{name} did not end within {TIME_LIMIT:?}"))??;
        let elapsed = self.begin.elapsed();
        if output.status.success() {
            return Ok(Finished { elapsed, output: String::from_utf8_lossy(&output.stdout).into_owned() });
        }
        let messages = [output.stdout, output.stderr].concat();
        Err(format!("{name}: {}: {}", output.status, String::from_utf8_lossy(&messages).trim()).into())
    }
}
