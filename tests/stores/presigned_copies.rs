//! Presigned PUTs to which somebody adds a header that makes copies of them, of what they may not read.
//!
//! On Amazon S3 every `x-amz-` header must be signed. Where it need not be, a URL can rule copies out: it signs a
//! condition on the source that no object meets, which a PUT has no use for.

use aws_sdk_s3::presigning::{PresignedRequest, PresigningConfig};
use reqwest::Method;
use sluice_domain::key::ObjectKey;
use sluice_storage::stores::StoreKind;
use std::time::Duration;

use crate::place::{Found, Place, named, number};

/// What somebody else keeps in the bucket.
const THEIRS: &[u8] = b"their bytes";
/// An `ETag` that no object has.
const NOBODY: &str = "\"none\"";

/// The store's header for a condition on a copy's source.
fn condition(place: &Place) -> &'static str {
    match place.kind {
        StoreKind::Ceph => "x-amz-copy-if-match",
        _ => "x-amz-copy-source-if-match",
    }
}

fn minutes() -> PresigningConfig {
    PresigningConfig::expires_in(Duration::from_mins(5)).expect("less than a week")
}

/// A URL that PUTs 5 bytes, with or without a condition.
async fn url(place: &Place, key: &ObjectKey, conditional: bool) -> Result<PresignedRequest, String> {
    let condition = conditional.then(|| condition(place));
    let request = place.client.put_object().bucket(place.name()).key(key.as_str()).content_length(5);
    let request = request.customize().mutate_request(move |request| {
        if let Some(name) = condition {
            request.headers_mut().insert(name, NOBODY);
        }
    });
    request.presigned(minutes()).await.map_err(|error| format!("{error:?}"))
}

/// The same for the first part of an upload.
async fn part_url(
    place: &Place,
    key: &ObjectKey,
    id: &str,
    conditional: bool,
) -> Result<PresignedRequest, String> {
    let condition = conditional.then(|| condition(place));
    let request = place.client.upload_part().bucket(place.name()).key(key.as_str()).upload_id(id);
    let request = request.part_number(1).content_length(5).customize().mutate_request(move |request| {
        if let Some(name) = condition {
            request.headers_mut().insert(name, NOBODY);
        }
    });
    request.presigned(minutes()).await.map_err(|error| format!("{error:?}"))
}

/// Sends 5 bytes, and the header that makes a copy of it. Gives the status if it was refused.
async fn send(
    place: &Place,
    url: &PresignedRequest,
    source: Option<&ObjectKey>,
) -> Result<Option<String>, reqwest::Error> {
    let mut request = place.http.request(Method::PUT, url.uri()).body("bytes");
    for (name, value) in url.headers().filter(|(name, _)| *name != "content-length") {
        request = request.header(name, value);
    }
    if let Some(source) = source {
        request = request.header("x-amz-copy-source", format!("/{}/{source}", place.name()));
    }
    let status = request.send().await?.status();
    Ok((!status.is_success()).then(|| status.as_u16().to_string()))
}

/// Whether what was made is a copy.
async fn made(place: &Place, key: &ObjectKey) -> Found {
    let body = place.bucket.get(key).await?.ok_or("no object")?;
    Ok(if body == THEIRS { "copied" } else { "disregarded" }.to_owned())
}

async fn try_object(place: &Place, name: &str, conditional: bool) -> Found {
    let (key, theirs) = (named(name), named("theirs"));
    place.put(&theirs, THEIRS).await?;
    let url = url(place, &key, conditional).await?;
    match send(place, &url, Some(&theirs)).await? {
        Some(status) => Ok(status),
        None => made(place, &key).await,
    }
}

async fn try_part(place: &Place, name: &str, conditional: bool) -> Found {
    let (key, theirs) = (named(name), named("theirs"));
    place.put(&theirs, THEIRS).await?;
    let id = place.bucket.create_multipart(&key, false).await?;
    let url = part_url(place, &key, &id, conditional).await?;
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

pub async fn object_under_condition(place: &Place) -> Found {
    try_object(place, "copy-source-under-condition", true).await
}

pub async fn part_under_condition(place: &Place) -> Found {
    try_part(place, "copy-source-to-part-under-condition", true).await
}

/// Whether an honest PUT works with the condition.
pub async fn honest(place: &Place) -> Found {
    let url = url(place, &named("put-under-condition"), true).await?;
    Ok(send(place, &url, None).await?.unwrap_or_else(|| "yes".to_owned()))
}

/// The same of a part.
pub async fn honest_part(place: &Place) -> Found {
    let key = named("part-under-condition");
    let id = place.bucket.create_multipart(&key, false).await?;
    let url = part_url(place, &key, &id, true).await?;
    let found = send(place, &url, None).await?.unwrap_or_else(|| "yes".to_owned());
    place.bucket.abort_multipart(&key, &id).await?;
    Ok(found)
}
