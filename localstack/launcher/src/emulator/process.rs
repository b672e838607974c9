//! Starts, watches and stops the emulator's process.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::AsyncWriteExt as _;
use tokio::process::{Child, ChildStdin, Command};
use tokio::time::{sleep, timeout};

use super::launch::{Launch, endpoint, log_path};
use super::{localstack, ministack};
use crate::wait::{NotReady, Wait};
use crate::{EmulatorKind, Error, Settings, ports};

/// `LocalStack` takes half a minute on a quiet machine. An emulator that ends is reported at once.
const START_TIMEOUT_SECONDS: u64 = 300;
const ATTACH_TIMEOUT_SECONDS: u64 = 60;
const STOP_TIMEOUT_SECONDS: u64 = 15;
/// How often an emulator that was not started here is asked whether it still runs.
const HEALTH_CHECK_INTERVAL: Duration = Duration::from_secs(5);
/// Settings of glibc: keep freed buffers of up to 512 MiB. By default each goes back to the kernel, which
/// clears the memory of the next one; that took a fifth of the emulator's processor time.
const ALLOCATION: [(&str, &str); 2] =
    [("MALLOC_MMAP_THRESHOLD_", "536870912"), ("MALLOC_TRIM_THRESHOLD_", "536870912")];
/// The emulator inherits the launcher's environment, and so may the functions. These would redirect their
/// calls.
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

/// Installs what the emulator needs and returns its Python.
pub(crate) async fn install(settings: &Settings) -> Result<PathBuf, Error> {
    match settings.emulator {
        EmulatorKind::Ministack => ministack::install(settings).await,
        EmulatorKind::LocalStack => localstack::install(settings).await,
    }
}

/// A running emulator. If it was started here, it ends when this is dropped or when this process ends,
/// however it ends.
pub(crate) struct Emulator {
    port: u16,
    /// The port of what stands in front of it, or its own.
    pub(crate) client_port: u16,
    kind: EmulatorKind,
    /// `None` if it was not started here.
    child: Option<Child>,
    /// The emulator runs until this is closed.
    input: Option<ChildStdin>,
    log: PathBuf,
}

impl Emulator {
    /// Starts the emulator and waits until it is ready. The functions see `function_environment`, and pages
    /// of `origins` may use presigned URLs.
    pub(crate) async fn start(
        python: &Path,
        settings: &Settings,
        function_environment: &[(String, String)],
        origins: &[String],
    ) -> Result<Self, Error> {
        let port = choose_port(settings)?;
        let state_dir =
            std::path::absolute(&settings.state_dir).map_err(Error::io("finding the state folder"))?;
        remove_unusable_state(&state_dir, settings)?;
        let temporary_dir = state_dir.join("tmp");
        fs::create_dir_all(&temporary_dir)
            .map_err(Error::io(format!("creating {}", temporary_dir.display())))?;
        let log = log_path(&state_dir);
        let log_file = File::create(&log).map_err(Error::io(format!("creating {}", log.display())))?;
        let error_file = log_file.try_clone().map_err(Error::io(format!("creating {}", log.display())))?;

        let mut command = Command::new(python);
        command.args(["-E", "-s", "-B", "-u"]).env("TMPDIR", &temporary_dir).envs(ALLOCATION);
        for name in FOREIGN_VARIABLES {
            command.env_remove(name);
        }
        let launch = Launch { python, settings, state_dir: &state_dir, port, function_environment, origins };
        match settings.emulator {
            EmulatorKind::Ministack => ministack::configure(&mut command, &launch),
            EmulatorKind::LocalStack => localstack::configure(&mut command, &launch)?,
        }
        // Its own process group: Ctrl-C reaches only the launcher, which then stops everything in order.
        command.process_group(0).stdin(Stdio::piped()).stdout(log_file).stderr(error_file);
        let mut child = command.spawn().map_err(Error::io("starting the emulator"))?;
        let input = child.stdin.take();
        let client_port = settings.front_port.unwrap_or(port);
        let mut emulator =
            Self { port, client_port, kind: settings.emulator, child: Some(child), input, log };
        emulator.wait_until_ready().await?;
        Ok(emulator)
    }

    /// Waits for an emulator that was started elsewhere.
    pub(crate) async fn attach(settings: &Settings) -> Result<Self, Error> {
        let port = settings.aws_port.unwrap_or(Settings::AWS_PORT);
        let mut emulator = Self {
            port,
            client_port: settings.front_port.unwrap_or(port),
            kind: settings.emulator,
            child: None,
            input: None,
            log: PathBuf::from("the emulator's own"),
        };
        emulator.wait_until_ready().await?;
        Ok(emulator)
    }

    /// The address for clients.
    pub(crate) fn endpoint(&self) -> String {
        endpoint(self.client_port)
    }

    pub(crate) fn log(&self) -> &Path {
        &self.log
    }

    /// Saves the state to disk now, and from now on after every change. Without this call the next start
    /// begins empty.
    pub(crate) async fn save(&mut self) -> Result<(), Error> {
        match &mut self.input {
            Some(input) => input.write_all(b"save\n").await.map_err(Error::io("saving the emulator's state")),
            None => Ok(()),
        }
    }

    /// Waits for the emulator to stop. It stops by itself only when something is wrong.
    pub(crate) async fn stopped(&mut self) -> Error {
        let Some(child) = &mut self.child else {
            return self.stopped_answering().await;
        };
        let status = child.wait().await;
        self.stopped_error(status.ok())
    }

    /// Waits until the emulator fails to answer twice in a row. A busy one may miss one health check.
    async fn stopped_answering(&self) -> Error {
        let address = self.health_address();
        let client = match loopback_client() {
            Ok(client) => client,
            Err(error) => return error,
        };
        let mut last_answer = None;
        loop {
            sleep(HEALTH_CHECK_INTERVAL).await;
            last_answer = match (client.get(&address).send().await, last_answer) {
                (Ok(_), _) => None,
                (Err(error), None) => Some(error.to_string()),
                (Err(_), Some(last_answer)) => {
                    return Error::NoAnswer {
                        what: "the emulator",
                        seconds: 2 * HEALTH_CHECK_INTERVAL.as_secs(),
                        last_answer,
                        log: self.log.clone(),
                    };
                }
            };
        }
    }

    pub(crate) async fn stop(mut self) {
        let Some(child) = &mut self.child else { return };
        let group = child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
        drop(self.input.take());
        let ended: Result<std::io::Result<ExitStatus>, _> =
            timeout(Duration::from_secs(STOP_TIMEOUT_SECONDS), child.wait()).await;
        if let (Err(_), Some(group)) = (ended, group) {
            let _ = kill_process_group(group, Signal::KILL);
        }
    }

    async fn wait_until_ready(&mut self) -> Result<(), Error> {
        let address = self.health_address();
        let client = loopback_client()?;
        let wait = Wait {
            what: "the emulator",
            timeout_seconds: if self.child.is_some() {
                START_TIMEOUT_SECONDS
            } else {
                ATTACH_TIMEOUT_SECONDS
            },
            pause: Duration::from_millis(25),
            log: self.log.clone(),
        };
        wait.until_ready(async || {
            if let Some(Ok(Some(status))) = self.child.as_mut().map(Child::try_wait) {
                return Err(NotReady::Ever(self.stopped_error(Some(status))));
            }
            match client.get(&address).send().await {
                Ok(response) if response.status().is_success() => Ok(()),
                Ok(response) => Err(NotReady::Yet(response.status().to_string())),
                Err(error) => Err(NotReady::Yet(error.to_string())),
            }
        })
        .await
    }

    fn health_address(&self) -> String {
        let health_path = match self.kind {
            EmulatorKind::Ministack => ministack::HEALTH_PATH,
            EmulatorKind::LocalStack => localstack::HEALTH_PATH,
        };
        format!("{}{health_path}", endpoint(self.port))
    }

    fn stopped_error(&self, status: Option<ExitStatus>) -> Error {
        let status = status.map_or_else(|| "lost".to_owned(), |status| status.to_string());
        let written = fs::read_to_string(&self.log).unwrap_or_default();
        let last_line =
            written.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("it wrote nothing").to_owned();
        Error::EmulatorStopped { status, last_line, log: self.log.clone() }
    }
}

/// An HTTP client that ignores the environment's proxies.
pub(crate) fn loopback_client() -> Result<reqwest::Client, Error> {
    let builder = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(10));
    builder.build().map_err(Error::call("making an HTTP client"))
}

/// Returns the port of the settings if it is free, or any free port if they name none.
pub(crate) fn choose_port(settings: &Settings) -> Result<u16, Error> {
    let [port] = ports::choose(settings.aws_port, "--aws-port")?;
    Ok(port)
}

/// Removes the state of an earlier run, unless this run continues from it.
fn remove_unusable_state(state_dir: &Path, settings: &Settings) -> Result<(), Error> {
    if settings.keep_state && settings.emulator.keeps_state() && ministack::has_state(state_dir) {
        return Ok(());
    }
    for folder in ["filesystem", "objects", "services", "tmp"].map(|name| state_dir.join(name)) {
        if folder.exists() {
            fs::remove_dir_all(&folder).map_err(Error::io(format!("removing {}", folder.display())))?;
        }
    }
    Ok(())
}
