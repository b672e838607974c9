//! The tables to test, and rows for them.

use sluice_deployment::{Deployment, clock};
use sluice_domain::account::Account;
use sluice_domain::blob::{Attachment, Blob, Life, Pack, Placement};
use sluice_domain::content_pass::ContentDigest;
use sluice_domain::hash::{Sha1, Sha256};
use sluice_domain::id::PackId;
use sluice_domain::publication::{Outcome, StoredBlob};
use sluice_domain::time::Timestamp;
use sluice_domain::upload::Upload;
use sluice_in_memory::{Services, sample};
use sluice_localstack::Keys;
use sluice_storage::presign::Credentials;
use sluice_storage::tables::{Begun, Registered};
use sluice_storage::{Clients, Tables};
use sluice_strict_aws::{Odds, Settings, StrictAws};
use std::fmt::Debug;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

pub fn in_memory() -> Tables {
    Services::default().deployment().tables().expect("table names")
}

pub async fn emulated() -> Tables {
    let deployed = tokio::task::spawn_blocking(sluice_tests::ministack).await.expect("the emulator started");
    deployed.deployment().tables().expect("table names")
}

pub async fn strict() -> Tables {
    static FRONT: OnceLock<StrictAws> = OnceLock::new();
    let deployed = tokio::task::spawn_blocking(sluice_tests::ministack).await.expect("the emulator started");
    let front = FRONT.get_or_init(|| {
        let odds =
            Odds { throttled: 10, conflict: 5, lost_answer: 5, unprocessed: 2, short_page: 2, ..Odds::NEVER };
        let Keys { access_key, secret_key } = &deployed.keys;
        let settings = Settings { odds, ..Settings::in_front_of(&deployed.aws, access_key, secret_key) };
        StrictAws::start(settings).expect("a strict AWS")
    });
    let sdk = deployed.sdk.to_builder().endpoint_url(front.endpoint()).build();
    let deployment = Deployment::new(Clients::new(&sdk), Credentials::of(&sdk), deployed.settings.clone());
    deployment.tables().expect("table names")
}

/// Reads until the result is as expected, because indexes and scans are eventually consistent.
pub async fn eventually<T: PartialEq + Debug>(expected: T, read: impl AsyncFn() -> T) {
    const ATTEMPTS: u32 = 2400;
    let mut found = read().await;
    for _ in 0..ATTEMPTS {
        if found == expected {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        found = read().await;
    }
    assert_eq!(found, expected);
}

/// Bytes that no other row of this process has.
pub fn unique() -> [u8; 10] {
    static ISSUED: AtomicU64 = AtomicU64::new(0);
    let number = ISSUED.fetch_add(1, Ordering::Relaxed).to_be_bytes();
    let mut bytes = [0; 10];
    bytes[2..].copy_from_slice(&number);
    bytes
}

pub fn new_account(now: Timestamp) -> Account {
    let unique = unique();
    sample::account(&format!("user-{}", hex::encode(unique)), unique, now)
}

/// Creates an account.
pub async fn account(tables: &Tables) -> Account {
    let account = new_account(clock::now());
    assert_eq!(tables.create_account(&account).await.expect("a write"), Registered::Done);
    account
}

pub fn upload(account: &Account, path: &str, size: u64) -> Upload {
    sample::upload(account, path, size, unique(), clock::now())
}

/// Begins an upload.
pub async fn begun(tables: &Tables, account: &Account, path: &str, size: u64) -> Upload {
    let upload = upload(account, path, size);
    assert_eq!(tables.begin_upload(&upload, None).await.expect("a write"), Begun::Done);
    upload
}

pub fn blob(account: &Account, content: &[u8]) -> Blob {
    let size_bytes = content.len() as u64;
    let digest = ContentDigest { size_bytes, sha1: Sha1::of(content), sha256: Sha256::of(content) };
    let manifest = Attachment::Inline(vec![0, 1, 255]);
    let blob = Blob::new(account.account_id, &digest, manifest, clock::now());
    Blob { object_key: Some("objects/one".to_owned()), ..blob }
}

pub fn stored(account: &Account, content: &[u8]) -> Outcome {
    let blob = blob(account, content);
    let new_bytes = content.len() as u64;
    Outcome::Stored(Box::new(StoredBlob { blob, packs: Vec::new(), new_bytes, stored_bytes: new_bytes }))
}

pub fn pack(account: &Account) -> Pack {
    let now = clock::now();
    let pack_id = PackId::new(now, unique());
    Pack {
        pack_id,
        account_id: account.account_id,
        life: Life::Live,
        references: 0,
        size: 1 << 40,
        chunk_count: 2,
        index: Attachment::Inline((0..=255).collect()),
        placement: Placement::first(format!("packs/{pack_id}"), 7, 1 << 40),
        former: None,
        created_at: now,
    }
}
