//! The emulator's process.

mod dynoxide;
mod kind;
pub(crate) mod localstack;
mod ministack;

use std::{
    fs::{self, File},
    net::Ipv4Addr,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::{
    io::AsyncWriteExt as _,
    process::{Child, ChildStdin, Command},
    time::{Instant, sleep, timeout},
};

pub use kind::EmulatorKind;

use crate::{Error, Settings, ports};

pub(crate) const REGION: &str = "us-east-1";
/// The emulator's administrator; functions get sessions of their own roles.
pub(crate) const ACCESS_KEY: &str = "test";
pub(crate) const SECRET_KEY: &str = "test";

const START_SECONDS: u64 = 60;
const STOP_SECONDS: u64 = 15;
/// Between two looks at an emulator that was not started here, whose end nobody tells.
const LOOK_INTERVAL: Duration = Duration::from_secs(5);
/// The emulator sees the launcher's environment, and so may the functions. These would send their calls elsewhere.
const FOREIGN_VARIABLES: [&str; 13] = [
    "ALL_PROXY",
    "AWS_CA_BUNDLE",
    "AWS_CONFIG_FILE",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_DYNAMODB",
    "AWS_ENDPOINT_URL_S3",
    "AWS_ENDPOINT_URL_SQS",
    "AWS_PROFILE",
    "AWS_SESSION_TOKEN",
    "AWS_SHARED_CREDENTIALS_FILE",
    "HTTP_PROXY",
    "all_proxy",
    "http_proxy",
];

/// What an emulator is started with.
struct Launch<'a> {
    python: &'a Path,
    settings: &'a Settings,
    state_dir: &'a Path,
    port: u16,
    function_environment: &'a [(String, String)],
}

/// Installs what the emulator runs from, and returns its Python.
pub(crate) async fn install(settings: &Settings) -> Result<PathBuf, Error> {
    match settings.emulator {
        EmulatorKind::Ministack => ministack::install(settings).await,
        EmulatorKind::LocalStack => localstack::install(settings).await,
    }
}

/// A running emulator. One that was started here ends when this is dropped, or when this process ends in whatever way.
pub(crate) struct Emulator {
    pub(crate) port: u16,
    kind: EmulatorKind,
    /// None if it was not started here.
    child: Option<Child>,
    /// The emulator runs while this is open.
    input: Option<ChildStdin>,
    log: PathBuf,
}

impl Emulator {
    /// Starts it. The functions see `function_environment`.
    pub(crate) async fn start(
        python: &Path,
        settings: &Settings,
        function_environment: &[(String, String)],
    ) -> Result<Self, Error> {
        let port = choose_port(settings)?;
        let state_dir =
            std::path::absolute(&settings.state_dir).map_err(Error::io("finding the state folder"))?;
        forget_unfinished(&state_dir, settings)?;
        let temporary_dir = state_dir.join("tmp");
        fs::create_dir_all(&temporary_dir)
            .map_err(Error::io(format!("creating {}", temporary_dir.display())))?;
        let log = log_path(&state_dir);
        let log_file = File::create(&log).map_err(Error::io(format!("creating {}", log.display())))?;
        let error_file = log_file.try_clone().map_err(Error::io(format!("creating {}", log.display())))?;

        let mut command = Command::new(python);
        command.args(["-E", "-s", "-B", "-u"]).env("TMPDIR", &temporary_dir);
        for name in FOREIGN_VARIABLES {
            command.env_remove(name);
        }
        let launch = Launch { python, settings, state_dir: &state_dir, port, function_environment };
        match settings.emulator {
            EmulatorKind::Ministack => ministack::configure(&mut command, &launch),
            EmulatorKind::LocalStack => localstack::configure(&mut command, &launch)?,
        }
        // Its own process group: Ctrl-C reaches the launcher alone, which then ends all in order.
        command.process_group(0).stdin(Stdio::piped()).stdout(log_file).stderr(error_file);
        let mut child = command.spawn().map_err(Error::io("starting the emulator"))?;
        let input = child.stdin.take();
        let mut emulator = Self { port, kind: settings.emulator, child: Some(child), input, log };
        emulator.wait_until_ready().await?;
        Ok(emulator)
    }

    /// Waits for the one that somebody else has started.
    pub(crate) async fn attach(settings: &Settings) -> Result<Self, Error> {
        let (port, log) =
            (settings.aws_port.unwrap_or(Settings::AWS_PORT), PathBuf::from("the emulator's own"));
        let mut emulator = Self { port, kind: settings.emulator, child: None, input: None, log };
        emulator.wait_until_ready().await?;
        Ok(emulator)
    }

    pub(crate) fn endpoint(&self) -> String {
        endpoint(self.port)
    }

    pub(crate) fn log(&self) -> &Path {
        &self.log
    }

    /// Writes the state to disk, now and from now on after changes. Until then a start finds nothing to go on from.
    pub(crate) async fn save(&mut self) -> Result<(), Error> {
        match &mut self.input {
            Some(input) => input.write_all(b"save\n").await.map_err(Error::io("saving the emulator's state")),
            None => Ok(()),
        }
    }

    /// Waits for the emulator to end, which it does by itself only when something is wrong.
    pub(crate) async fn stopped(&mut self) -> Error {
        let Some(child) = &mut self.child else {
            return self.silent().await;
        };
        let status = child.wait().await;
        self.stopped_error(status.ok())
    }

    /// Waits until it does not answer any more, which a busy one may do once.
    async fn silent(&self) -> Error {
        let address = self.health_address();
        let client = match loopback_client() {
            Ok(client) => client,
            Err(error) => return error,
        };
        let mut last_answer = None;
        loop {
            sleep(LOOK_INTERVAL).await;
            last_answer = match (client.get(&address).send().await, last_answer) {
                (Ok(_), _) => None,
                (Err(error), None) => Some(error.to_string()),
                (Err(_), Some(last_answer)) => {
                    let (seconds, log) = (2 * LOOK_INTERVAL.as_secs(), self.log.clone());
                    return Error::NoAnswer { what: "the emulator", seconds, last_answer, log };
                }
            };
        }
    }

    pub(crate) async fn stop(mut self) {
        let Some(child) = &mut self.child else { return };
        let group = child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
        drop(self.input.take());
        let ended: Result<std::io::Result<ExitStatus>, _> =
            timeout(Duration::from_secs(STOP_SECONDS), child.wait()).await;
        if let (Err(_), Some(group)) = (ended, group) {
            let _ = kill_process_group(group, Signal::KILL);
        }
    }

    async fn wait_until_ready(&mut self) -> Result<(), Error> {
        let address = self.health_address();
        let client = loopback_client()?;
        let give_up = Instant::now() + Duration::from_secs(START_SECONDS);
        loop {
            if let Some(Ok(Some(status))) = self.child.as_mut().map(Child::try_wait) {
                return Err(self.stopped_error(Some(status)));
            }
            let last_answer = match client.get(&address).send().await {
                Ok(response) if response.status().is_success() => return Ok(()),
                Ok(response) => response.status().to_string(),
                Err(error) => error.to_string(),
            };
            if Instant::now() >= give_up {
                let log = self.log.clone();
                return Err(Error::NoAnswer {
                    what: "the emulator",
                    seconds: START_SECONDS,
                    last_answer,
                    log,
                });
            }
            sleep(Duration::from_millis(25)).await;
        }
    }

    fn health_address(&self) -> String {
        let health_path = match self.kind {
            EmulatorKind::Ministack => ministack::HEALTH_PATH,
            EmulatorKind::LocalStack => localstack::HEALTH_PATH,
        };
        format!("{}{health_path}", self.endpoint())
    }

    fn stopped_error(&self, status: Option<ExitStatus>) -> Error {
        let status = status.map_or_else(|| "lost".to_owned(), |status| status.to_string());
        let written = fs::read_to_string(&self.log).unwrap_or_default();
        let last_line =
            written.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("it wrote nothing").to_owned();
        Error::EmulatorStopped { status, last_line, log: self.log.clone() }
    }
}

/// The emulator's log.
pub(crate) fn log_path(state_dir: &Path) -> PathBuf {
    state_dir.join("emulator.log")
}

/// What the functions write, a line at a time and as they write it.
pub(crate) fn functions_log_path(state_dir: &Path) -> PathBuf {
    state_dir.join("functions.log")
}

/// A client that ignores the environment's proxies.
pub(crate) fn loopback_client() -> Result<reqwest::Client, Error> {
    let builder = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(10));
    builder.build().map_err(Error::call("making an HTTP client"))
}

/// The port that is asked for, if it is free, or any that is.
pub(crate) fn choose_port(settings: &Settings) -> Result<u16, Error> {
    let [port] = ports::choose(settings.aws_port, "--aws-port")?;
    Ok(port)
}

fn endpoint(port: u16) -> String {
    format!("http://{}:{port}", Ipv4Addr::LOCALHOST)
}

/// Clears away what will not be gone on from.
fn forget_unfinished(state_dir: &Path, settings: &Settings) -> Result<(), Error> {
    if settings.keep_state && settings.emulator.keeps_state() && ministack::has_state(state_dir) {
        return Ok(());
    }
    for leftover in ["filesystem", "objects", "services", "tmp"].map(|name| state_dir.join(name)) {
        if leftover.exists() {
            fs::remove_dir_all(&leftover).map_err(Error::io(format!("removing {}", leftover.display())))?;
        }
    }
    Ok(())
}
