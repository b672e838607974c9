//! Defines the contenders that upload files.

use aws_credential_types::provider::ProvideCredentials as _;
use std::path::{Path, PathBuf};
use tokio::process::Command;

use super::data::Workload;
use crate::bench_stack::BenchStack;
use crate::{Failure, command, peers};

/// A command that uploads files to the landing bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contender {
    /// `sluice put --no-wait`: until the bytes are stored.
    SluiceStored,
    /// `sluice put`: until they are verified and the versions available.
    SluiceAvailable,
    Aws,
    S5cmd,
}

impl Contender {
    pub const ALL: [Self; 4] = [Self::SluiceStored, Self::SluiceAvailable, Self::Aws, Self::S5cmd];

    /// Whether it uploads through Sluice.
    pub fn is_sluice(self) -> bool {
        matches!(self, Self::SluiceStored | Self::SluiceAvailable)
    }

    /// The name of the table's row.
    pub fn name(self) -> &'static str {
        match self {
            Self::SluiceStored => "`sluice put --no-wait`, until stored",
            Self::SluiceAvailable => "`sluice put`, until verified and available",
            Self::Aws => "`aws s3 cp`",
            Self::S5cmd => "`s5cmd cp`",
        }
    }
}

/// The commands that do not use Sluice, and their configuration of its bucket.
pub struct Peers {
    bin_dir: PathBuf,
    home: PathBuf,
    endpoint: String,
    bucket: String,
    variables: Vec<(&'static str, String)>,
}

impl Peers {
    /// Installs the commands of the peers.
    pub async fn install(bench: &BenchStack) -> Result<Self, Failure> {
        let bin_dir = peers::install().await?;
        let bucket =
            bench.stack.output("LandingBucketName").ok_or("the stack has no landing bucket")?.to_owned();
        let home = bench.folder.path().join("peers");
        let endpoint = bench.stack.aws_endpoint();
        Ok(Self { bin_dir, home, endpoint, bucket, variables: variables(bench).await? })
    }

    /// `aws` with these arguments, not started yet.
    pub fn aws(&self, arguments: &[&str]) -> Command {
        self.command("aws", arguments)
    }

    /// `s5cmd` with these arguments, not started yet.
    pub fn s5cmd(&self, arguments: &[&str]) -> Command {
        self.command("s5cmd", arguments)
    }

    /// Copies a workload to a prefix of the landing bucket that causes no events.
    fn copy(&self, contender: Contender, workload: Workload, local: &Path, run: &str) -> Command {
        let target = self.target(run);
        if contender == Contender::S5cmd {
            let mut command = self.s5cmd(&["--log", "error", "cp"]);
            // s5cmd omits the folder's own name only if the path ends in a slash.
            command.arg(if workload.is_folder() { local.join("") } else { local.to_owned() }).arg(target);
            return command;
        }
        let mut command = self.aws(&["s3", "cp", "--only-show-errors"]);
        command.arg(local).arg(target).args(workload.is_folder().then_some("--recursive"));
        command
    }

    /// Checks that the bucket has the whole copied workload.
    pub async fn check(&self, workload: Workload, run: &str) -> Result<(), Failure> {
        let target = self.target(run);
        let listing = self.aws(&["s3", "ls", "--recursive", "--summarize", &target]);
        let listing = command::run(listing).await?.output;
        let total =
            |name: &str| listing.lines().find_map(|line| line.trim().strip_prefix(name)?.trim().parse().ok());
        let found = (total("Total Objects:"), total("Total Size:"));
        if found == (Some(u64::from(workload.file_count)), Some(workload.size_bytes())) {
            return Ok(());
        }
        Err(format!("{target} has {found:?} objects and bytes, not {}", workload.name()).into())
    }

    fn target(&self, run: &str) -> String {
        format!("s3://{}/benchmarks/{run}/", self.bucket)
    }

    fn command(&self, name: &str, arguments: &[&str]) -> Command {
        let mut command = command::isolated(&self.bin_dir.join(name), &self.home);
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command.args(["--endpoint-url", &self.endpoint]).args(arguments);
        command
    }
}

async fn variables(bench: &BenchStack) -> Result<Vec<(&'static str, String)>, Failure> {
    let config = bench.stack.sdk_config();
    let provider = config.credentials_provider().ok_or("the stack has no credentials")?;
    let credentials = provider.provide_credentials().await?;
    let region = config.region().ok_or("the stack has no region")?;
    Ok(vec![
        ("AWS_ACCESS_KEY_ID", credentials.access_key_id().to_owned()),
        ("AWS_SECRET_ACCESS_KEY", credentials.secret_access_key().to_owned()),
        ("AWS_REGION", region.to_string()),
        ("AWS_DEFAULT_REGION", region.to_string()),
        ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
    ])
}

/// The command that uploads a workload to the folder `run`, which must be new.
pub fn upload(
    contender: Contender,
    bench: &BenchStack,
    peers: &Peers,
    workload: Workload,
    local: &Path,
    run: &str,
) -> Command {
    match contender {
        Contender::SluiceAvailable => bench.put(local, run),
        Contender::SluiceStored => {
            let mut command = bench.put(local, run);
            command.arg("--no-wait");
            command
        }
        Contender::Aws | Contender::S5cmd => peers.copy(contender, workload, local, run),
    }
}
