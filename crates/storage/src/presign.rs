//! Signs URLs. Each allows one request for a limited time, with every header that matters signed.

use aws_credential_types::provider::ProvideCredentials;
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
pub use crate::credentials::Credentials;
use crate::error::StorageError;

/// The time that is left between the end of a URL and the end of the credentials that signed it.
const CREDENTIALS_MARGIN: Duration = Duration::from_mins(1);

/// An `ETag` that no object has.
const NO_SUCH_ETAG: &str = "\"none\"";

/// The lifetime of URLs: the limit of a deployment, or less where the credentials expire earlier.
#[derive(Debug, Clone)]
pub struct UrlLife {
    credentials: Credentials,
    longest: Duration,
}

/// A URL with the headers that a request by it must have.
#[derive(Clone)]
pub struct PresignedUrl {
    /// The URL. Whoever has it may use it: never log it.
    pub url: String,
    /// The signed headers, which the request must have.
    pub headers: BTreeMap<String, String>,
    /// When the URL expires.
    pub expires_at: Timestamp,
}

/// Whether a PUT may replace an existing object. Some stores ignore the condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PutOf {
    /// It may not replace one (`If-None-Match: *`).
    NewObject,
    /// It may replace an object.
    #[default]
    AnyObject,
}

/// When a URL may be used.
#[derive(Debug, Clone, Copy)]
pub struct Validity {
    pub from: Timestamp,
    pub until: Timestamp,
}

/// The body that a presigned PUT allows.
#[derive(Debug, Clone, Copy)]
pub struct SignedBody<'a> {
    pub size_bytes: u64,
    /// The SHA-256, where it is known before.
    pub sha256: Option<&'a Sha256>,
}

/// A part of a multipart upload.
#[derive(Debug, Clone, Copy)]
pub struct PartAddress<'a> {
    pub key: &'a ObjectKey,
    pub multipart_id: &'a str,
    pub number: PartNumber,
}

/// The headers of a download.
#[derive(Debug, Clone)]
pub struct Disposition {
    pub content_disposition: String,
    pub content_type: String,
}

impl UrlLife {
    pub fn new(credentials: Credentials, longest: Duration) -> Self {
        Self { credentials, longest }
    }

    /// The latest end of a URL signed at `now`. `limit` is the end of what the URL is for.
    ///
    /// Lambda does not report when a function's own credentials expire: [`Clients::signing_as`] has others
    /// sign.
    ///
    /// [`Clients::signing_as`]: crate::Clients::signing_as
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

fn presigning(validity: Validity) -> Result<PresigningConfig, StorageError> {
    let Validity { from, until } = validity;
    let start = std::time::UNIX_EPOCH + Duration::from_millis(from.unix_milliseconds());
    PresigningConfig::builder()
        .start_time(start)
        .expires_in(from.until(until).max(Duration::from_secs(1)))
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
    let request = call::interpret("presign", request.await)?;
    let headers = signed_headers(request.uri(), request.headers());
    Ok(PresignedUrl { url: request.uri().to_owned(), headers, expires_at })
}

/// The headers that the URL signs. On Lambda the SDK adds its trace's, which means nothing to a client, and
/// which a store may refuse because it is not signed.
fn signed_headers<'h>(
    url: &str,
    headers: impl Iterator<Item = (&'h str, &'h str)>,
) -> BTreeMap<String, String> {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    let signed = query.split('&').find_map(|pair| pair.strip_prefix("X-Amz-SignedHeaders="));
    let signed: Vec<&str> = signed.unwrap_or_default().split("%3B").collect();
    let headers = headers.filter(|(name, _)| signed.contains(name));
    headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

impl Bucket {
    /// Signs a condition that no copy meets, for stores that accept an unsigned source of a copy. A PUT with
    /// a body ignores the condition.
    fn no_copy(&self) -> impl Fn(&mut HttpRequest) + Send + Sync + 'static {
        let header = self.dialect.obeys_unsigned_headers.then(|| self.dialect.copy_condition_header());
        move |request| {
            if let Some(header) = header {
                request.headers_mut().insert(header, NO_SUCH_ETAG);
            }
        }
    }

    /// A URL for a PUT of the whole object.
    pub async fn presign_put(
        &self,
        key: &ObjectKey,
        body: SignedBody<'_>,
        put_of: PutOf,
        validity: Validity,
    ) -> Result<PresignedUrl, StorageError> {
        let request = self
            .signer
            .put_object()
            .bucket(&self.name)
            .key(key.as_str())
            .content_length(body.size_bytes.cast_signed())
            .set_checksum_sha256(body.sha256.map(Sha256::to_base64))
            .set_if_none_match((put_of == PutOf::NewObject).then(|| "*".to_owned()))
            .customize()
            .mutate_request(self.no_copy());
        presigned(request.presigned(presigning(validity)?), validity.until).await
    }

    /// A URL for a PUT of one part.
    pub async fn presign_part(
        &self,
        part: PartAddress<'_>,
        body: SignedBody<'_>,
        validity: Validity,
    ) -> Result<PresignedUrl, StorageError> {
        let request = self
            .signer
            .upload_part()
            .bucket(&self.name)
            .key(part.key.as_str())
            .upload_id(part.multipart_id)
            .part_number(part.number.get().cast_signed())
            .content_length(body.size_bytes.cast_signed())
            .set_checksum_sha256(body.sha256.filter(|_| self.dialect.part_sha256).map(Sha256::to_base64))
            .customize()
            .mutate_request(self.no_copy());
        presigned(request.presigned(presigning(validity)?), validity.until).await
    }

    /// A URL for a GET of the object that sets the reader's name and type for it.
    pub async fn presign_get(
        &self,
        key: &ObjectKey,
        disposition: &Disposition,
        validity: Validity,
    ) -> Result<PresignedUrl, StorageError> {
        let request = self
            .signer
            .get_object()
            .bucket(&self.name)
            .key(key.as_str())
            .response_content_disposition(&disposition.content_disposition)
            .response_content_type(&disposition.content_type);
        presigned(request.presigned(presigning(validity)?), validity.until).await
    }

    /// A URL for a GET of the object or of ranges of it.
    pub async fn presign_read(
        &self,
        key: &ObjectKey,
        validity: Validity,
    ) -> Result<PresignedUrl, StorageError> {
        let request = self.signer.get_object().bucket(&self.name).key(key.as_str());
        presigned(request.presigned(presigning(validity)?), validity.until).await
    }

    /// Like [`Bucket::presign_get`], for a HEAD request.
    pub async fn presign_head(
        &self,
        key: &ObjectKey,
        disposition: &Disposition,
        validity: Validity,
    ) -> Result<PresignedUrl, StorageError> {
        let request = self
            .signer
            .head_object()
            .bucket(&self.name)
            .key(key.as_str())
            .response_content_disposition(&disposition.content_disposition)
            .response_content_type(&disposition.content_type);
        presigned(request.presigned(presigning(validity)?), validity.until).await
    }
}

#[cfg(test)]
mod tests {
    use super::signed_headers;
    use std::collections::BTreeMap;

    #[test]
    fn a_plan_has_no_header_that_its_url_does_not_sign() {
        let url =
            "https://s3/b/k?X-Amz-Expires=60&X-Amz-SignedHeaders=content-length%3Bhost&X-Amz-Signature=0";
        let headers = [("content-length", "5"), ("x-amzn-trace-id", "Root=1-0-0")];
        let expected = BTreeMap::from([("content-length".to_owned(), "5".to_owned())]);
        assert_eq!(signed_headers(url, headers.into_iter()), expected);
    }
}
