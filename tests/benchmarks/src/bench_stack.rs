//! Starts a stack with a user for one measurement.

use sluice_localstack::{Build, Settings, Stack};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;
use tokio::process::Command;
use tokio::time::{Instant, sleep};

use crate::{Failure, builds, command};

const USERNAME: &str = "benchmark";
/// No secret: the account lives only as long as the measurement.
const PASSWORD: &str = "benchmark-password";
const IDLE_TIMEOUT: Duration = Duration::from_mins(15);

/// A stack with ports and a folder of its own, and a logged-in `sluice` command.
pub struct BenchStack {
    pub stack: Stack,
    /// Contains the state and other temporary files.
    pub folder: TempDir,
    sluice: PathBuf,
}

impl BenchStack {
    /// Starts a stack with functions built as `builds` says.
    pub async fn start(builds: &builds::BuildOptions) -> Result<Self, Failure> {
        let (settings, folder) = Self::settings(builds).await?;
        Self::of(Stack::start(settings).await?, folder, builds.sluice().await?).await
    }

    /// The settings of a stack that keeps its state in the folder.
    pub async fn settings(builds: &builds::BuildOptions) -> Result<(Settings, TempDir), Failure> {
        let functions = builds.functions().await?;
        let executables_dir = functions.values().find_map(|path| path.parent()).ok_or("no functions")?;
        let folder = tempfile::tempdir()?;
        let mut settings = Settings::new(folder.path().join("state"));
        settings.build = Build::Ready(executables_dir.to_owned());
        settings.report = |step| eprintln!("· {step}");
        Ok((settings, folder))
    }

    /// Registers the user on a running stack.
    pub async fn of(stack: Stack, folder: TempDir, sluice: PathBuf) -> Result<Self, Failure> {
        let bench = Self { stack, folder, sluice };
        let register = bench.sluice(&["register", USERNAME, "--password-stdin"]);
        command::run_with_input(register, PASSWORD).await?;
        Ok(bench)
    }

    /// The `sluice` command with these arguments, not started yet.
    pub fn sluice(&self, arguments: &[&str]) -> Command {
        let home = self.folder.path().join("home");
        let mut command = command::isolated(&self.sluice, &home);
        command.env("SLUICE_API_URL", self.stack.api_url()).env("SLUICE_HOME", home).args(arguments);
        command
    }

    /// `sluice put` of a file or folder into the folder `remote`, not started yet.
    pub fn put(&self, local: &Path, remote: &str) -> Command {
        let mut command = self.sluice(&["put", "--quiet", "--to", &format!("{remote}/")]);
        command.arg(local);
        command
    }

    /// Waits until all uploads are finished, so that the next measurement has the machine to itself.
    pub async fn wait_until_idle(&self) -> Result<(), Failure> {
        let deadline = Instant::now() + IDLE_TIMEOUT;
        loop {
            let unfinished = command::run(self.sluice(&["uploads", "--json"])).await?.output;
            if unfinished.is_empty() {
                return Ok(());
            }
            if Instant::now() >= deadline {
                let count = unfinished.lines().count();
                return Err(format!("{count} uploads are unfinished after {IDLE_TIMEOUT:?}").into());
            }
            sleep(Duration::from_secs(1)).await;
        }
    }

    pub async fn shutdown(self) {
        self.stack.shutdown().await;
    }
}
