//! Starts, attaches to and stops a store.

use std::fs;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_s3::Client;
use aws_sdk_s3::config::{Builder, Credentials, RequestChecksumCalculation, ResponseChecksumValidation};
use aws_sdk_s3::error::DisplayErrorContext;
use tokio::time::timeout;

use super::launch::{Launch, REGION};
use super::supervisor::Supervisor;
use super::{StoreKind, StoreSettings, WebhookSettings, ceph, minio, seaweedfs, topic};
use crate::wait::{NotReady, Wait};
use crate::{Error, Keys};

/// A quiet machine takes a few seconds. A store that ends is reported at once.
const START_TIMEOUT_SECONDS: u64 = 300;
const ATTACH_TIMEOUT_SECONDS: u64 = 60;
const ANSWER_TIMEOUT_SECONDS: u64 = 15;

/// A running S3 store. It ends when this is dropped; [`LocalStore::shutdown`] also waits until it has ended.
pub struct LocalStore {
    pub(super) kind: StoreKind,
    keys: Keys,
    /// The webhook that the store was configured with at its start.
    pub(super) webhook: Option<WebhookSettings>,
    port: u16,
    /// `None` if it was not started here.
    supervisor: Option<Supervisor>,
    log: PathBuf,
    sdk_config: SdkConfig,
    client: Client,
}

impl LocalStore {
    /// Installs what is missing, starts the store and waits until it answers a signed request, at most five
    /// minutes.
    ///
    /// The first start may download 90 MB. Ceph is installed with apt-get, which needs root. Two stores of
    /// one kind must not share a state folder.
    pub async fn start(kind: StoreKind, settings: StoreSettings) -> Result<Self, Error> {
        let launch = prepare(kind, settings)?;
        let (supervisor, port) = match kind {
            StoreKind::Ceph => ceph::start(&launch).await?,
            StoreKind::SeaweedFs => seaweedfs::start(&launch).await?,
            StoreKind::Minio => minio::start(&launch).await?,
        };
        let store = Self::new(kind, launch.keys, launch.webhook, port, launch.log).await;
        Self { supervisor: Some(supervisor), ..store }.opened().await
    }

    /// Waits for a store that already runs on this machine or in a container beside this one, on port 9000
    /// unless the settings name another. It must use the settings' keys, and MinIO must have been started
    /// with the webhook.
    pub async fn attach(kind: StoreKind, settings: StoreSettings) -> Result<Self, Error> {
        let port = settings.port.unwrap_or(StoreSettings::PORT);
        let log = PathBuf::from("the store's own");
        Self::new(kind, settings.keys, settings.webhook, port, log).await.opened().await
    }

    async fn new(
        kind: StoreKind,
        keys: Keys,
        webhook: Option<WebhookSettings>,
        port: u16,
        log: PathBuf,
    ) -> Self {
        let sdk_config = sdk_config(port, &keys).await;
        let client = Client::from_conf(Builder::from(&sdk_config).force_path_style(true).build());
        Self { kind, keys, webhook, port, supervisor: None, log, sdk_config, client }
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
            // Ceph looks for new topics every 30 seconds, so it should find this one early.
            topic::create_topic(&self.client, &self.endpoint(), webhook).await?;
        }
        Ok(())
    }

    pub fn kind(&self) -> StoreKind {
        self.kind
    }

    /// The address of the S3 API, without a trailing slash. It accepts path-style requests.
    pub fn endpoint(&self) -> String {
        endpoint(self.port)
    }

    /// The region to sign for.
    pub fn region(&self) -> &'static str {
        REGION
    }

    /// The access key of the only user, who has every right.
    pub fn access_key(&self) -> &str {
        &self.keys.access_key
    }

    /// The secret of [`LocalStore::access_key`].
    pub fn secret_key(&self) -> &str {
        &self.keys.secret_key
    }

    /// The log of the store's processes.
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// The process group of the store, if it was started here.
    pub fn process_group(&self) -> Option<u32> {
        self.supervisor.as_ref().map(Supervisor::group)
    }

    /// The configuration of S3 clients with every right in the store. They must use path-style requests, as
    /// [`LocalStore::client`] does.
    pub fn sdk_config(&self) -> &SdkConfig {
        &self.sdk_config
    }

    /// An S3 client with every right in the store.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Stops the store if it was started here, and waits until it has ended, which takes up to 3 seconds.
    pub async fn shutdown(self) {
        if let Some(supervisor) = self.supervisor {
            supervisor.stop().await;
        }
    }

    async fn wait_until_ready(&mut self) -> Result<(), Error> {
        let wait = Wait {
            what: self.kind.label(),
            timeout_seconds: if self.supervisor.is_some() {
                START_TIMEOUT_SECONDS
            } else {
                ATTACH_TIMEOUT_SECONDS
            },
            pause: Duration::from_millis(25),
            log: self.log().to_owned(),
        };
        wait.until_ready(async || {
            if let Some(error) = self.supervisor.as_mut().and_then(Supervisor::ended) {
                return Err(NotReady::Ever(error));
            }
            let request = self.client.list_buckets().customize();
            let without_retries = Builder::new().retry_config(RetryConfig::disabled());
            let answer = request.config_override(without_retries).send();
            match timeout(Duration::from_secs(ANSWER_TIMEOUT_SECONDS), answer).await {
                Ok(Ok(_)) if self.kind == StoreKind::Minio => minio::allows_origins(&self.endpoint()).await,
                Ok(Ok(_)) => Ok(()),
                Ok(Err(error)) => Err(NotReady::Yet(DisplayErrorContext(error).to_string())),
                Err(_) => Err(NotReady::Yet(format!("no answer within {ANSWER_TIMEOUT_SECONDS} s"))),
            }
        })
        .await
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
        keys: settings.keys,
        webhook: settings.webhook,
        report: settings.report,
    })
}

/// A configuration that works on every store: clients neither send nor expect checksums that S3 does not
/// require.
async fn sdk_config(port: u16, keys: &Keys) -> SdkConfig {
    let credentials = Credentials::new(&keys.access_key, &keys.secret_key, None, None, "local store");
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
