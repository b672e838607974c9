//! The store that the behaviours are tried on.

use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::primitives::ByteStream;
use bytes::Bytes;
use sluice_domain::key::ObjectKey;
use sluice_domain::part_plan::PartNumber;
use sluice_localstack::stores::{LocalStore, WebhookSettings};
use sluice_storage::stores::StoreKind;
use sluice_storage::{Bucket, GetOptions, MultipartOptions, PutOptions, StorageError, StoredPart, found};

/// An observation in a word or two, or why it could not be made.
pub type Observation = Result<String, Box<dyn std::error::Error + Send + Sync>>;

/// The smallest size in bytes that S3 allows for all parts but the last.
pub const PART_BYTES: usize = 5 << 20;

/// One bucket of one store.
pub struct TestStore {
    /// The store's name in the table.
    pub label: String,
    /// The kind that the store is registered as.
    pub kind: StoreKind,
    /// The bucket as the functions use it.
    pub bucket: Bucket,
    /// A raw SDK client without retries, for calls that no function makes.
    pub client: aws_sdk_s3::Client,
    /// A raw SDK client with the SDK's default checksums.
    pub default_client: aws_sdk_s3::Client,
    pub access_key: String,
    /// A plain HTTP client.
    pub http: reqwest::Client,
    /// The bucket's URL, without a trailing slash.
    pub address: String,
    /// What the bucket can notify of new objects.
    pub notification_target: NotificationTarget,
}

/// What a bucket can notify of new objects.
pub enum NotificationTarget {
    /// The queue with this ARN.
    Queue(String),
    /// A webhook, with the store that can notify it.
    Webhook(Box<LocalStore>, WebhookSettings),
}

impl TestStore {
    pub fn name(&self) -> &str {
        self.bucket.name()
    }

    /// Writes an object as the functions do.
    pub async fn put(&self, key: &ObjectKey, bytes: &[u8]) -> Result<(), StorageError> {
        self.bucket.put(key, Bytes::copy_from_slice(bytes), PutOptions::default()).await.map(drop)
    }

    /// Reads an object as the functions do; nothing if there is none.
    pub async fn bytes(&self, key: &ObjectKey) -> Result<Option<Bytes>, StorageError> {
        let object = found(self.bucket.get(key, GetOptions::whole()).await)?;
        Ok(object.map(|object| object.bytes))
    }

    /// A raw PUT, not yet sent.
    pub fn raw_put(
        &self,
        key: &ObjectKey,
        bytes: &[u8],
    ) -> aws_sdk_s3::operation::put_object::builders::PutObjectFluentBuilder {
        let request = self.client.put_object().bucket(self.name()).key(key.as_str());
        request.body(ByteStream::from(bytes.to_vec()))
    }

    pub async fn etag(&self, key: &ObjectKey) -> Result<String, Box<dyn std::error::Error + Send + Sync>> {
        Ok(self.bucket.head(key).await?.ok_or("the object is not there")?.etag)
    }

    /// Starts a multipart upload and sends parts of these sizes. Does not complete it.
    pub async fn upload(
        &self,
        key: &ObjectKey,
        sizes: &[usize],
    ) -> Result<(String, Vec<StoredPart>), Box<dyn std::error::Error + Send + Sync>> {
        let id = self.bucket.create_multipart(key, MultipartOptions::default()).await?;
        for (index, size) in sizes.iter().enumerate() {
            let bytes = sluice_tests::bytes(index as u64, *size);
            self.bucket.upload_part(key, &id, part_number(index + 1), bytes.into()).await?;
        }
        let parts = self.bucket.list_parts(key, &id).await?.ok_or("the upload is not there")?;
        Ok((id, parts))
    }
}

/// The key of an object that only one behaviour uses.
pub fn test_key(name: &str) -> ObjectKey {
    ObjectKey::from_stored(format!("behaviours/{name}"))
}

pub fn part_number(number: usize) -> PartNumber {
    PartNumber::try_from(number as u32).expect("at most 10000")
}

/// "yes" if one of our calls succeeded, or the kind of its error.
pub fn outcome<T>(result: Result<T, StorageError>) -> String {
    result.map_or_else(|error| error.kind.as_str().replace('_', " "), |_| "yes".to_owned())
}

/// "yes" if a raw call succeeded, or the code of the refusal.
pub fn raw_outcome<T, E, R>(result: Result<T, SdkError<E, R>>) -> String
where
    E: ProvideErrorMetadata,
    R: std::fmt::Debug,
{
    let Err(error) = result else { return "yes".to_owned() };
    let code = error.as_service_error().and_then(ProvideErrorMetadata::code);
    code.unwrap_or("no answer").to_owned()
}

/// Replaces "yes" where success means that the store ignored a condition.
pub fn or_ignored(outcome: String) -> String {
    if outcome == "yes" { "ignored".to_owned() } else { outcome }
}

/// "yes" if the condition holds, or what happened instead.
#[expect(clippy::unnecessary_wraps, reason = "most behaviours end with it")]
pub fn yes_if(holds: bool, otherwise: impl Into<String>) -> Observation {
    Ok(if holds { "yes".to_owned() } else { otherwise.into() })
}
