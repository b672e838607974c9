//! Starts, updates and stops a whole local deployment.

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_s3::config::{Credentials, RequestChecksumCalculation};
use axum::Router;
use sha2::{Digest as _, Sha256};
use tokio::task::spawn_blocking;

use sluice_infra::artifact::{self, Artifact};

use crate::deploy::{Deployer, Parameters};
use crate::emulator::{self, Emulator};
use crate::object_store::{self, ObjectStore};
use crate::proxy::{Proxy, Upstream};
use crate::wait::{NotReady, Wait};
use crate::{Error, Settings, page};

const ANSWER_TIMEOUT_SECONDS: u64 = 60;

/// All of Sluice, deployed on an emulator and answering. It ends when this is dropped; [`Stack::shutdown`]
/// also waits until it has ended.
pub struct Stack {
    settings: Settings,
    emulator: Emulator,
    store: Option<ObjectStore>,
    sdk_config: SdkConfig,
    parameters: Parameters,
    outputs: Parameters,
    api_url: String,
    proxy: Proxy,
}

impl Stack {
    /// Starts everything and waits until the API answers.
    pub async fn start(settings: Settings) -> Result<Self, Error> {
        let proxy = Proxy::start(settings.api_host, settings.api_port).await?;
        if !settings.attach {
            // Fails early if the port is taken: the build may take minutes.
            emulator::choose_port(&settings)?;
        }
        settings.page_dir.as_deref().map(page::require).transpose()?;
        let artifacts = build(&settings).await?;
        let python = if settings.attach { None } else { Some(emulator::install(&settings).await?) };
        let store = match settings.store {
            Some(kind) => Some(object_store::start(kind, &settings, proxy.port()).await?),
            None => None,
        };
        let mut environment = store.as_ref().map(ObjectStore::environment).unwrap_or_default();
        environment.extend(settings.environment.clone());
        let emulator = match python {
            Some(python) => {
                (settings.report)("starting the emulator");
                Emulator::start(&python, &settings, &environment).await?
            }
            None => Emulator::attach(&settings).await?,
        };
        let sdk_config = sdk_config(emulator.endpoint()).await;
        let mut stack = Self {
            settings,
            emulator,
            store,
            sdk_config,
            parameters: Parameters::new(),
            outputs: Parameters::new(),
            api_url: format!("http://{}:{}", Ipv4Addr::LOCALHOST, proxy.port()),
            proxy,
        };
        match stack.open(&artifacts).await {
            Ok(()) => Ok(stack),
            Err(error) => {
                stack.shutdown().await;
                Err(error)
            }
        }
    }

    async fn open(&mut self, artifacts: &[Artifact]) -> Result<(), Error> {
        (self.settings.report)("deploying");
        let origins = self.settings.allowed_origins(self.proxy.port()).join(",");
        self.parameters = local_parameters(&origins, &self.settings.webhook_secret);
        let objects = self.store.as_ref().map(|store| store.local().endpoint());
        self.parameters
            .insert("PageConnectOrigins".to_owned(), objects.unwrap_or_else(|| self.aws_endpoint()));
        let mut stores = self.settings.other_stores.clone();
        stores.extend(self.store.as_ref().map(ObjectStore::registry).unwrap_or_default());
        self.parameters.insert("Stores".to_owned(), serde_json::Value::Object(stores).to_string());
        let uploaded = self.deployer().upload(artifacts).await?;
        self.parameters.extend(uploaded);
        self.parameters.extend(self.settings.parameters.clone());
        self.deploy().await?;
        if self.settings.emulator.keeps_state() {
            self.emulator.save().await?;
        }

        let api_id = self.output("ApiId").unwrap_or_default();
        self.proxy.open(Upstream::new(self.emulator.client_port, api_id, self.page()?));
        self.wait_until_ready().await
    }

    /// The name of the `CloudFormation` stack.
    pub fn name(&self) -> &str {
        &self.settings.stack_name
    }

    /// The address of the API, without a trailing slash.
    pub fn api_url(&self) -> &str {
        &self.api_url
    }

    /// Whether the web page is served at the API's address.
    pub fn serves_page(&self) -> bool {
        self.settings.page_dir.is_some()
    }

    /// The address of the emulated AWS, without a trailing slash.
    pub fn aws_endpoint(&self) -> String {
        self.emulator.endpoint()
    }

    /// An output of the template, such as the name of a bucket, table or queue.
    pub fn output(&self, name: &str) -> Option<&str> {
        self.outputs.get(name).map(String::as_str)
    }

    /// The configuration of SDK clients with every right in the emulator.
    pub fn sdk_config(&self) -> &SdkConfig {
        &self.sdk_config
    }

    /// The real store that keeps the objects, if there is one.
    pub fn store(&self) -> Option<&ObjectStore> {
        self.store.as_ref()
    }

    /// Whether the emulator was already running. Its logs are then not in the state folder.
    pub fn is_attached(&self) -> bool {
        self.settings.attach
    }

    /// The log of all functions, written line by line while they run.
    pub fn functions_log(&self) -> PathBuf {
        emulator::functions_log_path(&self.settings.state_dir)
    }

    /// The log of the emulator itself.
    pub fn emulator_log(&self) -> &Path {
        self.emulator.log()
    }

    /// Redeploys with changed parameters of the template, for example `WorkersEnabled`.
    pub async fn update(&mut self, changes: &[(&str, &str)]) -> Result<(), Error> {
        let changes = changes.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        self.parameters.extend(changes);
        self.deploy().await
    }

    /// Waits for the emulator to stop by itself, which it should never do, and returns why it stopped.
    pub async fn stopped(&mut self) -> Error {
        self.emulator.stopped().await
    }

    /// Stops everything that was started, and waits until it has ended.
    pub async fn shutdown(self) {
        drop(self.proxy);
        self.emulator.stop().await;
        if let Some(store) = self.store {
            store.shutdown().await;
        }
    }

    fn page(&self) -> Result<Option<Router>, Error> {
        let security_policy = self.output("PageSecurityPolicy").unwrap_or_default();
        let folder = self.settings.page_dir.as_ref();
        folder.map(|folder| page::router(folder, security_policy)).transpose()
    }

    fn deployer(&self) -> Deployer<'_> {
        Deployer::new(&self.sdk_config, &self.settings.stack_name, &self.emulator)
    }

    async fn deploy(&mut self) -> Result<(), Error> {
        self.outputs = self.deployer().deploy(self.settings.template()?, &self.parameters).await?;
        Ok(())
    }

    /// Waits until a request without a session is answered by a function, so that proxy, gateway and settings
    /// work.
    async fn wait_until_ready(&self) -> Result<(), Error> {
        let client = emulator::loopback_client()?;
        let address = format!("{}/accounts/me", self.api_url);
        let wait = Wait {
            what: "the API",
            timeout_seconds: ANSWER_TIMEOUT_SECONDS,
            pause: Duration::from_millis(100),
            log: self.functions_log(),
        };
        wait.until_ready(async || match client.get(&address).send().await {
            Ok(response) if response.status().as_u16() == 401 => Ok(()),
            Ok(response) => {
                let status = response.status();
                Err(NotReady::Yet(format!("{status}, {}", response.text().await.unwrap_or_default())))
            }
            Err(error) => Err(NotReady::Yet(error.to_string())),
        })
        .await
    }
}

async fn build(settings: &Settings) -> Result<Vec<Artifact>, Error> {
    (settings.report)("building the functions");
    let executables = settings.build.executables(&settings.workspace_dir).await?;
    let cache_dir = settings.cache_dir().join("artifacts");
    let zipped = spawn_blocking(move || artifact::package_all(&executables, &cache_dir)).await;
    Ok(zipped.map_err(Error::call("zipping the functions"))??)
}

async fn sdk_config(endpoint: String) -> SdkConfig {
    let credentials = Credentials::new(emulator::ACCESS_KEY, emulator::SECRET_KEY, None, None, "emulator");
    aws_config::defaults(BehaviorVersion::latest())
        .region(Region::from_static(emulator::REGION))
        .credentials_provider(credentials)
        .endpoint_url(endpoint)
        // Computing and checking checksums of all artifacts in unoptimised code takes longer than the rest of
        // the start.
        .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
        .load()
        .await
}

/// The parameters that differ from the template's defaults on one machine, over plain HTTP.
fn local_parameters(origins: &str, webhook_secret: &str) -> Parameters {
    let architecture = if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" };
    let webhook_secret_sha256 = hex::encode(Sha256::digest(webhook_secret));
    let parameters = [
        ("AllowedOrigins", origins),
        ("Architecture", architecture),
        ("DeletionProtection", "false"),
        ("WebhookSecretSha256", webhook_secret_sha256.as_str()),
        ("Registration", "open"),
        ("RequireTls", "false"),
        ("ServePage", "false"),
        ("VaultNoncurrentDays", "0"),
        ("WorkerConcurrency", "4"),
    ];
    parameters.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}
