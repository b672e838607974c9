use std::{
    collections::BTreeMap,
    net::Ipv4Addr,
    path::{Path, PathBuf},
};

use crate::{Build, EmulatorKind, Error, stores::StoreKind};

/// What to start, and where.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Settings {
    /// The workspace: where `infra/`, `functions/` and `localstack/` are.
    pub workspace_dir: PathBuf,
    /// Which emulator stands for AWS.
    pub emulator: EmulatorKind,
    /// Whether the emulator and the store run already, on `aws_port` and `store_port`, as containers beside this one:
    /// then neither is installed, started or ended here.
    pub attach: bool,
    /// Where the state and the logs are kept.
    pub state_dir: PathBuf,
    /// Whether tables and queues outlive the stack, if the emulator can keep them.
    pub keep_state: bool,
    /// The emulator's port; any free one when `None`.
    pub aws_port: Option<u16>,
    /// What the API listens on: loopback, or in a container all addresses, since published ports do not lead to loopback.
    pub api_host: Ipv4Addr,
    /// The API's port; any free one when `None`.
    pub api_port: Option<u16>,
    /// The name of the `CloudFormation` stack.
    pub stack_name: String,
    /// The real store that holds the objects; the emulator's own when `None`.
    pub store: Option<StoreKind>,
    /// The port of that store; any free one when `None`.
    pub store_port: Option<u16>,
    /// Further stores of the registry, by name, each as `docs/stores/README.md` says.
    pub other_stores: serde_json::Map<String, serde_json::Value>,
    /// Further variables that the functions see: what the registry refers to.
    pub environment: Vec<(String, String)>,
    /// The folder of the built web page, which is then served with the API.
    pub page_dir: Option<PathBuf>,
    /// What a store shows at the hook; by default something random.
    pub webhook_secret: String,
    /// How the functions' executables are come by.
    pub build: Build,
    /// Further parameters of the template, over the defaults of the dev loop.
    pub parameters: BTreeMap<String, String>,
    /// Told of each step as it begins.
    pub report: fn(&str),
}

impl Settings {
    /// The API's port in the dev loop.
    pub const API_PORT: u16 = 8787;
    /// The emulated AWS's port in the dev loop.
    pub const AWS_PORT: u16 = 4566;

    /// The defaults: this workspace, any free ports, state forgotten, functions built by cargo, nothing reported.
    pub fn new(state_dir: impl Into<PathBuf>) -> Self {
        Self {
            workspace_dir: workspace_dir(),
            emulator: EmulatorKind::default(),
            attach: false,
            state_dir: state_dir.into(),
            keep_state: false,
            aws_port: None,
            api_host: Ipv4Addr::LOCALHOST,
            api_port: None,
            stack_name: "sluice".to_owned(),
            store: None,
            store_port: None,
            other_stores: serde_json::Map::new(),
            environment: Vec::new(),
            page_dir: None,
            webhook_secret: random_secret(),
            build: Build::default(),
            parameters: BTreeMap::new(),
            report: |_| {},
        }
    }

    /// Sets a parameter of the template.
    #[must_use]
    pub fn parameter(mut self, name: &str, value: impl Into<String>) -> Self {
        self.parameters.insert(name.to_owned(), value.into());
        self
    }

    /// Where the workspace's own web page is built.
    pub fn own_page_dir(&self) -> PathBuf {
        self.workspace_dir.join("clients/browser/page/dist")
    }

    /// The origins whose pages may use the buckets: those of the parameter, or else the API's own.
    pub(crate) fn allowed_origins(&self, api_port: u16) -> Vec<String> {
        match self.parameters.get("AllowedOrigins") {
            Some(origins) => origins.split(',').map(|origin| origin.trim().to_owned()).collect(),
            None => vec![format!("http://127.0.0.1:{api_port}"), format!("http://localhost:{api_port}")],
        }
    }

    pub(crate) fn template(&self) -> Result<String, Error> {
        Ok(sluice_infra::template::assemble(&self.workspace_dir)?)
    }

    pub(crate) fn emulator_source_dir(&self) -> PathBuf {
        self.workspace_dir.join("localstack")
    }

    /// What all stacks of the workspace share: the virtual environment and the zip files.
    pub(crate) fn cache_dir(&self) -> PathBuf {
        self.workspace_dir.join("target")
    }
}

fn random_secret() -> String {
    let mut random = [0; 16];
    // Without a source of randomness nothing here works: the functions need it too.
    getrandom::fill(&mut random).expect("a source of randomness");
    hex::encode(random)
}

fn workspace_dir() -> PathBuf {
    let crate_dir = Path::new(env!("CARGO_MANIFEST_DIR"));
    crate_dir.parent().unwrap_or(crate_dir).to_owned()
}
