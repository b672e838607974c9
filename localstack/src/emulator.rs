//! The emulator's process.

use std::{
    fs::{self, File},
    net::{Ipv4Addr, TcpListener},
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

use crate::{Error, Settings};

pub(crate) const REGION: &str = "us-east-1";
/// The emulator's administrator; functions get sessions of their own roles.
pub(crate) const ACCESS_KEY: &str = "test";
pub(crate) const SECRET_KEY: &str = "test";

const START_SECONDS: u64 = 60;
const STOP_SECONDS: u64 = 15;
/// Functions inherit the emulator's environment. These would send their calls elsewhere.
const FOREIGN_VARIABLES: [&str; 12] = [
    "ALL_PROXY",
    "AWS_CA_BUNDLE",
    "AWS_CONFIG_FILE",
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

/// A running emulator. It ends when this is dropped, or when this process ends in whatever way.
pub(crate) struct Emulator {
    pub(crate) port: u16,
    child: Child,
    /// The emulator runs while this is open.
    input: Option<ChildStdin>,
    log: PathBuf,
}

impl Emulator {
    /// Starts it. The functions inherit its environment, and so `environment`.
    pub(crate) async fn start(
        python: &Path,
        settings: &Settings,
        environment: &[(String, String)],
    ) -> Result<Self, Error> {
        let port = choose_port(settings.aws_port)?;
        let state_dir =
            std::path::absolute(&settings.state_dir).map_err(Error::io("finding the state folder"))?;
        forget_unfinished(&state_dir, settings.keep_state)?;
        let temporary_dir = state_dir.join("tmp");
        fs::create_dir_all(&temporary_dir)
            .map_err(Error::io(format!("creating {}", temporary_dir.display())))?;
        let log = log_path(&state_dir);
        let log_file = File::create(&log).map_err(Error::io(format!("creating {}", log.display())))?;
        let error_file = log_file.try_clone().map_err(Error::io(format!("creating {}", log.display())))?;

        let mut command = Command::new(python);
        command.args(["-E", "-s", "-B", "-u"]).arg(settings.emulator_source_dir().join("serve.py"));
        for name in FOREIGN_VARIABLES {
            command.env_remove(name);
        }
        command
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .env("GATEWAY_PORT", port.to_string())
            .env("BIND_HOST", Ipv4Addr::LOCALHOST.to_string())
            .env("AUTH", "true")
            .env("AWS_ENDPOINT_URL", endpoint(port))
            .env("AWS_ACCESS_KEY_ID", ACCESS_KEY)
            .env("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
            .env("AWS_REGION", REGION)
            .env("AWS_DEFAULT_REGION", REGION)
            .env("S3_PERSIST", "1")
            .env("S3_DATA_DIR", state_dir.join("objects"))
            .env("PERSIST_STATE", if settings.keep_state { "1" } else { "0" })
            .env("STATE_DIR", state_dir.join("services"))
            .env("FUNCTIONS_LOG", functions_log_path(&state_dir))
            .env("TMPDIR", &temporary_dir)
            .env("IOT_MTLS_ENABLED", "0");
        // Its own process group: Ctrl-C reaches the launcher alone, which then ends all in order.
        command.process_group(0).stdin(Stdio::piped()).stdout(log_file).stderr(error_file);
        let mut child = command.spawn().map_err(Error::io("starting the emulator"))?;
        let input = child.stdin.take();
        let mut emulator = Self { port, child, input, log };
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
        let status = self.child.wait().await;
        self.stopped_error(status.ok())
    }

    pub(crate) async fn stop(mut self) {
        let group = self.child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
        drop(self.input.take());
        let ended: Result<std::io::Result<ExitStatus>, _> =
            timeout(Duration::from_secs(STOP_SECONDS), self.child.wait()).await;
        if let (Err(_), Some(group)) = (ended, group) {
            let _ = kill_process_group(group, Signal::KILL);
        }
    }

    async fn wait_until_ready(&mut self) -> Result<(), Error> {
        let address = format!("{}/_ministack/health", self.endpoint());
        let client = loopback_client()?;
        let give_up = Instant::now() + Duration::from_secs(START_SECONDS);
        loop {
            if let Ok(Some(status)) = self.child.try_wait() {
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

/// Checks that the `wanted` port is free, or finds one that is.
pub(crate) fn choose_port(wanted: Option<u16>) -> Result<u16, Error> {
    let port = wanted.unwrap_or(0);
    let bound = TcpListener::bind((Ipv4Addr::LOCALHOST, port));
    let listener = bound.map_err(|_| Error::PortBusy { port, option: "--aws-port" })?;
    Ok(listener.local_addr().map_err(Error::io("finding a free port"))?.port())
}

fn endpoint(port: u16) -> String {
    format!("http://{}:{port}", Ipv4Addr::LOCALHOST)
}

/// State whose first deployment was never finished holds nothing of value, and may contradict itself: begin anew.
fn forget_unfinished(state_dir: &Path, keep_state: bool) -> Result<(), Error> {
    if keep_state && state_dir.join("services/saved").exists() {
        return Ok(());
    }
    for leftover in ["objects", "services", "tmp"].map(|name| state_dir.join(name)) {
        if leftover.exists() {
            fs::remove_dir_all(&leftover).map_err(Error::io(format!("removing {}", leftover.display())))?;
        }
    }
    Ok(())
}
