//! Starts `SeaweedFS` as one process.

use std::fs;

use super::launch::Launch;
use super::supervisor::Supervisor;
use super::{StoreKind, install};
use crate::{Error, Keys, ports};

/// Each of its servers listens on one port for HTTP and one for gRPC.
const PORT_OPTIONS: [&str; 8] = [
    "-s3.port",
    "-s3.port.grpc",
    "-master.port",
    "-master.port.grpc",
    "-volume.port",
    "-volume.port.grpc",
    "-filer.port",
    "-filer.port.grpc",
];
const OPTIONS: [&str; 15] = [
    "server",
    "-dir=data",
    "-ip=127.0.0.1",
    "-ip.bind=127.0.0.1",
    "-master.telemetry=false",
    "-master.volumeSizeLimitMB=256",
    "-volume.max=500",
    "-volume.preStopSeconds=0",
    "-filer",
    "-filer.localSocket=filer.sock",
    "-s3",
    "-s3.localSocket=s3.sock",
    "-s3.config=s3.json",
    // These would listen on fixed ports.
    "-s3.port.iceberg=0",
    "-s3.port.lance=0",
];

pub(super) async fn start(launch: &Launch) -> Result<(Supervisor, u16), Error> {
    let binaries = install::ensure_binaries(launch.report).await?;
    launch.report_start(StoreKind::SeaweedFs);
    let ports: [u16; 8] = ports::choose(launch.port, "--store-port")?;
    let dir = launch.dir.as_path();
    fs::create_dir_all(dir.join("data")).map_err(Error::io("creating a folder for SeaweedFS"))?;
    fs::write(dir.join("s3.json"), identities(&launch.keys).to_string())
        .map_err(Error::io("writing s3.json"))?;

    let python = binaries.join("python");
    let mut supervisor = Supervisor::start(StoreKind::SeaweedFs, &python, dir, launch.log.clone(), &[])?;
    supervisor.remove_at_end(&socket_paths(&ports).each_ref().map(String::as_str)).await?;
    let program = binaries.join("weed").display().to_string();
    let options: Vec<_> =
        PORT_OPTIONS.iter().zip(&ports).map(|(option, port)| format!("{option}={port}")).collect();
    let mut command = vec![program.as_str()];
    command.extend(OPTIONS);
    command.extend(options.iter().map(String::as_str));
    supervisor.start_daemon(&command).await?;
    Ok((supervisor, ports[0]))
}

/// Sockets that cannot be configured and that a killed server does not remove.
fn socket_paths(ports: &[u16; 8]) -> [String; 4] {
    let socket = |part: &str, port: u16| format!("/tmp/seaweedfs-{part}-grpc-{port}.sock");
    [
        socket("s3", ports[1]),
        socket("master", ports[3]),
        socket("volume", ports[5]),
        socket("filer", ports[7]),
    ]
}

fn identities(keys: &Keys) -> serde_json::Value {
    serde_json::json!({
        "identities": [{
            "name": "sluice",
            "credentials": [{ "accessKey": keys.access_key, "secretKey": keys.secret_key }],
            "actions": ["Admin", "Read", "Write", "List", "Tagging"],
        }],
    })
}
