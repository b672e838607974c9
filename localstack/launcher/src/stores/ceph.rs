//! Starts one node of Ceph without its manager: a monitor, an OSD and the gateway, all in the foreground.
//!
//! All commands run in the store's folder, and every path is relative to it. There are no admin sockets,
//! because their paths must be short.

use std::fs;
use std::net::Ipv4Addr;
use std::path::Path;
use std::time::Duration;

use tokio::net::TcpStream;

use super::launch::Launch;
use super::supervisor::{Supervisor, run};
use super::{StoreKind, install};
use crate::wait::{NotReady, Wait};
use crate::{Error, Keys, ports};

const MONITOR_TIMEOUT_SECONDS: u64 = 120;
const CONFIGURATION: &str = include_str!("../../../stores/ceph.conf");
/// Ceph's users: the entity, then pairs of daemon type and right.
const KEYS: [&[&str]; 4] = [
    &["-n", "mon.", "--cap", "mon", "allow *"],
    &["-n", "client.admin", "--cap", "mon", "allow *", "--cap", "osd", "allow *"],
    &["-n", "osd.0", "--cap", "mon", "allow profile osd", "--cap", "osd", "allow *"],
    &["-n", "client.rgw", "--cap", "mon", "allow rw", "--cap", "osd", "allow rwx"],
];

pub(super) async fn start(launch: &Launch) -> Result<(Supervisor, u16), Error> {
    install::ensure_ceph(StoreKind::Ceph.label(), launch.report).await?;
    launch.report_start(StoreKind::Ceph);
    let [port, monitor_port] = ports::choose(launch.port, "--store-port")?;
    let dir = launch.dir.as_path();
    recreate(dir)?;
    let cluster = random_uuid()?;
    let configuration = CONFIGURATION
        .replace("CLUSTER_ID", &cluster)
        .replace("MONITOR_PORT", &monitor_port.to_string())
        .replace("GATEWAY_PORT", &port.to_string());
    fs::write(dir.join("ceph.conf"), configuration).map_err(Error::io("writing ceph.conf"))?;

    // Debian's packages depend on `python3`, because the `ceph` command needs it.
    let variables = [("CEPH_CONF", "ceph.conf")];
    let mut supervisor =
        Supervisor::start(StoreKind::Ceph, Path::new("python3"), dir, launch.log.clone(), &variables)?;
    start_monitor(dir, &mut supervisor, &cluster, monitor_port).await?;
    start_osd(dir, &mut supervisor).await?;
    supervisor.start_daemon(&["radosgw", "-f", "-n", "client.rgw"]).await?;
    create_user(dir, &launch.keys).await?;
    Ok((supervisor, port))
}

async fn start_monitor(
    dir: &Path,
    supervisor: &mut Supervisor,
    cluster: &str,
    port: u16,
) -> Result<(), Error> {
    let action = "making Ceph's keys";
    run(action, dir, "ceph-authtool", &["-C", "keyring"]).await?;
    for key in KEYS {
        run(action, dir, "ceph-authtool", &[&["keyring", "--gen-key"], key].concat()).await?;
    }
    let address = format!("[v1:127.0.0.1:{port}]");
    let map = ["--create", "--fsid", cluster, "--addv", "a", &address, "monmap"];
    run("making Ceph's monitor map", dir, "monmaptool", &map).await?;
    let make = ["-c", "ceph.conf", "--mkfs", "-i", "a", "--monmap", "monmap", "--keyring", "keyring"];
    run("making Ceph's monitor", dir, "ceph-mon", &make).await?;
    supervisor.start_daemon(&["ceph-mon", "-f", "-i", "a"]).await?;
    wait_for_port(supervisor, port).await
}

/// Waits until the monitor listens. A client that comes earlier waits for seconds before it tries again.
async fn wait_for_port(supervisor: &mut Supervisor, port: u16) -> Result<(), Error> {
    let wait = Wait {
        what: "Ceph's monitor",
        timeout_seconds: MONITOR_TIMEOUT_SECONDS,
        pause: Duration::from_millis(10),
        log: supervisor.log().to_owned(),
    };
    wait.until_ready(async || {
        if let Some(error) = supervisor.ended() {
            return Err(NotReady::Ever(error));
        }
        let connected = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await;
        connected.map(drop).map_err(|error| NotReady::Yet(error.to_string()))
    })
    .await
}

async fn start_osd(dir: &Path, supervisor: &mut Supervisor) -> Result<(), Error> {
    let id = random_uuid()?;
    let register = ["-c", "ceph.conf", "--connect-timeout", "120", "osd", "new", &id];
    run("registering Ceph's OSD", dir, "ceph", &register).await?;
    let make = ["-c", "ceph.conf", "-i", "0", "--mkfs", "--osd-uuid", &id];
    run("making Ceph's OSD", dir, "ceph-osd", &make).await?;
    supervisor.start_daemon(&["ceph-osd", "-f", "-i", "0"]).await
}

async fn create_user(dir: &Path, keys: &Keys) -> Result<(), Error> {
    let access_key = format!("--access-key={}", keys.access_key);
    let secret_key = format!("--secret-key={}", keys.secret_key);
    let user = [
        "-c",
        "ceph.conf",
        "user",
        "create",
        "--uid=sluice",
        "--display-name=sluice",
        &access_key,
        &secret_key,
    ];
    run("creating Ceph's user", dir, "radosgw-admin", &user).await.map(drop)
}

/// Empties the folder. The OSD keeps its data in memory, so the files of an earlier cluster are useless.
fn recreate(dir: &Path) -> Result<(), Error> {
    fs::remove_dir_all(dir).map_err(Error::io(format!("removing {}", dir.display())))?;
    for folder in ["mon", "osd", "run"].map(|name| dir.join(name)) {
        fs::create_dir_all(&folder).map_err(Error::io(format!("creating {}", folder.display())))?;
    }
    Ok(())
}

fn random_uuid() -> Result<String, Error> {
    let read = fs::read_to_string("/proc/sys/kernel/random/uuid");
    Ok(read.map_err(Error::io("making a random identifier"))?.trim().to_owned())
}
