//! Runs rclone between the same two stores.

use std::path::PathBuf;
use tokio::process::Command;

use super::outcome::Outcome;
use super::stores::{PLAIN_BUCKET, Stores};
use crate::{Failure, command, peers, watched};

/// The command and its configuration of both stores.
pub struct Rclone {
    program: PathBuf,
    home: PathBuf,
    variables: Vec<(String, String)>,
}

impl Rclone {
    pub async fn install(stores: &Stores) -> Result<Self, Failure> {
        let ceph = &stores.ceph;
        let double = &stores.double;
        let source = [
            ("TYPE", "s3"),
            ("PROVIDER", "Ceph"),
            ("ENDPOINT", &ceph.endpoint()),
            ("REGION", ceph.region()),
            ("ACCESS_KEY_ID", ceph.access_key()),
            ("SECRET_ACCESS_KEY", ceph.secret_key()),
        ]
        .map(|(name, value)| (format!("RCLONE_CONFIG_SOURCE_{name}"), value.to_owned()));
        let target = [
            ("TYPE", "s3"),
            ("PROVIDER", "Alibaba"),
            ("ENDPOINT", &double.endpoint()),
            ("REGION", double.region()),
            ("FORCE_PATH_STYLE", "false"),
            ("NO_CHECK_BUCKET", "true"),
            ("ACCESS_KEY_ID", "oss-test"),
            ("SECRET_ACCESS_KEY", "oss-test-secret"),
        ]
        .map(|(name, value)| (format!("RCLONE_CONFIG_TARGET_{name}"), value.to_owned()));
        // rclone does not resolve names under `localhost`. The double serves as its proxy, because it only
        // looks at hosts. Loopback addresses such as the source's bypass the proxy.
        let proxy = [("HTTP_PROXY".to_owned(), format!("http://{}", double.address()))];
        Ok(Self {
            program: peers::install().await?.join("rclone"),
            home: stores.folder.path().join("rclone"),
            variables: source.into_iter().chain(target).chain(proxy).collect(),
        })
    }

    pub async fn version(&self) -> Result<String, Failure> {
        let printed = command::run(self.command(&["version"])).await?.output;
        Ok(printed.lines().next().unwrap_or_default().to_owned())
    }

    /// Copies the objects below `prefix` to a bucket of the double, and checks them.
    pub async fn migrate(&self, prefix: &str, bucket: &str) -> Result<Outcome, Failure> {
        let source = format!("source:{PLAIN_BUCKET}/{prefix}");
        let target = format!("target:{bucket}");
        let copied = watched::run(self.command(&["copy", &source, &target])).await?;
        let checked = watched::run(self.command(&["check", &source, &target])).await?;
        Ok(Outcome {
            elapsed: copied.elapsed + checked.elapsed,
            processor_seconds: copied.processor_seconds + checked.processor_seconds,
            peak_resident_kib: copied.peak_resident_kib.max(checked.peak_resident_kib),
        })
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = command::isolated(&self.program, &self.home);
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command.args(["--config", "/dev/null", "--log-level", "ERROR"]).args(arguments);
        command
    }
}
