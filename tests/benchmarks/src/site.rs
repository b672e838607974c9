//! A stack with a user on it, for one measurement.

use sluice_localstack::{Build, Settings, Stack};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;
use tokio::process::Command;
use tokio::time::{Instant, sleep};

use crate::{Failure, builds, command};

const USERNAME: &str = "benchmark";
/// Known to all: the account lives as long as the measurement.
const PASSWORD: &str = "benchmark-password";
const IDLE_LIMIT: Duration = Duration::from_mins(15);

/// A stack on ports and in a folder of its own, and the `sluice` command, logged in.
pub struct Site {
    /// The stack.
    pub stack: Stack,
    /// Holds the state, and whatever else should be gone in the end.
    pub folder: TempDir,
    sluice: PathBuf,
}

impl Site {
    /// Brings it up with functions built as `builds` says.
    pub async fn start(builds: &builds::BuildOptions) -> Result<Self, Failure> {
        let (settings, folder) = Self::settings(builds).await?;
        Self::of(Stack::start(settings).await?, folder, builds.sluice().await?).await
    }

    /// What a stack is started with that keeps its state in the folder.
    pub async fn settings(builds: &builds::BuildOptions) -> Result<(Settings, TempDir), Failure> {
        let functions = builds.functions().await?;
        let executables_dir = functions.values().find_map(|path| path.parent()).ok_or("no functions")?;
        let folder = tempfile::tempdir()?;
        let mut settings = Settings::new(folder.path().join("state"));
        settings.build = Build::Ready(executables_dir.to_owned());
        settings.report = |step| eprintln!("· {step}");
        Ok((settings, folder))
    }

    /// A stack that is up.
    pub async fn of(stack: Stack, folder: TempDir, sluice: PathBuf) -> Result<Self, Failure> {
        let site = Self { stack, folder, sluice };
        let register = site.sluice(&["register", USERNAME, "--password-stdin"]);
        command::run_with_input(register, PASSWORD).await?;
        Ok(site)
    }

    /// The `sluice` command with these arguments.
    pub fn sluice(&self, arguments: &[&str]) -> Command {
        let home = self.folder.path().join("home");
        let mut command = command::isolated(&self.sluice, &home);
        command.env("SLUICE_API_URL", self.stack.api_url()).env("SLUICE_HOME", home).args(arguments);
        command
    }

    /// `sluice put` of a file or folder, into the folder `remote`.
    pub fn put(&self, local: &Path, remote: &str) -> Command {
        let mut command = self.sluice(&["put", "--quiet", "--to", &format!("{remote}/")]);
        command.arg(local);
        command
    }

    /// Waits until no upload is unfinished any more, so that the next measurement has the machine to itself.
    pub async fn wait_until_idle(&self) -> Result<(), Failure> {
        let give_up = Instant::now() + IDLE_LIMIT;
        loop {
            let unfinished = command::run(self.sluice(&["uploads", "--json"])).await?.output;
            if unfinished.is_empty() {
                return Ok(());
            }
            if Instant::now() >= give_up {
                let count = unfinished.lines().count();
                return Err(format!("{count} uploads are unfinished after {IDLE_LIMIT:?}").into());
            }
            sleep(Duration::from_secs(1)).await;
        }
    }

    /// Ends it.
    pub async fn shutdown(self) {
        self.stack.shutdown().await;
    }
}
