//! Runs rsync with its own daemon, over TCP.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::process::Child;
use tokio::time::sleep;

use super::relay::{Relay, Target};
use crate::{Failure, command};

const PROGRAM: &str = "rsync";
const START_ATTEMPTS: u32 = 100;

/// The cost of sending a file.
pub struct Sent {
    /// The time from the command's start to its end.
    pub elapsed: Duration,
    /// The bytes on the wire, both ways.
    pub size_bytes: u64,
}

/// A daemon with one module. It ends when this is dropped.
pub struct Rsync {
    _daemon: Child,
    address: SocketAddr,
    home: PathBuf,
}

impl Rsync {
    /// Starts the daemon on a free port. It writes to `folder`.
    pub async fn start(folder: &Path) -> Result<Self, Failure> {
        let received = folder.join("received");
        fs::create_dir(&received)?;
        let configuration = folder.join("rsyncd.conf");
        let [received, log] = [received, folder.join("rsyncd.log")].map(|path| path.display().to_string());
        // As root, it would otherwise write as the user `nobody`, who has no permission.
        let settings = format!(
            "use chroot = no\nuid = 0\ngid = 0\nlog file = {log}\n[data]\npath = {received}\nread only = no\n"
        );
        fs::write(&configuration, settings)?;
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?.local_addr()?;
        let mut daemon = command::isolated(Path::new(PROGRAM), folder);
        daemon.args(["--daemon", "--no-detach", "--address", "127.0.0.1"]);
        daemon.args(["--port", &address.port().to_string()]).arg("--config").arg(&configuration);
        daemon.stdin(Stdio::null()).kill_on_drop(true);
        let daemon = Self { _daemon: daemon.spawn()?, address, home: folder.to_owned() };
        daemon.wait_until_ready().await?;
        Ok(daemon)
    }

    /// Sends a file with rsync's defaults. It replaces the file that was sent before.
    pub async fn send(&self, local: &Path) -> Result<Sent, Failure> {
        let relay = Relay::start(Target::Server(self.address)).await?;
        let mut rsync = command::isolated(Path::new(PROGRAM), &self.home);
        rsync.arg(local).arg(format!("rsync://{}/data/file", relay.address()));
        let elapsed = command::run(rsync).await?.elapsed;
        Ok(Sent { elapsed, size_bytes: relay.finish().await?.values().sum() })
    }

    async fn wait_until_ready(&self) -> Result<(), Failure> {
        for _ in 0..START_ATTEMPTS {
            if TcpStream::connect(self.address).await.is_ok() {
                return Ok(());
            }
            sleep(Duration::from_millis(50)).await;
        }
        Err(format!("the rsync daemon does not answer at {}", self.address).into())
    }
}
