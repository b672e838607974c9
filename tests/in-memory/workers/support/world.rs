//! A deployment with one account.

use bytes::Bytes;
use serde_json::json;
use sluice_contracts::event::UploadEvent;
use sluice_deployment::{Deployment, clock};
use sluice_domain::account::Account;
use sluice_domain::id::{AccountId, PackId};
use sluice_domain::key::ObjectKey;
use sluice_domain::upload::Upload;
use sluice_in_memory::tables::Attribute;
use sluice_in_memory::{Services, sample};
use sluice_storage::presign::{PutOf, SignedBody, Validity};
use sluice_storage::tables::{Begun, Registered};
use sluice_storage::{Bucket, GetOptions, PutOptions, Tables};
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

const CONDEMNED: Attribute<'_> = Attribute { name: "life", text: "condemned" };

/// Services in memory with an account, and what tests prepare and look at.
pub struct World {
    pub services: Services,
    pub deployment: Deployment,
    pub tables: Tables,
    pub landing: Bucket,
    pub vault: Bucket,
    pub cache: Bucket,
    pub account: Account,
    pub account_id: AccountId,
    /// How many ids were given to uploads and accounts.
    ids: AtomicU8,
}

impl World {
    pub async fn new() -> Self {
        Self::with_settings(&[]).await
    }

    /// A world where some settings differ.
    pub async fn with_settings(others: &[(&str, &str)]) -> Self {
        let services = Services::default();
        let mut settings = sluice_in_memory::settings();
        settings.extend(others.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let deployment = services.deployment_with(settings);
        let tables = deployment.tables().expect("tables");
        let account = sample::account("ada", [0; 10], clock::now());
        assert_eq!(tables.create_account(&account).await.expect("an account"), Registered::Done);
        Self {
            tables,
            landing: deployment.landing().expect("a bucket"),
            vault: deployment.vault().expect("a bucket"),
            cache: deployment.cache().expect("a bucket"),
            account_id: account.account_id,
            account,
            ids: AtomicU8::new(1),
            services,
            deployment,
        }
    }

    pub async fn register(&self, name: &str) -> Account {
        let account = sample::account(name, self.next_id(), clock::now());
        let registered = self.tables.create_account(&account).await.expect("an account");
        assert_eq!(registered, Registered::Done, "{name}");
        account
    }

    fn next_id(&self) -> [u8; 10] {
        [self.ids.fetch_add(1, Ordering::Relaxed); 10]
    }

    /// An upload as init-upload would begin it, to be changed and begun.
    pub fn new_upload(&self, path: &str, size: u64) -> Upload {
        self.new_upload_of(&self.account, path, size)
    }

    pub fn new_upload_of(&self, account: &Account, path: &str, size: u64) -> Upload {
        sample::upload(account, path, size, self.next_id(), clock::now())
    }

    pub async fn begin(&self, upload: &Upload) {
        assert_eq!(self.tables.begin_upload(upload, None).await.expect("an upload"), Begun::Done);
    }

    /// Begins an upload and sends its bytes.
    pub async fn land(&self, upload: &Upload, content: &[u8]) {
        self.begin(upload).await;
        self.put_landed(upload, content).await;
    }

    /// Begins an upload of these bytes, sends them, and notifies the worker.
    pub async fn send(&self, path: &str, content: &[u8]) -> Upload {
        let upload = self.new_upload(path, content.len() as u64);
        self.land(&upload, content).await;
        self.notify(&upload).await;
        upload
    }

    pub async fn put_landed(&self, upload: &Upload, content: &[u8]) {
        let key = upload.landing_key().object_key();
        self.landing.put(&key, Bytes::copy_from_slice(content), PutOptions::default()).await.expect("a PUT");
    }

    /// Sends the bytes by a presigned URL, with headers that it does not sign.
    pub async fn put_by_url(&self, upload: &Upload, content: &[u8], unsigned: &[(&str, &str)]) {
        let body = SignedBody { size_bytes: content.len() as u64, sha256: None };
        let validity = Validity { from: clock::now(), until: clock::now().after(Duration::from_mins(5)) };
        let key = upload.landing_key().object_key();
        let url = self.landing.presign_put(&key, body, PutOf::AnyObject, validity).await.expect("a URL");
        let signed = url.headers.iter().map(|(name, value)| (&**name, &**value));
        let request = http::Request::put(&url.url).header("host", "127.0.0.1");
        let request = signed
            .filter(|(name, _)| *name != "host")
            .chain(unsigned.iter().copied())
            .fold(request, |request, (name, value)| request.header(name, value));
        let body = s3s::Body::from(Bytes::copy_from_slice(content));
        let answer = self.services.buckets.service().call(request.body(body).expect("a request")).await;
        let answer = answer.expect("an answer");
        assert!(answer.status().is_success(), "{answer:?}");
    }

    /// The event that the landing bucket sends for the object.
    pub fn notification(upload: &Upload) -> String {
        let record = json!({
            "eventSource": "aws:s3",
            "eventName": "ObjectCreated:Put",
            "s3": { "object": { "key": upload.landing_key().to_string() } },
        });
        json!({ "Records": [record] }).to_string()
    }

    /// The event that other functions send for an upload whose bytes have landed.
    pub fn received(upload: &Upload) -> String {
        let Upload { account_id, upload_id, .. } = *upload;
        UploadEvent::UploadReceived { account_id, upload_id }.to_json()
    }

    pub async fn notify(&self, upload: &Upload) {
        self.send_to("landing", &Self::notification(upload)).await;
    }

    pub async fn send_to(&self, queue: &str, body: &str) {
        let clients = sluice_storage::Clients::new(&self.services.sdk());
        sluice_storage::Queue::new(&clients, queue).send(body).await.expect("a message");
    }

    /// Condemns a blob, as a collector would.
    pub async fn condemn_blob(&self, content: &[u8]) {
        let blob_id = self.blob(content).await.expect("a blob").blob_id;
        let key = Attribute { name: "blob_id", text: &blob_id };
        self.services.tables.set_text("sluice-blobs", key, CONDEMNED);
    }

    /// Overwrites an object of the vault, to damage it.
    pub async fn damage(&self, key: &str) {
        let key = ObjectKey::from_stored(key);
        let mut bytes = self.vault.get(&key, GetOptions::whole()).await.expect("an object").bytes.to_vec();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        self.overwrite(key.as_str(), &bytes).await;
    }

    pub async fn overwrite(&self, key: &str, bytes: &[u8]) {
        let key = ObjectKey::from_stored(key);
        self.vault.put(&key, Bytes::copy_from_slice(bytes), PutOptions::default()).await.expect("a PUT");
    }
}

/// Condemns a pack, as a collector would.
pub fn condemn_pack(services: &Services, pack: PackId) {
    let key = Attribute { name: "pack_id", text: &pack.to_string() };
    services.tables.set_text("sluice-packs", key, CONDEMNED);
}
