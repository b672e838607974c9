//! Presigned URLs: one request each, for a bounded time, with every header that matters signed.

use aws_config::SdkConfig;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::presigning::{PresignedRequest, PresigningConfig};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use sluice_domain::hash::Sha256;
use sluice_domain::key::ObjectKey;
use sluice_domain::part_plan::PartNumber;
use sluice_domain::time::Timestamp;
use std::collections::BTreeMap;
use std::error::Error;
use std::time::Duration;

use crate::bucket::Bucket;
use crate::call;
use crate::error::StorageError;

/// Seconds kept between the end of a URL and the end of the credentials that signed it.
const CREDENTIALS_MARGIN: Duration = Duration::from_mins(1);

/// The `ETag` of no object.
const NOBODY: &str = "\"none\"";

/// The credentials that sign.
#[derive(Debug, Clone)]
pub struct Credentials(Option<SharedCredentialsProvider>);

impl Credentials {
    /// Those of a configuration.
    pub fn of(config: &SdkConfig) -> Self {
        Self(config.credentials_provider())
    }

    /// These.
    pub fn given(provider: SharedCredentialsProvider) -> Self {
        Self(Some(provider))
    }
}

/// How long URLs may live: a deployment's limit, cut short where the credentials end sooner.
#[derive(Debug, Clone)]
pub struct UrlLife {
    credentials: Credentials,
    longest: Duration,
}

/// A presigned request.
#[derive(Clone)]
pub struct PresignedUrl {
    /// The URL: a capability, never to be logged.
    pub url: String,
    /// The headers that are signed and must be sent.
    pub headers: BTreeMap<String, String>,
    /// When it stops working.
    pub expires_at: Timestamp,
}

/// Whether a PUT may take the place of an object that is there. Some stores ignore the condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PutOf {
    /// It may not (`If-None-Match: *`).
    NewObject,
    /// It may.
    AnyObject,
}

/// What a reader is told about a download.
#[derive(Debug, Clone)]
pub struct Disposition {
    /// The value of `Content-Disposition`.
    pub content_disposition: String,
    /// The value of `Content-Type`.
    pub content_type: String,
}

impl UrlLife {
    /// URLs of at most `longest`.
    pub fn new(credentials: Credentials, longest: Duration) -> Self {
        Self { credentials, longest }
    }

    /// When a URL signed `now` may end at the latest. `limit` is the end of what the URL is for.
    ///
    /// Lambda's own credentials come without an expiry; they outlive any URL of at most an hour, which is why
    /// `longest` is to stay at that.
    pub async fn end(&self, now: Timestamp, limit: Option<Timestamp>) -> Result<Timestamp, StorageError> {
        let mut end = now.after(self.longest);
        if let Some(provider) = &self.credentials.0 {
            let credentials = provider.provide_credentials().await;
            let credentials = credentials.map_err(|error| StorageError::unavailable("credentials", error))?;
            if let Some(expiry) = credentials.expiry() {
                end = end.min(Timestamp::from(expiry - CREDENTIALS_MARGIN));
            }
        }
        Ok(limit.map_or(end, |limit| end.min(limit)))
    }
}

fn presigning(now: Timestamp, end: Timestamp) -> Result<PresigningConfig, StorageError> {
    let start = std::time::UNIX_EPOCH + Duration::from_millis(now.unix_milliseconds());
    PresigningConfig::builder()
        .start_time(start)
        .expires_in(now.until(end).max(Duration::from_secs(1)))
        .build()
        .map_err(|error| StorageError::fault("presign", error))
}

async fn presigned<E>(
    request: impl Future<Output = Result<PresignedRequest, SdkError<E>>>,
    expires_at: Timestamp,
) -> Result<PresignedUrl, StorageError>
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    let request = call::read("presign", request).await?;
    let headers = request.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    Ok(PresignedUrl { url: request.uri().to_owned(), headers, expires_at })
}

impl Bucket {
    /// Signs a condition that no copy meets, for stores that would take the source of a copy unsigned. A PUT of a body knows
    /// no such condition, and is not hindered.
    fn no_copy(&self) -> impl Fn(&mut HttpRequest) + Send + Sync + 'static {
        let header = self.dialect.obeys_unsigned_headers.then(|| self.dialect.copy_condition_header());
        move |request| {
            if let Some(header) = header {
                request.headers_mut().insert(header, NOBODY);
            }
        }
    }

    /// A URL that PUTs the whole object: `size` bytes, and with this SHA-256 if it is given.
    pub async fn presign_put(
        &self,
        key: &ObjectKey,
        size: u64,
        sha256: Option<&Sha256>,
        put_of: PutOf,
        now: Timestamp,
        end: Timestamp,
    ) -> Result<PresignedUrl, StorageError> {
        let request = self
            .client
            .put_object()
            .bucket(&self.name)
            .key(key.as_str())
            .content_length(size.cast_signed())
            .set_checksum_sha256(sha256.map(Sha256::to_base64))
            .set_if_none_match((put_of == PutOf::NewObject).then(|| "*".to_owned()))
            .customize()
            .mutate_request(self.no_copy());
        presigned(request.presigned(presigning(now, end)?), end).await
    }

    /// A URL that PUTs one part: `size` bytes, and with this SHA-256 if it is given.
    #[expect(clippy::too_many_arguments, reason = "each is one thing that is signed")]
    pub async fn presign_part(
        &self,
        key: &ObjectKey,
        multipart_id: &str,
        part: PartNumber,
        size: u64,
        sha256: Option<&Sha256>,
        now: Timestamp,
        end: Timestamp,
    ) -> Result<PresignedUrl, StorageError> {
        let request = self
            .client
            .upload_part()
            .bucket(&self.name)
            .key(key.as_str())
            .upload_id(multipart_id)
            .part_number(part.get().cast_signed())
            .content_length(size.cast_signed())
            .set_checksum_sha256(sha256.filter(|_| self.dialect.part_sha256).map(Sha256::to_base64))
            .customize()
            .mutate_request(self.no_copy());
        presigned(request.presigned(presigning(now, end)?), end).await
    }

    /// A URL that GETs the object, with the reader's own name and type for it.
    pub async fn presign_get(
        &self,
        key: &ObjectKey,
        disposition: &Disposition,
        now: Timestamp,
        end: Timestamp,
    ) -> Result<PresignedUrl, StorageError> {
        let request = self
            .client
            .get_object()
            .bucket(&self.name)
            .key(key.as_str())
            .response_content_disposition(&disposition.content_disposition)
            .response_content_type(&disposition.content_type);
        presigned(request.presigned(presigning(now, end)?), end).await
    }

    /// A URL that GETs the object or ranges of it, as it is.
    pub async fn presign_read(
        &self,
        key: &ObjectKey,
        now: Timestamp,
        end: Timestamp,
    ) -> Result<PresignedUrl, StorageError> {
        let request = self.client.get_object().bucket(&self.name).key(key.as_str());
        presigned(request.presigned(presigning(now, end)?), end).await
    }

    /// Like [`Bucket::presign_get`], for a HEAD request.
    pub async fn presign_head(
        &self,
        key: &ObjectKey,
        disposition: &Disposition,
        now: Timestamp,
        end: Timestamp,
    ) -> Result<PresignedUrl, StorageError> {
        let request = self
            .client
            .head_object()
            .bucket(&self.name)
            .key(key.as_str())
            .response_content_disposition(&disposition.content_disposition)
            .response_content_type(&disposition.content_type);
        presigned(request.presigned(presigning(now, end)?), end).await
    }
}
