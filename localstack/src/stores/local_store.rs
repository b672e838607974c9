use std::{
    fs,
    net::Ipv4Addr,
    path::{Path, PathBuf},
    time::Duration,
};

use aws_config::{BehaviorVersion, Region, SdkConfig, retry::RetryConfig};
use aws_sdk_s3::{
    Client,
    config::{Builder, Credentials, RequestChecksumCalculation, ResponseChecksumValidation},
    error::DisplayErrorContext,
};
use tokio::time::{Instant, sleep, timeout};

use super::{
    StoreKind, StoreSettings, WebhookSettings, ceph, minio, notification, seaweedfs, supervisor::Supervisor,
};
use crate::Error;

pub(super) const REGION: &str = "us-east-1";
pub(crate) const ACCESS_KEY: &str = "sluicelocal";
pub(crate) const SECRET_KEY: &str = "sluicelocalsecret";

const START_SECONDS: u64 = 60;
const ANSWER_SECONDS: u64 = 5;

/// What a kind of store needs to start.
pub(super) struct Launch {
    pub(super) dir: PathBuf,
    pub(super) log: PathBuf,
    /// For events that are not delivered yet.
    pub(super) event_dir: String,
    pub(super) port: Option<u16>,
    pub(super) webhook: Option<WebhookSettings>,
    pub(super) report: fn(&str),
}

impl Launch {
    /// Says that everything is installed.
    pub(super) fn announce(&self, kind: StoreKind) {
        (self.report)(&format!("starting {}", kind.label()));
    }
}

/// A running S3 store. It ends when this is dropped; [`LocalStore::shutdown`] also waits for that.
pub struct LocalStore {
    pub(super) kind: StoreKind,
    /// What the store was told of when it started.
    pub(super) webhook: Option<WebhookSettings>,
    port: u16,
    /// None if it was not started here.
    supervisor: Option<Supervisor>,
    log: PathBuf,
    sdk_config: SdkConfig,
    client: Client,
}

impl LocalStore {
    /// Installs what is missing, starts the store and waits until it answers a signed request, at most a minute.
    ///
    /// The first start may download 90 MB. Ceph is installed with apt-get, which takes root. Two stores
    /// of one kind must not share a state folder.
    pub async fn start(kind: StoreKind, settings: StoreSettings) -> Result<Self, Error> {
        let launch = prepare(kind, settings)?;
        let (supervisor, port) = match kind {
            StoreKind::Ceph => ceph::start(&launch).await?,
            StoreKind::SeaweedFs => seaweedfs::start(&launch).await?,
            StoreKind::Minio => minio::start(&launch).await?,
        };
        let store = Self::new(kind, launch.webhook, port, launch.log).await;
        Self { supervisor: Some(supervisor), ..store }.opened().await
    }

    /// Waits for a store that somebody else has started on this machine or beside this container, on port 9000 unless the
    /// settings say otherwise. It has our keys, and MinIO was told of the webhook when it started.
    pub async fn attach(kind: StoreKind, settings: StoreSettings) -> Result<Self, Error> {
        let port = settings.port.unwrap_or(StoreSettings::PORT);
        Self::new(kind, settings.webhook, port, PathBuf::from("the store's own")).await.opened().await
    }

    async fn new(kind: StoreKind, webhook: Option<WebhookSettings>, port: u16, log: PathBuf) -> Self {
        let sdk_config = sdk_config(port).await;
        let client = Client::from_conf(Builder::from(&sdk_config).force_path_style(true).build());
        Self { kind, webhook, port, supervisor: None, log, sdk_config, client }
    }

    async fn opened(mut self) -> Result<Self, Error> {
        match self.open().await {
            Ok(()) => Ok(self),
            Err(error) => {
                self.shutdown().await;
                Err(error)
            }
        }
    }

    async fn open(&mut self) -> Result<(), Error> {
        self.wait_until_ready().await?;
        if let (StoreKind::Ceph, Some(webhook)) = (self.kind, &self.webhook) {
            // Ceph looks for new topics every 30 seconds: the sooner it is there, the sooner it is found.
            notification::create_topic(self, webhook).await?;
        }
        Ok(())
    }

    /// What runs.
    pub fn kind(&self) -> StoreKind {
        self.kind
    }

    /// Where the S3 API answers, without a trailing slash. It takes path-style requests.
    pub fn endpoint(&self) -> String {
        endpoint(self.port)
    }

    /// The region to sign for.
    pub fn region(&self) -> &'static str {
        REGION
    }

    /// Who may do everything.
    pub fn access_key(&self) -> &'static str {
        ACCESS_KEY
    }

    /// The secret of [`LocalStore::access_key`]. It is the same on every machine, as the store listens on loopback only.
    pub fn secret_key(&self) -> &'static str {
        SECRET_KEY
    }

    /// What the store's processes write.
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// The process group of everything that was started, if anything was.
    pub fn process_group(&self) -> Option<u32> {
        self.supervisor.as_ref().map(Supervisor::group)
    }

    /// Makes clients that may do everything in the store. They must be told to use path-style requests, as
    /// [`LocalStore::client`] is.
    pub fn sdk_config(&self) -> &SdkConfig {
        &self.sdk_config
    }

    /// A client that may do everything in the store.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Ends everything that was started, and waits until it has ended, which takes up to 3 seconds.
    pub async fn shutdown(self) {
        if let Some(supervisor) = self.supervisor {
            supervisor.stop().await;
        }
    }

    async fn wait_until_ready(&mut self) -> Result<(), Error> {
        let give_up = Instant::now() + Duration::from_secs(START_SECONDS);
        loop {
            if let Some(error) = self.supervisor.as_mut().and_then(Supervisor::ended) {
                return Err(error);
            }
            let asked = self.client.list_buckets().customize();
            let once = Builder::new().retry_config(RetryConfig::disabled());
            let answer = asked.config_override(once).send();
            let last_answer = match timeout(Duration::from_secs(ANSWER_SECONDS), answer).await {
                Ok(Ok(_)) => return Ok(()),
                Ok(Err(error)) => DisplayErrorContext(error).to_string(),
                Err(_) => format!("nothing for {ANSWER_SECONDS} s"),
            };
            if Instant::now() >= give_up {
                let (what, log) = (self.kind.label(), self.log().to_owned());
                return Err(Error::NoAnswer { what, seconds: START_SECONDS, last_answer, log });
            }
            sleep(Duration::from_millis(25)).await;
        }
    }
}

fn prepare(kind: StoreKind, settings: StoreSettings) -> Result<Launch, Error> {
    let state_dir =
        std::path::absolute(&settings.state_dir).map_err(Error::io("finding the state folder"))?;
    let dir = state_dir.join(kind.to_string());
    fs::create_dir_all(&dir).map_err(Error::io(format!("creating {}", dir.display())))?;
    Ok(Launch {
        log: state_dir.join(format!("{kind}.log")),
        event_dir: dir.join("events").display().to_string(),
        dir,
        port: settings.port,
        webhook: settings.webhook,
        report: settings.report,
    })
}

/// What passes on every store: no checksum that is not asked for, in neither direction.
async fn sdk_config(port: u16) -> SdkConfig {
    let credentials = Credentials::new(ACCESS_KEY, SECRET_KEY, None, None, "local store");
    aws_config::defaults(BehaviorVersion::latest())
        .region(Region::from_static(REGION))
        .credentials_provider(credentials)
        .endpoint_url(endpoint(port))
        .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
        .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
        .load()
        .await
}

fn endpoint(port: u16) -> String {
    format!("http://{}:{port}", Ipv4Addr::LOCALHOST)
}
