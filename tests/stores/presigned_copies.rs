//! Presigned PUTs to which somebody adds a header that makes copies of them, of what they may not read.
//!
//! On Amazon S3 every `x-amz-` header must be signed. Where it need not be, our URLs rule copies out: they sign a condition
//! on the source that no object meets, which a PUT has no use for.

use aws_sdk_s3::presigning::{PresignedRequest, PresigningConfig};
use reqwest::Method;
use sluice_domain::key::ObjectKey;
use sluice_lambda::clock;
use sluice_storage::presign::{PresignedUrl, PutOf};
use std::time::Duration;

use crate::place::{Found, Place, named, number};

/// What somebody else keeps in the bucket.
const THEIRS: &[u8] = b"their bytes";
/// A signed request: a URL, and what must be sent with it.
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

/// A URL that PUTs 5 bytes: one of ours, or a plain one.
async fn url(place: &Place, key: &ObjectKey, ours: bool) -> Result<Signed, String> {
    if ours {
        let now = clock::now();
        let url = place.bucket.presign_put(key, 5, None, PutOf::AnyObject, now, now.after(MINUTES)).await;
        return url.map(Signed::from).map_err(|error| error.to_string());
    }
    let request = place.client.put_object().bucket(place.name()).key(key.as_str()).content_length(5);
    request.presigned(minutes()).await.map(Signed::from).map_err(|error| format!("{error:?}"))
}

/// The same for the first part of an upload.
async fn part_url(place: &Place, key: &ObjectKey, id: &str, ours: bool) -> Result<Signed, String> {
    if ours {
        let now = clock::now();
        let url = place.bucket.presign_part(key, id, number(1), 5, None, now, now.after(MINUTES)).await;
        return url.map(Signed::from).map_err(|error| error.to_string());
    }
    let request = place.client.upload_part().bucket(place.name()).key(key.as_str()).upload_id(id);
    let request = request.part_number(1).content_length(5).presigned(minutes()).await;
    request.map(Signed::from).map_err(|error| format!("{error:?}"))
}

/// Sends 5 bytes, and the header that makes a copy of it. Gives the status if it was refused.
async fn send(
    place: &Place,
    url: &Signed,
    source: Option<&ObjectKey>,
) -> Result<Option<String>, reqwest::Error> {
    let mut request = place.http.request(Method::PUT, &url.url).body("bytes");
    for (name, value) in url.headers.iter().filter(|(name, _)| *name != "content-length") {
        request = request.header(name, value);
    }
    if let Some(source) = source {
        request = request.header("x-amz-copy-source", format!("/{}/{source}", place.name()));
        if url.url.contains("partNumber=") {
            request = request.header("x-amz-copy-source-range", format!("bytes=0-{}", THEIRS.len() - 1));
        }
    }
    let status = request.send().await?.status();
    Ok((!status.is_success()).then(|| status.as_u16().to_string()))
}

/// Whether what was made is a copy.
async fn made(place: &Place, key: &ObjectKey) -> Found {
    let body = place.bucket.get(key).await?.ok_or("no object")?;
    Ok(if body == THEIRS { "copied" } else { "disregarded" }.to_owned())
}

async fn try_object(place: &Place, name: &str, ours: bool) -> Found {
    let (key, theirs) = (named(name), named("theirs"));
    place.put(&theirs, THEIRS).await?;
    let url = url(place, &key, ours).await?;
    match send(place, &url, Some(&theirs)).await? {
        Some(status) => Ok(status),
        None => made(place, &key).await,
    }
}

async fn try_part(place: &Place, name: &str, ours: bool) -> Found {
    let (key, theirs) = (named(name), named("theirs"));
    place.put(&theirs, THEIRS).await?;
    let id = place.bucket.create_multipart(&key, false).await?;
    let url = part_url(place, &key, &id, ours).await?;
    if let Some(status) = send(place, &url, Some(&theirs)).await? {
        place.bucket.abort_multipart(&key, &id).await?;
        return Ok(status);
    }
    let parts = place.bucket.list_parts(&key, &id).await?.ok_or("no upload")?;
    assert_eq!(parts[0].number, number(1));
    place.bucket.complete_multipart(&key, &id, &parts).await?;
    made(place, &key).await
}

pub async fn object(place: &Place) -> Found {
    try_object(place, "copy-source-added", false).await
}

pub async fn part(place: &Place) -> Found {
    try_part(place, "copy-source-added-to-part", false).await
}

pub async fn object_of_ours(place: &Place) -> Found {
    try_object(place, "copy-source-to-ours", true).await
}

pub async fn part_of_ours(place: &Place) -> Found {
    try_part(place, "copy-source-to-part-of-ours", true).await
}

/// Whether an honest PUT works with a URL of ours.
pub async fn honest(place: &Place) -> Found {
    let url = url(place, &named("put-of-ours"), true).await?;
    Ok(send(place, &url, None).await?.unwrap_or_else(|| "yes".to_owned()))
}

/// The same of a part.
pub async fn honest_part(place: &Place) -> Found {
    let key = named("part-of-ours");
    let id = place.bucket.create_multipart(&key, false).await?;
    let url = part_url(place, &key, &id, true).await?;
    let found = send(place, &url, None).await?.unwrap_or_else(|| "yes".to_owned());
    place.bucket.abort_multipart(&key, &id).await?;
    Ok(found)
}
