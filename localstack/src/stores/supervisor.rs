//! The process that runs a store's daemons, and ends them when this process ends.

use std::{
    ffi::OsStr,
    fs::{self, File},
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
    time::timeout,
};

use super::StoreKind;
use crate::Error;

/// More than the supervisor's own grace, after which it kills.
const STOP_SECONDS: u64 = 10;
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/stores/supervise.py");
/// These would send a daemon's calls elsewhere, or configure it otherwise.
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

/// A running supervisor. It and its daemons end when this is dropped, or when this process ends in whatever way.
pub(super) struct Supervisor {
    kind: StoreKind,
    child: Child,
    group: u32,
    /// The daemons run while this is open.
    orders: Option<ChildStdin>,
    answers: Lines<BufReader<ChildStdout>>,
    log: PathBuf,
}

impl Supervisor {
    /// Starts a supervisor without daemons. These will run in the folder `dir`, with `variables`, and write to `log`.
    pub(super) fn start(
        kind: StoreKind,
        python: &Path,
        dir: &Path,
        log: PathBuf,
        variables: &[(&str, &str)],
    ) -> Result<Self, Error> {
        let log_file = File::create(&log).map_err(Error::io(format!("creating {}", log.display())))?;
        let mut command = Command::new(python);
        command.args(["-E", "-s", "-B", "-u", SCRIPT, grace_seconds(kind)]).current_dir(dir);
        for name in FOREIGN_VARIABLES {
            command.env_remove(name);
        }
        command.envs(variables.iter().copied());
        // Its own process group: Ctrl-C reaches the launcher alone, which then ends all in order.
        command.process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log_file);
        let starting = || format!("starting {} for {kind}", python.display());
        let mut child = command.spawn().map_err(Error::io(starting()))?;
        let lost =
            || Error::Call { action: "starting a store", reason: "the process has no pipes".to_owned() };
        let orders = Some(child.stdin.take().ok_or_else(lost)?);
        let answers = BufReader::new(child.stdout.take().ok_or_else(lost)?).lines();
        let group = child.id().ok_or_else(lost)?;
        Ok(Self { kind, child, group, orders, answers, log })
    }

    /// Starts a daemon, which must stay in the foreground: program and arguments.
    pub(super) async fn start_daemon(&mut self, command: &[&str]) -> Result<(), Error> {
        self.order(&[&["start"], command].concat()).await
    }

    /// Has files removed when all daemons have ended.
    pub(super) async fn remove_at_end(&mut self, paths: &[&str]) -> Result<(), Error> {
        self.order(&[&["remove at end"], paths].concat()).await
    }

    /// The process group of the supervisor and all daemons.
    pub(super) fn group(&self) -> u32 {
        self.group
    }

    pub(super) fn log(&self) -> &Path {
        &self.log
    }

    /// Why the daemons no longer run, when they do not.
    pub(super) fn ended(&mut self) -> Option<Error> {
        matches!(self.child.try_wait(), Ok(Some(_))).then(|| self.stopped_error())
    }

    /// Ends all daemons, and waits until they have ended.
    pub(super) async fn stop(mut self) {
        drop(self.orders.take());
        let ended = timeout(Duration::from_secs(STOP_SECONDS), self.child.wait()).await;
        if let (Err(_), Some(group)) = (ended, Pid::from_raw(self.group.cast_signed())) {
            let _ = kill_process_group(group, Signal::KILL);
            let _ = self.child.wait().await;
        }
    }

    async fn order(&mut self, words: &[&str]) -> Result<(), Error> {
        let line = format!("{}\n", serde_json::Value::from(words));
        let written = match &mut self.orders {
            Some(orders) => orders.write_all(line.as_bytes()).await.is_ok(),
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

/// How long the daemons have to end in order. A memory store has nothing to save; `SeaweedFS` would take 15 seconds.
fn grace_seconds(kind: StoreKind) -> &'static str {
    match kind {
        StoreKind::Ceph => "0",
        StoreKind::SeaweedFs | StoreKind::Minio => "3",
    }
}

/// Runs a command of a store to its end, in the folder `dir`, and returns what it wrote to standard output.
pub(super) async fn run(
    action: &'static str,
    dir: &Path,
    program: impl AsRef<OsStr>,
    arguments: &[&str],
) -> Result<String, Error> {
    const SECONDS: u64 = 60;
    let mut command = Command::new(program);
    command.args(arguments).current_dir(dir).stdin(Stdio::null()).kill_on_drop(true);
    for name in FOREIGN_VARIABLES {
        command.env_remove(name);
    }
    let ended = timeout(Duration::from_secs(SECONDS), command.output()).await;
    let failed = |reason| Error::Call { action, reason };
    let output =
        ended.map_err(|_| failed(format!("no end within {SECONDS} s")))?.map_err(Error::io(action))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let messages = String::from_utf8_lossy(&output.stderr);
    let last_line = messages.lines().rfind(|line| !line.trim().is_empty()).map(str::to_owned);
    Err(failed(last_line.unwrap_or_else(|| output.status.to_string())))
}
