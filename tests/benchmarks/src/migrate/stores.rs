//! Starts a deployment with its vault on Ceph, and an OSS double in front of `SeaweedFS` as the target of its
//! packs.

use aws_sdk_s3::types::{Delete, ObjectIdentifier};
use serde_json::{Value, json};
use sluice_localstack::stores::{LocalStore, StoreKind, StoreSettings};
use sluice_localstack::{Settings, Stack};
use sluice_oss_double::OssDouble;
use sluice_tests::Deployed;
use tempfile::TempDir;

use crate::Failure;

/// The deployment's buckets, by role, setting and name.
const BUCKETS: [(&str, &str, &str); 3] = [
    ("landing", "SLUICE_LANDING_BUCKET", "landing"),
    ("vault", "SLUICE_VAULT_BUCKET", "vault"),
    ("cache", "SLUICE_CACHE_BUCKET", "cache"),
];
/// The bucket of the same bytes as plain objects, for rclone.
pub const PLAIN_BUCKET: &str = "plain";
/// The double's name in the registry.
pub const TARGET: &str = "oss";
/// The quota of the account.
const QUOTA_BYTES: u64 = 64 << 30;
const RECEIPT_SEED: &str = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";

/// Everything that runs. It ends when this is dropped.
pub struct Stores {
    stack: Stack,
    /// The source of packs and objects.
    pub ceph: LocalStore,
    seaweedfs: LocalStore,
    /// The target of packs and objects.
    pub double: OssDouble,
    /// A folder for temporary files.
    pub folder: TempDir,
}

impl Stores {
    /// Starts everything and creates the source's buckets. The emulator has only the tables and queues.
    pub async fn start() -> Result<Self, Failure> {
        let folder = tempfile::tempdir()?;
        let report = |step: &str| eprintln!("· {step}");
        let mut settings = Settings::new(folder.path().join("state"))
            .parameter("WorkersEnabled", "false")
            .parameter("DefaultQuotaBytes", QUOTA_BYTES.to_string());
        settings.report = report;
        let stack = Stack::start(settings).await?;
        let of_stores = StoreSettings { report, ..StoreSettings::new(folder.path().join("stores")) };
        let ceph = LocalStore::start(StoreKind::Ceph, of_stores.clone()).await?;
        let seaweedfs = LocalStore::start(StoreKind::SeaweedFs, of_stores).await?;
        for bucket in BUCKETS.map(|(_, _, name)| name).into_iter().chain([PLAIN_BUCKET]) {
            ceph.create_bucket(bucket, &[]).await?;
        }
        let access_key = seaweedfs.access_key();
        let secret_key = seaweedfs.secret_key();
        let behind = sluice_oss_double::Settings::in_front_of(&seaweedfs.endpoint(), access_key, secret_key);
        let double = OssDouble::start(behind)?;
        Ok(Self { stack, ceph, seaweedfs, double, folder })
    }

    /// The deployment with this bucket of the double as the target of its packs.
    pub fn deployed(&self, bucket: &str) -> Deployed {
        let mut deployed = Deployed::of(&self.stack);
        let roles: serde_json::Map<String, Value> =
            BUCKETS.iter().map(|(role, _, name)| ((*role).to_owned(), json!(name))).collect();
        let registry = json!({
            "ceph": {
                "kind": "ceph",
                "endpoint": self.ceph.endpoint(),
                "region": self.ceph.region(),
                "credentials": "env:SLUICE_STORE_CEPH",
                "buckets": roles,
            },
            TARGET: {
                "kind": "oss",
                "endpoint": self.double.endpoint(),
                "region": self.double.region(),
                "credentials": "env:SLUICE_STORE_OSS",
                "buckets": { "cold": bucket },
            },
        });
        let more = [
            ("SLUICE_STORES", registry.to_string()),
            ("SLUICE_STORE_CEPH_ACCESS_KEY_ID", self.ceph.access_key().to_owned()),
            ("SLUICE_STORE_CEPH_SECRET_ACCESS_KEY", self.ceph.secret_key().to_owned()),
            ("SLUICE_STORE_OSS_ACCESS_KEY_ID", "oss-test".to_owned()),
            ("SLUICE_STORE_OSS_SECRET_ACCESS_KEY", "oss-test-secret".to_owned()),
            ("SLUICE_RECEIPT_SIGNING_KEY", "env:SLUICE_BENCHMARK_RECEIPT_KEY".to_owned()),
            ("SLUICE_BENCHMARK_RECEIPT_KEY", RECEIPT_SEED.to_owned()),
        ];
        let buckets = BUCKETS.map(|(_, setting, name)| (setting, name.to_owned()));
        let more = more.into_iter().chain(buckets);
        deployed.settings.extend(more.map(|(name, value)| (name.to_owned(), value)));
        deployed
    }

    /// Creates a bucket behind the double.
    pub async fn create_target(&self, bucket: &str) -> Result<(), Failure> {
        Ok(self.seaweedfs.create_bucket(bucket, &[]).await?)
    }

    /// Removes a bucket behind the double with all its objects, and returns their number and size in bytes.
    pub async fn remove_target(&self, bucket: &str) -> Result<(u64, u64), Failure> {
        let held = remove_objects(&self.seaweedfs, bucket, "").await?;
        self.seaweedfs.client().delete_bucket().bucket(bucket).send().await?;
        Ok(held)
    }

    pub async fn shutdown(self) {
        self.stack.shutdown().await;
        self.ceph.shutdown().await;
        self.seaweedfs.shutdown().await;
    }
}

/// Removes all objects of a bucket under `prefix`, and returns their number and size in bytes.
pub async fn remove_objects(store: &LocalStore, bucket: &str, prefix: &str) -> Result<(u64, u64), Failure> {
    let mut count = 0;
    let mut size_bytes = 0;
    loop {
        let page = store.client().list_objects_v2().bucket(bucket).prefix(prefix).send().await?;
        let mut delete = Delete::builder().quiet(true);
        for object in page.contents() {
            count += 1;
            size_bytes += object.size().unwrap_or(0).cast_unsigned();
            let key = object.key().unwrap_or_default();
            delete = delete.objects(ObjectIdentifier::builder().key(key).build()?);
        }
        if page.contents().is_empty() {
            return Ok((count, size_bytes));
        }
        store.client().delete_objects().bucket(bucket).delete(delete.build()?).send().await?;
    }
}
