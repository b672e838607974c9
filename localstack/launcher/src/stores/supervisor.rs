//! Starts the process that runs a store's daemons and stops them when this process ends.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

use super::StoreKind;
use crate::Error;

/// Longer than the supervisor itself waits before it kills a daemon.
const STOP_TIMEOUT_SECONDS: u64 = 10;
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../stores/supervise.py");
/// These would redirect a daemon's calls or change its configuration.
const FOREIGN_VARIABLES: [&str; 9] = [
    "ALL_PROXY",
    "CEPH_ARGS",
    "CEPH_KEYRING",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "all_proxy",
    "http_proxy",
    "https_proxy",
    "MINIO_BROWSER_REDIRECT_URL",
];

/// A running supervisor. It and its daemons end when this is dropped or when this process ends, however it
/// ends.
pub(super) struct Supervisor {
    kind: StoreKind,
    child: Child,
    group: u32,
    /// The daemons run until this is closed.
    commands: Option<ChildStdin>,
    answers: Lines<BufReader<ChildStdout>>,
    log: PathBuf,
}

impl Supervisor {
    /// Starts a supervisor without daemons. Its daemons will run in the folder `dir` with `variables`, and
    /// write to `log`.
    pub(super) fn start(
        kind: StoreKind,
        python: &Path,
        dir: &Path,
        log: PathBuf,
        variables: &[(&str, &str)],
    ) -> Result<Self, Error> {
        let log_file = File::create(&log).map_err(Error::io(format!("creating {}", log.display())))?;
        let mut command = Command::new(python);
        command.args(["-E", "-s", "-B", "-u", SCRIPT, daemon_stop_seconds(kind)]).current_dir(dir);
        for name in FOREIGN_VARIABLES {
            command.env_remove(name);
        }
        command.envs(variables.iter().copied());
        // Its own process group: Ctrl-C reaches only the launcher, which then stops everything in order.
        command.process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log_file);
        let starting = || format!("starting {} for {kind}", python.display());
        let mut child = command.spawn().map_err(Error::io(starting()))?;
        let lost =
            || Error::Call { action: "starting a store", reason: "the process has no pipes".to_owned() };
        let commands = Some(child.stdin.take().ok_or_else(lost)?);
        let answers = BufReader::new(child.stdout.take().ok_or_else(lost)?).lines();
        let group = child.id().ok_or_else(lost)?;
        Ok(Self { kind, child, group, commands, answers, log })
    }

    /// Starts a daemon, given as program and arguments. It must stay in the foreground.
    pub(super) async fn start_daemon(&mut self, command: &[&str]) -> Result<(), Error> {
        self.send(&[&["start"], command].concat()).await
    }

    /// Registers files to remove after all daemons have ended.
    pub(super) async fn remove_at_end(&mut self, paths: &[&str]) -> Result<(), Error> {
        self.send(&[&["remove at end"], paths].concat()).await
    }

    /// The process group of the supervisor and all daemons.
    pub(super) fn group(&self) -> u32 {
        self.group
    }

    pub(super) fn log(&self) -> &Path {
        &self.log
    }

    /// Returns why the daemons have ended, if they have.
    pub(super) fn ended(&mut self) -> Option<Error> {
        matches!(self.child.try_wait(), Ok(Some(_))).then(|| self.stopped_error())
    }

    /// Stops all daemons and waits until they have ended.
    pub(super) async fn stop(mut self) {
        drop(self.commands.take());
        let ended = timeout(Duration::from_secs(STOP_TIMEOUT_SECONDS), self.child.wait()).await;
        if let (Err(_), Some(group)) = (ended, Pid::from_raw(self.group.cast_signed())) {
            let _ = kill_process_group(group, Signal::KILL);
            let _ = self.child.wait().await;
        }
    }

    async fn send(&mut self, words: &[&str]) -> Result<(), Error> {
        let line = format!("{}\n", serde_json::Value::from(words));
        let written = match &mut self.commands {
            Some(commands) => commands.write_all(line.as_bytes()).await.is_ok(),
            None => false,
        };
        let answer = if written { self.answers.next_line().await.ok().flatten() } else { None };
        match answer.as_deref() {
            Some("ok") => Ok(()),
            Some(reason) => Err(Error::Call { action: "starting a store", reason: reason.to_owned() }),
            None => Err(self.stopped_error()),
        }
    }

    fn stopped_error(&self) -> Error {
        let written = fs::read(&self.log).unwrap_or_default();
        let written = String::from_utf8_lossy(&written);
        let last_line = written.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("it wrote nothing");
        Error::StoreStopped {
            store: self.kind.label(),
            last_line: last_line.to_owned(),
            log: self.log.clone(),
        }
    }
}

/// How long the daemons may take to stop before they are killed. A memory store has nothing to save;
/// `SeaweedFS` would take 15 seconds.
fn daemon_stop_seconds(kind: StoreKind) -> &'static str {
    match kind {
        StoreKind::Ceph => "0",
        StoreKind::SeaweedFs | StoreKind::Minio => "3",
    }
}

/// Runs a command of a store in the folder `dir` to its end, and returns its standard output.
pub(super) async fn run(
    action: &'static str,
    dir: &Path,
    program: impl AsRef<OsStr>,
    arguments: &[&str],
) -> Result<String, Error> {
    const TIMEOUT_SECONDS: u64 = 300;
    let mut command = Command::new(program);
    command.args(arguments).current_dir(dir).stdin(Stdio::null()).kill_on_drop(true);
    for name in FOREIGN_VARIABLES {
        command.env_remove(name);
    }
    let ended = timeout(Duration::from_secs(TIMEOUT_SECONDS), command.output()).await;
    let failed = |reason| Error::Call { action, reason };
    let output = ended
        .map_err(|_| failed(format!("not finished within {TIMEOUT_SECONDS} s")))?
        .map_err(Error::io(action))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let messages = String::from_utf8_lossy(&output.stderr);
    let last_line = messages.lines().rfind(|line| !line.trim().is_empty()).map(str::to_owned);
    Err(failed(last_line.unwrap_or_else(|| output.status.to_string())))
}
