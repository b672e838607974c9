//! Presigned URLs that are used as they were signed.

use reqwest::{Method, Response};
use sluice_domain::hash::Sha256;
use sluice_domain::time::Timestamp;
use sluice_lambda::clock;
use sluice_storage::presign::{Disposition, PresignedUrl, PutOf};
use std::time::Duration;

use crate::place::{Found, Place, named, number, yes_if};

/// Now, and when a URL made now ends.
pub fn times() -> (Timestamp, Timestamp) {
    let now = clock::now();
    (now, now.after(Duration::from_mins(5)))
}

/// What readers are told.
pub fn disposition() -> Disposition {
    Disposition {
        content_disposition: "attachment; filename=\"a b.txt\"".to_owned(),
        content_type: "text/x-sluice".to_owned(),
    }
}

/// Sends a presigned request with the headers that were signed; the length is the body's.
pub async fn send(
    place: &Place,
    method: Method,
    presigned: &PresignedUrl,
    body: &[u8],
) -> Result<Response, reqwest::Error> {
    let mut request = place.http.request(method.clone(), &presigned.url);
    for (name, value) in &presigned.headers {
        if name != "content-length" && name != "host" {
            request = request.header(name, value);
        }
    }
    if method == Method::PUT {
        request = request.body(body.to_vec());
    }
    request.send().await
}

/// "yes", or with which status it was refused.
fn word(answer: &Response) -> String {
    let status = answer.status();
    if status.is_success() { "yes".to_owned() } else { status.as_u16().to_string() }
}

async fn put(place: &Place, name: &str, put_of: PutOf, sha256: Option<&Sha256>) -> Found {
    let (key, (now, end)) = (named(name), times());
    let url = place.bucket.presign_put(&key, 5, sha256, put_of, now, end).await?;
    let word = word(&send(place, Method::PUT, &url, b"bytes").await?);
    if word != "yes" {
        return Ok(word);
    }
    yes_if(place.bucket.get(&key).await?.as_deref() == Some(b"bytes"), "other bytes")
}

pub async fn put_any(place: &Place) -> Found {
    put(place, "presigned", PutOf::AnyObject, None).await
}

pub async fn put_with_sha256(place: &Place) -> Found {
    put(place, "presigned-sha256", PutOf::AnyObject, Some(&Sha256::of(b"bytes"))).await
}

pub async fn put_new(place: &Place) -> Found {
    put(place, "presigned-new", PutOf::NewObject, None).await
}

pub async fn put_existing(place: &Place) -> Found {
    let name = "presigned-existing";
    place.put(&named(name), b"other").await?;
    put(place, name, PutOf::NewObject, None).await.map(crate::place::or_ignored)
}

pub async fn part(place: &Place) -> Found {
    let (key, (now, end)) = (named("presigned-part"), times());
    let id = place.bucket.create_multipart(&key, false).await?;
    let url = place.bucket.presign_part(&key, &id, number(1), 5, None, now, end).await?;
    let answer = send(place, Method::PUT, &url, b"bytes").await?;
    let etag = answer.headers().contains_key("etag");
    let word = word(&answer);
    let parts = place.bucket.list_parts(&key, &id).await?.ok_or("no upload")?;
    place.bucket.abort_multipart(&key, &id).await?;
    yes_if(word == "yes" && etag && parts.len() == 1, word)
}

pub async fn get(place: &Place) -> Found {
    let (key, (now, end)) = (named("presigned-get"), times());
    place.put(&key, b"bytes").await?;
    let url = place.bucket.presign_read(&key, now, end).await?;
    let answer = send(place, Method::GET, &url, b"").await?;
    let word = word(&answer);
    yes_if(word == "yes" && answer.bytes().await? == "bytes", word)
}

pub async fn get_range(place: &Place) -> Found {
    let (key, (now, end)) = (named("presigned-range"), times());
    place.put(&key, b"0123456789").await?;
    let url = place.bucket.presign_read(&key, now, end).await?.url;
    let answer = place.http.get(url).header("range", "bytes=3-6").send().await?;
    let status = answer.status().as_u16();
    yes_if(status == 206 && answer.bytes().await? == "3456", status.to_string())
}

pub async fn head(place: &Place) -> Found {
    let (key, (now, end)) = (named("presigned-head"), times());
    place.put(&key, b"bytes").await?;
    let url = place.bucket.presign_head(&key, &disposition(), now, end).await?;
    let answer = send(place, Method::HEAD, &url, b"").await?;
    let word = word(&answer);
    let length = answer.headers().get("content-length").is_some_and(|length| length == "5");
    yes_if(word == "yes" && length, word)
}

async fn is_told(place: &Place, method: Method, header: &str, expected: &str) -> Found {
    let (key, (now, end)) = (named("told"), times());
    place.put(&key, b"bytes").await?;
    let disposition = disposition();
    let url = match method {
        Method::HEAD => place.bucket.presign_head(&key, &disposition, now, end).await?,
        _ => place.bucket.presign_get(&key, &disposition, now, end).await?,
    };
    let answer = send(place, method, &url, b"").await?;
    if !answer.status().is_success() {
        return Ok(word(&answer));
    }
    yes_if(answer.headers().get(header).is_some_and(|value| value == expected), "ignored")
}

pub async fn content_disposition(place: &Place) -> Found {
    is_told(place, Method::GET, "content-disposition", &disposition().content_disposition).await
}

pub async fn content_type(place: &Place) -> Found {
    is_told(place, Method::GET, "content-type", &disposition().content_type).await
}

pub async fn head_disposition(place: &Place) -> Found {
    is_told(place, Method::HEAD, "content-disposition", &disposition().content_disposition).await
}
