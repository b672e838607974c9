//! A store as the behaviours see it.

use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::primitives::ByteStream;
use bytes::Bytes;
use sluice_domain::key::ObjectKey;
use sluice_domain::part_plan::PartNumber;
use sluice_localstack::stores::{LocalStore, WebhookSettings};
use sluice_storage::bucket::StoredPart;
use sluice_storage::stores::StoreKind;
use sluice_storage::{Bucket, StorageError};

/// What was found, in a word or two.
pub type Found = Result<String, Box<dyn std::error::Error + Send + Sync>>;

/// The least size in bytes that S3 allows for all parts but the last.
pub const PART_BYTES: usize = 5 << 20;

/// One bucket of one store.
pub struct Place {
    /// How the table calls the store.
    pub label: String,
    /// As which kind it is registered.
    pub kind: StoreKind,
    /// The bucket as a function has it.
    pub bucket: Bucket,
    /// The same for questions that no function asks: an SDK client that does not try again.
    pub client: aws_sdk_s3::Client,
    /// The same with the SDK's own settings for checksums.
    pub default_client: aws_sdk_s3::Client,
    /// What speaks plain HTTP.
    pub http: reqwest::Client,
    /// Where the bucket answers, without a trailing slash.
    pub address: String,
    /// To whom new objects can be announced.
    pub announcing: Announcing,
}

/// To whom a bucket announces its new objects.
pub enum Announcing {
    /// The queue with this ARN.
    Queue(String),
    /// A webhook of a store that runs here.
    Webhook(Box<LocalStore>, WebhookSettings),
}

impl Place {
    /// The bucket's name.
    pub fn name(&self) -> &str {
        self.bucket.name()
    }

    /// Writes an object of these bytes.
    pub async fn put(&self, key: &ObjectKey, bytes: &[u8]) -> Result<(), StorageError> {
        self.bucket.put(key, Bytes::copy_from_slice(bytes)).await
    }

    /// A raw PUT.
    pub fn raw_put(
        &self,
        key: &ObjectKey,
        bytes: &[u8],
    ) -> aws_sdk_s3::operation::put_object::builders::PutObjectFluentBuilder {
        let request = self.client.put_object().bucket(self.name()).key(key.as_str());
        request.body(ByteStream::from(bytes.to_vec()))
    }

    /// The object's `ETag`.
    pub async fn etag(&self, key: &ObjectKey) -> Result<String, Box<dyn std::error::Error + Send + Sync>> {
        Ok(self.bucket.head(key).await?.ok_or("the object is not there")?.etag)
    }

    /// A multipart upload with parts of these sizes, which is not completed.
    pub async fn upload(
        &self,
        key: &ObjectKey,
        sizes: &[usize],
    ) -> Result<(String, Vec<StoredPart>), Box<dyn std::error::Error + Send + Sync>> {
        let id = self.bucket.create_multipart(key, false).await?;
        for (index, size) in sizes.iter().enumerate() {
            let bytes = sluice_tests::bytes(index as u64, *size);
            self.bucket.upload_part(key, &id, number(index + 1), bytes.into()).await?;
        }
        let parts = self.bucket.list_parts(key, &id).await?.ok_or("the upload is not there")?;
        Ok((id, parts))
    }
}

/// The key of an object that one behaviour uses.
pub fn named(name: &str) -> ObjectKey {
    ObjectKey::from_stored(format!("behaviours/{name}"))
}

/// The part of this number.
pub fn number(number: usize) -> PartNumber {
    PartNumber::try_from(number as u32).expect("at most 10000")
}

/// Whether a call of ours went well, or what its error means.
pub fn said<T>(result: Result<T, StorageError>) -> String {
    result.map_or_else(|error| error.kind.as_str().replace('_', " "), |_| "yes".to_owned())
}

/// Whether a raw call went well, or with which code or status it was refused.
pub fn code<T, E, R>(result: Result<T, SdkError<E, R>>) -> String
where
    E: ProvideErrorMetadata,
    R: std::fmt::Debug,
{
    let Err(error) = result else { return "yes".to_owned() };
    let code = error.as_service_error().and_then(ProvideErrorMetadata::code);
    code.unwrap_or("no answer").to_owned()
}

/// The same where going well means that a condition was not looked at.
pub fn or_ignored(word: String) -> String {
    if word == "yes" { "ignored".to_owned() } else { word }
}

/// "yes", or what happened in place of what should.
#[expect(clippy::unnecessary_wraps, reason = "most behaviours end with it")]
pub fn yes_if(holds: bool, otherwise: impl Into<String>) -> Found {
    Ok(if holds { "yes".to_owned() } else { otherwise.into() })
}
