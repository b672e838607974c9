//! Running commands, none of them for ever.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;
use tokio::process::{Child, Command};
use tokio::time::{Instant, timeout};

use crate::Failure;

/// No single command may take longer.
const TIME_LIMIT: Duration = Duration::from_mins(15);

/// A command that has ended well.
#[derive(Debug)]
pub struct Finished {
    /// From before it was started until its end was seen.
    pub elapsed: Duration,
    /// What it printed.
    pub output: String,
}

/// A command that runs, and ends when this is dropped.
#[derive(Debug)]
pub struct Running {
    name: String,
    begin: Instant,
    child: Child,
}

/// A command that inherits nothing that could change what it does.
pub fn isolated(program: &Path, home: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin").env("HOME", home);
    command
}

/// Runs a command to its end.
pub async fn run(command: Command) -> Result<Finished, Failure> {
    run_with_input(command, "").await
}

/// Runs a command that reads `input`.
pub async fn run_with_input(command: Command, input: &str) -> Result<Finished, Failure> {
    start(command)?.finish(input).await
}

/// Starts a command.
pub fn start(mut command: Command) -> Result<Running, Failure> {
    let name = command.as_std().get_program().to_string_lossy().into_owned();
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let begin = Instant::now();
    let child = command.spawn().map_err(|error| format!("{name}: {error}"))?;
    Ok(Running { name, begin, child })
}

impl Running {
    /// The number of its process.
    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Lets it read `input`, and waits for its end.
    pub async fn finish(mut self, input: &str) -> Result<Finished, Failure> {
        let name = self.name;
        let pipe = self.child.stdin.take();
        let ended = async {
            if let Some(mut pipe) = pipe {
                // A command that ends without reading says why by its status.
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
