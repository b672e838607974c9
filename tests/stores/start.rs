//! Starts every store that the tests compare.

use aws_sdk_s3::Client;
use aws_sdk_s3::config::{
    BehaviorVersion, Builder, Credentials, Region, RequestChecksumCalculation, ResponseChecksumValidation,
    retry::RetryConfig,
};
use aws_sdk_sqs::types::QueueAttributeName;
use serde_json::json;
use sluice_localstack::stores::{LocalStore, StoreKind as LocalKind, StoreSettings, WebhookSettings};
use sluice_oss_double::OssDouble;
use sluice_storage::Clients;
use sluice_storage::stores::{Addressing, Role, StoreKind, Stores, Tls};
use sluice_tests::Deployed;
use std::net::SocketAddr;
use std::path::Path;
use tokio::net::TcpListener;

use crate::resolver::http_client;
use crate::test_store::{NotificationTarget, TestStore};

/// The bucket that is created in each store.
const BUCKET: &str = "sluice-behaviours";
/// The double's bucket in the store behind it.
const OSS_BUCKET: &str = "sluice-oss-behaviours";

/// The address and the credentials of a store.
struct StoreAccess {
    label: String,
    kind: StoreKind,
    endpoint: String,
    region: String,
    access_key: String,
    secret_key: String,
    bucket: &'static str,
    notification_target: NotificationTarget,
    /// The socket address behind the endpoint's host names, if they do not resolve.
    address: Option<SocketAddr>,
}

/// Starts all stores, in the order of the table. They end when they and the double are dropped.
pub async fn start_all(folder: &Path) -> (Vec<TestStore>, OssDouble) {
    let deployed = tokio::task::spawn_blocking(sluice_tests::ministack).await.expect("the emulator started");
    let (ceph, seaweedfs, minio) = tokio::join!(
        start(LocalKind::Ceph, folder),
        start(LocalKind::SeaweedFs, folder),
        start(LocalKind::Minio, folder)
    );
    let (endpoint, [access_key, secret_key]) = (seaweedfs.endpoint.clone(), seaweedfs.keys());
    let double = sluice_oss_double::Settings::in_front_of(&endpoint, &access_key, &secret_key);
    let double = OssDouble::start(double).expect("an OSS double");
    let accesses = [emulator(deployed).await, ceph, seaweedfs, minio, oss(&double)];
    let clients = Clients::new(&deployed.sdk);
    let stores = accesses.into_iter().map(|access| access.into_test_store(&clients)).collect::<Vec<_>>();
    for store in &stores {
        let created = store.client.create_bucket().bucket(store.name()).send().await;
        created.unwrap_or_else(|error| panic!("{}: no bucket: {error:?}", store.label));
    }
    (stores, double)
}

/// The buckets in memory, behind a socket.
pub fn in_memory(clients: &Clients, address: SocketAddr) -> TestStore {
    let [access_key, secret_key] = sluice_in_memory::ACCESS_KEY.map(str::to_owned);
    let access = StoreAccess {
        label: "in memory".to_owned(),
        kind: StoreKind::Aws,
        endpoint: format!("http://{address}"),
        region: "us-east-1".to_owned(),
        access_key,
        secret_key,
        bucket: BUCKET,
        notification_target: NotificationTarget::Queue(String::new()),
        address: None,
    };
    access.into_test_store(clients)
}

async fn emulator(deployed: &Deployed) -> StoreAccess {
    let queues = aws_sdk_sqs::Client::new(&deployed.sdk);
    let queue = queues.create_queue().queue_name("behaviours").send().await.expect("a queue");
    let name = QueueAttributeName::QueueArn;
    let policy = json!({ "Statement": [{
        "Effect": "Allow",
        "Principal": { "Service": "s3.amazonaws.com" },
        "Action": "sqs:SendMessage",
        "Resource": "*",
    }]});
    let set = queues.set_queue_attributes().queue_url(queue.queue_url().unwrap_or_default());
    set.attributes(QueueAttributeName::Policy, policy.to_string()).send().await.expect("a policy");
    let request = queues.get_queue_attributes().queue_url(queue.queue_url().unwrap_or_default());
    let answer = request.attribute_names(name.clone()).send().await.expect("its attributes");
    let arn = answer.attributes().and_then(|attributes| attributes.get(&name)).expect("its ARN").clone();
    StoreAccess {
        label: "ministack 1.5.33 (AWS emulator)".to_owned(),
        kind: StoreKind::Aws,
        endpoint: deployed.aws.clone(),
        region: "us-east-1".to_owned(),
        access_key: deployed.keys.access_key.clone(),
        secret_key: deployed.keys.secret_key.clone(),
        bucket: BUCKET,
        notification_target: NotificationTarget::Queue(arn),
        address: None,
    }
}

async fn start(local: LocalKind, folder: &Path) -> StoreAccess {
    let mut settings = StoreSettings::new(folder);
    let webhook = webhook().await;
    settings.webhook = Some(webhook.clone());
    let store = LocalStore::start(local, settings).await.unwrap_or_else(|error| panic!("{local}: {error}"));
    let (label, kind) = match local {
        LocalKind::Ceph => (format!("Ceph {}", ceph_version().await), StoreKind::Ceph),
        LocalKind::SeaweedFs => (local.label().to_owned(), StoreKind::Seaweedfs),
        LocalKind::Minio => (local.label().to_owned(), StoreKind::Minio),
    };
    StoreAccess {
        label,
        kind,
        endpoint: store.endpoint(),
        region: store.region().to_owned(),
        access_key: store.access_key().to_owned(),
        secret_key: store.secret_key().to_owned(),
        bucket: BUCKET,
        notification_target: NotificationTarget::Webhook(Box::new(store), webhook),
        address: None,
    }
}

fn oss(double: &OssDouble) -> StoreAccess {
    StoreAccess {
        label: "OSS double (SeaweedFS behind it)".to_owned(),
        kind: StoreKind::Oss,
        endpoint: double.endpoint(),
        region: double.region().to_owned(),
        access_key: "oss-test".to_owned(),
        secret_key: "oss-test-secret".to_owned(),
        bucket: OSS_BUCKET,
        notification_target: NotificationTarget::Queue(
            "arn:aws:sqs:us-east-1:000000000000:behaviours".to_owned(),
        ),
        address: Some(double.address()),
    }
}

/// The version that runs, as `radosgw --version` prints it.
async fn ceph_version() -> String {
    let output = tokio::process::Command::new("radosgw").arg("--version").output().await;
    let text = String::from_utf8(output.expect("it is installed").stdout).unwrap_or_default();
    text.split_whitespace().nth(2).unwrap_or("of unknown version").to_owned()
}

/// A webhook that accepts connections and never answers, for stores that check that it exists.
async fn webhook() -> WebhookSettings {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}/events?token=sesame", listener.local_addr().expect("an address"));
    tokio::spawn(async move { while listener.accept().await.is_ok() {} });
    WebhookSettings { url, token: "sesame".to_owned() }
}

impl StoreAccess {
    fn keys(&self) -> [String; 2] {
        [self.access_key.clone(), self.secret_key.clone()]
    }

    /// Opens the store as a function does: from a registry, with credentials from the environment.
    fn into_test_store(self, clients: &Clients) -> TestStore {
        let addressing = if self.kind == StoreKind::Oss { Addressing::Virtual } else { Addressing::Path };
        let registry = json!({ "tested": {
            "kind": self.kind,
            "endpoint": self.endpoint,
            "region": self.region,
            "addressing": addressing,
            "credentials": "env:TESTED",
            "buckets": { "cold": self.bucket },
        }});
        let environment = |name: &str| match name {
            "TESTED_ACCESS_KEY_ID" => Some(self.access_key.clone()),
            "TESTED_SECRET_ACCESS_KEY" => Some(self.secret_key.clone()),
            _ => None,
        };
        let stores = Stores::open(clients, &registry.to_string(), &environment, Tls::Optional);
        let stores = stores.unwrap_or_else(|error| panic!("{}: {error}", self.label));
        let (_, bucket) = stores.with_role(Role::Cold).expect("the store is registered");
        let (_, authority) = self.endpoint.split_once("://").expect("an endpoint");
        let mut http = reqwest::Client::builder().no_proxy();
        let mut address = format!("{}/{}", self.endpoint, self.bucket);
        if let Some(loopback) = self.address {
            let (host, _) = authority.rsplit_once(':').expect("a port");
            http = http.resolve(&format!("{}.{host}", self.bucket), loopback);
            address = format!("http://{}.{authority}", self.bucket);
        }
        TestStore {
            bucket,
            client: self.client(true),
            default_client: self.client(false),
            http: http.build().expect("an HTTP client"),
            access_key: self.access_key,
            address,
            label: self.label,
            kind: self.kind,
            notification_target: self.notification_target,
        }
    }

    fn client(&self, plain: bool) -> Client {
        let mut config = Builder::new()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(self.region.clone()))
            .credentials_provider(Credentials::new(&self.access_key, &self.secret_key, None, None, "test"))
            .endpoint_url(&self.endpoint)
            .force_path_style(self.kind != StoreKind::Oss)
            .retry_config(RetryConfig::disabled());
        if plain {
            config = config
                .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
                .response_checksum_validation(ResponseChecksumValidation::WhenRequired);
        }
        if self.address.is_some() {
            config = config.http_client(http_client());
        }
        Client::from_conf(config.build())
    }
}
