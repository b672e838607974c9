//! Observes presigned PUTs with an added header that turns them into copies of objects which the client may
//! not read.
//!
//! On Amazon S3 every `x-amz-` header must be signed. For stores that do not require this, our URLs prevent
//! copies: they sign a condition on the source that no object meets and that a PUT ignores.

use aws_sdk_s3::presigning::{PresignedRequest, PresigningConfig};
use reqwest::Method;
use sluice_domain::key::ObjectKey;
use sluice_storage::MultipartOptions;
use sluice_storage::presign::{PartAddress, PresignedUrl, PutOf};
use std::time::Duration;

use crate::presigned::{self, body};
use crate::test_store::{Observation, TestStore, part_number, test_key};

/// Another user's object in the bucket.
const THEIRS: &[u8] = b"their bytes";

/// A presigned URL and the headers that must be sent with it.
struct Signed {
    url: String,
    headers: Vec<(String, String)>,
}

impl From<PresignedRequest> for Signed {
    fn from(request: PresignedRequest) -> Self {
        let headers = request.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Self { url: request.uri().to_owned(), headers }
    }
}

impl From<PresignedUrl> for Signed {
    fn from(url: PresignedUrl) -> Self {
        Self { url: url.url, headers: url.headers.into_iter().collect() }
    }
}

const MINUTES: Duration = Duration::from_mins(5);

fn minutes() -> PresigningConfig {
    PresigningConfig::expires_in(MINUTES).expect("less than a week")
}

/// Who presigns a URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Signer {
    /// The functions' own code.
    Functions,
    /// The SDK alone.
    Sdk,
}

/// Presigns a PUT of 5 bytes.
async fn url(store: &TestStore, key: &ObjectKey, signer: Signer) -> Result<Signed, String> {
    if signer == Signer::Functions {
        let url = store.bucket.presign_put(key, body(None), PutOf::AnyObject, presigned::minutes()).await;
        return url.map(Signed::from).map_err(|error| error.to_string());
    }
    let request = store.client.put_object().bucket(store.name()).key(key.as_str()).content_length(5);
    request.presigned(minutes()).await.map(Signed::from).map_err(|error| format!("{error:?}"))
}

/// Presigns a PUT of the first part of an upload.
async fn part_url(store: &TestStore, key: &ObjectKey, id: &str, signer: Signer) -> Result<Signed, String> {
    if signer == Signer::Functions {
        let part = PartAddress { key, multipart_id: id, number: part_number(1) };
        let url = store.bucket.presign_part(part, body(None), presigned::minutes()).await;
        return url.map(Signed::from).map_err(|error| error.to_string());
    }
    let request = store.client.upload_part().bucket(store.name()).key(key.as_str()).upload_id(id);
    let request = request.part_number(1).content_length(5).presigned(minutes()).await;
    request.map(Signed::from).map_err(|error| format!("{error:?}"))
}

/// Sends 5 bytes, with the header that turns the PUT into a copy. Returns the status of a refusal.
async fn send(
    store: &TestStore,
    url: &Signed,
    source: Option<&ObjectKey>,
) -> Result<Option<String>, reqwest::Error> {
    let mut request = store.http.request(Method::PUT, &url.url).body("bytes");
    for (name, value) in url.headers.iter().filter(|(name, _)| *name != "content-length") {
        request = request.header(name, value);
    }
    if let Some(source) = source {
        request = request.header("x-amz-copy-source", format!("/{}/{source}", store.name()));
        if url.url.contains("partNumber=") {
            request = request.header("x-amz-copy-source-range", format!("bytes=0-{}", THEIRS.len() - 1));
        }
    }
    let status = request.send().await?.status();
    Ok((!status.is_success()).then(|| status.as_u16().to_string()))
}

/// Whether the new object is a copy.
async fn copied_or_not(store: &TestStore, key: &ObjectKey) -> Observation {
    let body = store.bytes(key).await?.ok_or("no object")?;
    Ok(if body == THEIRS { "copied" } else { "disregarded" }.to_owned())
}

async fn try_object(store: &TestStore, name: &str, signer: Signer) -> Observation {
    let key = test_key(name);
    let theirs = test_key("theirs");
    store.put(&theirs, THEIRS).await?;
    let url = url(store, &key, signer).await?;
    match send(store, &url, Some(&theirs)).await? {
        Some(status) => Ok(status),
        None => copied_or_not(store, &key).await,
    }
}

async fn try_part(store: &TestStore, name: &str, signer: Signer) -> Observation {
    let key = test_key(name);
    let theirs = test_key("theirs");
    store.put(&theirs, THEIRS).await?;
    let id = store.bucket.create_multipart(&key, MultipartOptions::default()).await?;
    let url = part_url(store, &key, &id, signer).await?;
    if let Some(status) = send(store, &url, Some(&theirs)).await? {
        store.bucket.abort_multipart(&key, &id).await?;
        return Ok(status);
    }
    let parts = store.bucket.list_parts(&key, &id).await?.ok_or("no upload")?;
    assert_eq!(parts[0].number, part_number(1));
    store.bucket.complete_multipart(&key, &id, &parts).await?;
    copied_or_not(store, &key).await
}

pub async fn object(store: &TestStore) -> Observation {
    try_object(store, "copy-source-added", Signer::Sdk).await
}

pub async fn part(store: &TestStore) -> Observation {
    try_part(store, "copy-source-added-to-part", Signer::Sdk).await
}

pub async fn object_of_ours(store: &TestStore) -> Observation {
    try_object(store, "copy-source-to-ours", Signer::Functions).await
}

pub async fn part_of_ours(store: &TestStore) -> Observation {
    try_part(store, "copy-source-to-part-of-ours", Signer::Functions).await
}

/// Whether a normal PUT works with a URL of ours.
pub async fn honest(store: &TestStore) -> Observation {
    let url = url(store, &test_key("put-of-ours"), Signer::Functions).await?;
    Ok(send(store, &url, None).await?.unwrap_or_else(|| "yes".to_owned()))
}

/// Whether a normal PUT of a part works with a URL of ours.
pub async fn honest_part(store: &TestStore) -> Observation {
    let key = test_key("part-of-ours");
    let id = store.bucket.create_multipart(&key, MultipartOptions::default()).await?;
    let url = part_url(store, &key, &id, Signer::Functions).await?;
    let outcome = send(store, &url, None).await?.unwrap_or_else(|| "yes".to_owned());
    store.bucket.abort_multipart(&key, &id).await?;
    Ok(outcome)
}
