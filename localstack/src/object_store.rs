//! A real store under the functions: its buckets, what it announces, and what the functions are told of it.

use std::net::Ipv4Addr;

use serde_json::{Map, Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

use crate::{
    Error, Settings,
    stores::{ACCESS_KEY, LocalStore, SECRET_KEY, StoreKind, StoreSettings, WebhookSettings},
};

/// Where presigned uploads arrive.
const LANDING: &str = "sluice-landing";
/// What has been verified.
const VAULT: &str = "sluice-vault";
/// What is put together for plain HTTP readers.
const CACHE: &str = "sluice-cache";

/// What the keys of uploads begin with: nothing else is announced.
const UPLOADS: &str = "uploads/";

/// A running store with the deployment's buckets in it. It ends when this is dropped.
pub struct ObjectStore {
    store: LocalStore,
}

/// Starts the store, makes the buckets, and has uploads announced to the API that will answer on `listener`.
pub(crate) async fn start(
    kind: StoreKind,
    settings: &Settings,
    listener: &TcpListener,
) -> Result<ObjectStore, Error> {
    let api_port = listener.local_addr().map_err(Error::io("listening for the API"))?.port();
    let origins = settings.allowed_origins(api_port);
    let webhook = webhook(api_port, &settings.webhook_secret);
    let store_settings = StoreSettings {
        port: settings.store_port,
        webhook: Some(webhook),
        report: settings.report,
        ..StoreSettings::new(settings.state_dir.clone())
    };
    tokio::select! {
        store = open(kind, store_settings, settings.attach, &origins) => Ok(ObjectStore { store: store? }),
        () = turn_away(listener) => unreachable!("it goes on for ever"),
    }
}

/// Where the API of this machine takes the events of stores.
pub(crate) fn webhook(api_port: u16, webhook_secret: &str) -> WebhookSettings {
    WebhookSettings {
        url: format!(
            "http://{}:{api_port}/webhooks/store-events?token={webhook_secret}",
            Ipv4Addr::LOCALHOST
        ),
        token: webhook_secret.to_owned(),
    }
}

/// The variables to which the registration of a store refers.
pub(crate) fn credentials(kind: StoreKind) -> Vec<(String, String)> {
    let prefix = prefix(kind);
    vec![
        (format!("{prefix}_ACCESS_KEY_ID"), ACCESS_KEY.to_owned()),
        (format!("{prefix}_SECRET_ACCESS_KEY"), SECRET_KEY.to_owned()),
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
    for bucket in [LANDING, VAULT, CACHE] {
        store.create_bucket(bucket, origins).await?;
    }
    if let Some(webhook) = webhook.filter(|_| kind.has_notifications()) {
        store.notify(LANDING, UPLOADS, &webhook).await?;
    }
    Ok(store)
}

/// Some stores look whether anybody answers at the hook when they are told of it, and do without it if nobody does. It is
/// not there yet: this says so.
async fn turn_away(listener: &TcpListener) {
    loop {
        if let Ok((connection, _)) = listener.accept().await {
            tokio::spawn(say_not_yet(connection));
        }
    }
}

async fn say_not_yet(mut connection: TcpStream) {
    const ANSWER: &[u8] =
        b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    let mut request = [0; 4096];
    // The peer hanging up is no news.
    let _ = connection.read(&mut request).await;
    let _ = connection.write_all(ANSWER).await;
}

impl ObjectStore {
    /// The store itself.
    pub fn local(&self) -> &LocalStore {
        &self.store
    }

    /// Its registration, as the functions read it.
    pub fn registry(&self) -> Map<String, Value> {
        let kind = self.store.kind().to_string();
        let definition = json!({
            "kind": kind,
            "endpoint": self.store.endpoint(),
            "region": self.store.region(),
            "credentials": format!("env:{}", prefix(self.store.kind())),
            "buckets": { "landing": LANDING, "vault": VAULT, "cache": CACHE },
        });
        [(kind, definition)].into_iter().collect()
    }

    /// The variables to which the registration refers.
    pub fn environment(&self) -> Vec<(String, String)> {
        credentials(self.store.kind())
    }

    /// The buckets, by the setting that names each where the template has made it.
    pub fn buckets(&self) -> [(&'static str, &'static str); 3] {
        [("SLUICE_LANDING_BUCKET", LANDING), ("SLUICE_VAULT_BUCKET", VAULT), ("SLUICE_CACHE_BUCKET", CACHE)]
    }

    /// Ends it, and waits until it has ended.
    pub async fn shutdown(self) {
        self.store.shutdown().await;
    }
}
