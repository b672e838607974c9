//! The settings of a local stack.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::path::PathBuf;

use crate::random::random_hex;
use crate::stores::StoreKind;
use crate::workspace::workspace_dir;
use crate::{Build, EmulatorKind, Error, Keys};

/// What to start, and where.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Settings {
    /// The workspace, which contains `infra/`, `functions/` and `localstack/`.
    pub workspace_dir: PathBuf,
    /// The emulator that takes the place of AWS.
    pub emulator: EmulatorKind,
    /// Whether the emulator and the store already run, on `aws_port` and `store_port`, as containers beside
    /// this one. The launcher then does not install, start or stop them.
    pub attach: bool,
    /// The folder of the state and the logs.
    pub state_dir: PathBuf,
    /// Whether tables and queues outlive the stack, if the emulator can keep them.
    pub keep_state: bool,
    /// The keys of the emulator's administrator, whose secret is also the store's; random by default, so that
    /// no web page can sign with them.
    pub keys: Keys,
    /// The emulator's port; any free one when `None`.
    pub aws_port: Option<u16>,
    /// The port where clients and functions reach ministack, if a server of the caller's stands in front of
    /// it; its own when `None`.
    pub front_port: Option<u16>,
    /// The address that the API listens on. In a container this is 0.0.0.0: published ports do not reach
    /// loopback.
    pub api_host: Ipv4Addr,
    /// The API's port; any free one when `None`.
    pub api_port: Option<u16>,
    /// The name of the `CloudFormation` stack.
    pub stack_name: String,
    /// The real store that keeps the objects; the emulator's own S3 when `None`.
    pub store: Option<StoreKind>,
    /// The port of that store; any free one when `None`.
    pub store_port: Option<u16>,
    /// Further registered stores by name, in the format of `docs/stores/README.md`.
    pub other_stores: serde_json::Map<String, serde_json::Value>,
    /// Further variables of the functions, which registrations refer to.
    pub environment: Vec<(String, String)>,
    /// The folder of the built web page. If set, the page is served at the API's address.
    pub page_dir: Option<PathBuf>,
    /// The secret that a store presents to the webhook; random by default.
    pub webhook_secret: String,
    /// How to build or find the functions' executables.
    pub build: Build,
    /// Parameters of the template, which override the defaults of the dev loop.
    pub parameters: BTreeMap<String, String>,
    /// Called at the start of each step.
    pub report: fn(&str),
}

impl Settings {
    /// The API's port in the dev loop.
    pub const API_PORT: u16 = 8787;
    /// The emulated AWS's port in the dev loop.
    pub const AWS_PORT: u16 = 4566;
    /// The origin of `npm run dev -w page`, which serves the page with reloading.
    const PAGE_DEV_ORIGIN: &str = "http://127.0.0.1:5173";

    /// The defaults: this workspace, any free ports, no state kept, functions built by cargo, no reports.
    pub fn new(state_dir: impl Into<PathBuf>) -> Self {
        Self {
            workspace_dir: workspace_dir(),
            emulator: EmulatorKind::default(),
            attach: false,
            state_dir: state_dir.into(),
            keep_state: false,
            keys: Keys::random(),
            aws_port: None,
            front_port: None,
            api_host: Ipv4Addr::LOCALHOST,
            api_port: None,
            stack_name: "sluice".to_owned(),
            store: None,
            store_port: None,
            other_stores: serde_json::Map::new(),
            environment: Vec::new(),
            page_dir: None,
            webhook_secret: random_hex(),
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

    /// The folder that the workspace's own web page is built into.
    pub fn own_page_dir(&self) -> PathBuf {
        self.workspace_dir.join("clients/browser/page/dist")
    }

    /// The origins whose pages may use the buckets: those of the parameter, or the API's own and Vite's.
    pub(crate) fn allowed_origins(&self, api_port: u16) -> Vec<String> {
        match self.parameters.get("AllowedOrigins") {
            Some(origins) => origins.split(',').map(|origin| origin.trim().to_owned()).collect(),
            None => vec![
                format!("http://127.0.0.1:{api_port}"),
                format!("http://localhost:{api_port}"),
                Self::PAGE_DEV_ORIGIN.to_owned(),
            ],
        }
    }

    pub(crate) fn template(&self) -> Result<String, Error> {
        Ok(sluice_infra::template::assemble(&self.workspace_dir)?)
    }

    pub(crate) fn emulator_source_dir(&self) -> PathBuf {
        self.workspace_dir.join("localstack/emulators").join(self.emulator.to_string())
    }

    /// The folder that all stacks of the workspace share: virtual environments and zip files.
    pub(crate) fn cache_dir(&self) -> PathBuf {
        self.workspace_dir.join("target")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_served_by_vite_may_use_the_buckets() -> std::io::Result<()> {
        let settings = Settings::new(PathBuf::from("state"));
        let config =
            std::fs::read_to_string(settings.workspace_dir.join("clients/browser/page/vite.config.ts"))?;
        let port = config.split("port: ").nth(1).and_then(|rest| rest.split(',').next());
        let origin = format!("http://127.0.0.1:{}", port.unwrap_or_default());
        assert!(settings.allowed_origins(1).contains(&origin), "{origin}");
        Ok(())
    }
}
