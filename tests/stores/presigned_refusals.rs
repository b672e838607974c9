//! Presigned URLs that are used otherwise than they were signed: the status of the refusal, or "taken".

use reqwest::{Method, Response};
use sluice_domain::hash::Sha256;
use sluice_domain::time::Timestamp;
use sluice_storage::presign::{PresignedUrl, PutOf};

use crate::place::{Found, Place, named};
use crate::presigned::{disposition, send, times};

#[expect(clippy::unnecessary_wraps, reason = "most behaviours end with it")]
fn refused(answer: &Response) -> Found {
    let status = answer.status();
    Ok(if status.is_success() { "taken".to_owned() } else { status.as_u16().to_string() })
}

/// A URL that PUTs 5 bytes.
async fn url(
    place: &Place,
    name: &str,
    sha256: Option<&Sha256>,
) -> Result<PresignedUrl, sluice_storage::StorageError> {
    let (now, end) = times();
    place.bucket.presign_put(&named(name), 5, sha256, PutOf::AnyObject, now, end).await
}

pub async fn shorter(place: &Place) -> Found {
    let url = url(place, "shorter", None).await?;
    refused(&send(place, Method::PUT, &url, b"byte").await?)
}

pub async fn longer(place: &Place) -> Found {
    let url = url(place, "longer", None).await?;
    refused(&send(place, Method::PUT, &url, b"bytes and more").await?)
}

pub async fn longer_part(place: &Place) -> Found {
    let (key, (now, end)) = (named("longer-part"), times());
    let id = place.bucket.create_multipart(&key, false).await?;
    let first = crate::place::number(1);
    let url = place.bucket.presign_part(&key, &id, first, 5, None, now, end).await?;
    let found = refused(&send(place, Method::PUT, &url, b"bytes and more").await?);
    place.bucket.abort_multipart(&key, &id).await?;
    found
}

pub async fn path(place: &Place) -> Found {
    let mut url = url(place, "tampered-path", None).await?;
    url.url = url.url.replace("tampered-path", "tempered-path");
    refused(&send(place, Method::PUT, &url, b"bytes").await?)
}

pub async fn method(place: &Place) -> Found {
    place.put(&named("tampered-method"), b"bytes").await?;
    let url = url(place, "tampered-method", None).await?;
    let got = send(place, Method::GET, &url, b"").await?;
    if got.status().is_success() {
        return refused(&got);
    }
    refused(&send(place, Method::DELETE, &url, b"").await?)
}

pub async fn header(place: &Place) -> Found {
    let mut url = url(place, "tampered-header", Some(&Sha256::of(b"other"))).await?;
    let signed = url.headers.get_mut("x-amz-checksum-sha256").ok_or("it is not signed as a header")?;
    *signed = Sha256::of(b"bytes").to_base64();
    refused(&send(place, Method::PUT, &url, b"bytes").await?)
}

pub async fn header_left_out(place: &Place) -> Found {
    let mut url = url(place, "header-left-out", Some(&Sha256::of(b"bytes"))).await?;
    url.headers.remove("x-amz-checksum-sha256").ok_or("it is not signed as a header")?;
    refused(&send(place, Method::PUT, &url, b"bytes").await?)
}

pub async fn header_added(place: &Place) -> Found {
    let mut url = url(place, "header-added", None).await?;
    url.headers.insert("x-amz-meta-added".to_owned(), "1".to_owned());
    refused(&send(place, Method::PUT, &url, b"bytes").await?)
}

pub async fn query(place: &Place) -> Found {
    let (key, (now, end)) = (named("tampered-query"), times());
    place.put(&key, b"bytes").await?;
    let mut url = place.bucket.presign_get(&key, &disposition(), now, end).await?;
    if !url.url.contains("attachment") {
        return Err("the disposition is not in the URL".into());
    }
    url.url = url.url.replace("attachment", "inline");
    refused(&send(place, Method::GET, &url, b"").await?)
}

/// The times of a URL that ended a minute ago.
fn past() -> (Timestamp, Timestamp) {
    let (now, _) = times();
    let before = |seconds: u64| Timestamp::from_unix_milliseconds(now.unix_milliseconds() - 1000 * seconds);
    (before(180), before(60))
}

pub async fn expired_put(place: &Place) -> Found {
    let (now, end) = past();
    let key = named("expired");
    let url = place.bucket.presign_put(&key, 5, None, PutOf::AnyObject, now, end).await?;
    refused(&send(place, Method::PUT, &url, b"bytes").await?)
}

pub async fn expired_get(place: &Place) -> Found {
    let ((now, end), key) = (past(), named("expired-get"));
    place.put(&key, b"bytes").await?;
    let url = place.bucket.presign_read(&key, now, end).await?;
    refused(&send(place, Method::GET, &url, b"").await?)
}

/// A body of the right length whose SHA-256 is not the signed one.
pub async fn wrong_body(place: &Place) -> Found {
    let url = url(place, "wrong-body", Some(&Sha256::of(b"bytes"))).await?;
    let found = refused(&send(place, Method::PUT, &url, b"other").await?)?;
    Ok(if found == "taken" { "stored".to_owned() } else { found })
}
