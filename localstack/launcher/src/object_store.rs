//! Prepares a real S3 store for the functions: its buckets, its notifications and its registration.

use std::net::Ipv4Addr;

use serde_json::{Map, Value, json};

use crate::stores::{LocalStore, StoreKind, StoreSettings, WebhookSettings};
use crate::{Error, Keys, Settings};

const LANDING_BUCKET: &str = "sluice-landing";
const VAULT_BUCKET: &str = "sluice-vault";
const CACHE_BUCKET: &str = "sluice-cache";

/// The key prefix of uploads. The store notifies of no other objects.
const UPLOADS_PREFIX: &str = "uploads/";

/// A running store with the deployment's buckets. It ends when this is dropped.
pub struct ObjectStore {
    store: LocalStore,
}

/// Starts the store, creates the buckets, and sets up notifications of uploads to the API of `api_port`,
/// which must already answer.
pub(crate) async fn start(kind: StoreKind, settings: &Settings, api_port: u16) -> Result<ObjectStore, Error> {
    let origins = settings.allowed_origins(api_port);
    let store_settings = StoreSettings {
        port: settings.store_port,
        keys: Keys::of_store(settings.keys.secret_key.clone()),
        webhook: Some(webhook(api_port, &settings.webhook_secret)),
        report: settings.report,
        ..StoreSettings::new(settings.state_dir.clone())
    };
    let store = open(kind, store_settings, settings.attach, &origins).await?;
    Ok(ObjectStore { store })
}

/// The webhook of this machine's API that receives the stores' events.
pub(crate) fn webhook(api_port: u16, webhook_secret: &str) -> WebhookSettings {
    WebhookSettings {
        url: format!(
            "http://{}:{api_port}/webhooks/store-events?token={webhook_secret}",
            Ipv4Addr::LOCALHOST
        ),
        token: webhook_secret.to_owned(),
    }
}

/// The variables that a store's registration refers to.
pub(crate) fn credentials(kind: StoreKind, secret_key: &str) -> Vec<(String, String)> {
    let prefix = prefix(kind);
    let keys = Keys::of_store(secret_key.to_owned());
    vec![
        (format!("{prefix}_ACCESS_KEY_ID"), keys.access_key),
        (format!("{prefix}_SECRET_ACCESS_KEY"), keys.secret_key),
    ]
}

fn prefix(kind: StoreKind) -> String {
    format!("SLUICE_STORE_{}", kind.to_string().to_uppercase())
}

async fn open(
    kind: StoreKind,
    settings: StoreSettings,
    attach: bool,
    origins: &[String],
) -> Result<LocalStore, Error> {
    let webhook = settings.webhook.clone();
    let store = if attach {
        LocalStore::attach(kind, settings).await?
    } else {
        LocalStore::start(kind, settings).await?
    };
    for bucket in [LANDING_BUCKET, VAULT_BUCKET, CACHE_BUCKET] {
        store.create_bucket(bucket, origins).await?;
    }
    if let Some(webhook) = webhook.filter(|_| kind.has_notifications()) {
        store.notify(LANDING_BUCKET, UPLOADS_PREFIX, &webhook).await?;
    }
    Ok(store)
}

impl ObjectStore {
    /// The process and the S3 API of this store.
    pub fn local(&self) -> &LocalStore {
        &self.store
    }

    /// The store's registration, in the format that the functions read.
    pub fn registry(&self) -> Map<String, Value> {
        let kind = self.store.kind().to_string();
        let definition = json!({
            "kind": kind,
            "endpoint": self.store.endpoint(),
            "region": self.store.region(),
            "credentials": format!("env:{}", prefix(self.store.kind())),
        "buckets": { "landing": LANDING_BUCKET, "vault": VAULT_BUCKET, "cache": CACHE_BUCKET },
        });
        [(kind, definition)].into_iter().collect()
    }

    /// The variables that the registration refers to.
    pub fn environment(&self) -> Vec<(String, String)> {
        credentials(self.store.kind(), self.store.secret_key())
    }

    /// The buckets, by the setting that names the template's own bucket.
    pub fn buckets(&self) -> [(&'static str, &'static str); 3] {
        [
            ("SLUICE_LANDING_BUCKET", LANDING_BUCKET),
            ("SLUICE_VAULT_BUCKET", VAULT_BUCKET),
            ("SLUICE_CACHE_BUCKET", CACHE_BUCKET),
        ]
    }

    /// Stops the store and waits until it has ended.
    pub async fn shutdown(self) {
        self.store.shutdown().await;
    }
}
